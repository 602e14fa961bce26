"""What a change would do, before it is made; and every change that is refused, with its reason."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings_change.describe import describe, find_version
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.keys import parse_place
from appliance.settings_change.preview import Preview, look_at, propose
from appliance.strict_json import InputError
from tests.conftest import CLIP

SECRET = "s3cret p@ss"
FILE = f"""# the barn
[unit]
name = "barn"

[charger.main]
model = "epever-tracer"

[camera.gate]
source = "{CLIP}"

[camera.rear]
source = "rtsp://admin:{SECRET}@10.0.0.6/1"  # rtsp://old:{SECRET}@10.0.0.7/1

[switch.modem]
path = "/sys/class/leds/modem/brightness"

[mqtt]
host = "10.0.0.2"
"""
YARD = {"polygon": [[0.1, 0.2], [0.9, 0.2], [0.5, 0.9]]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "unit.toml"
    file.write_text(FILE)
    return file


def ask(path: Path, **changes: object) -> Preview:
    places = {parse_place(name.replace("__", ".")): value for name, value in changes.items()}
    data = path.read_bytes()
    return propose(path, data, places, base=find_version(data))


def list_units(preview: Preview) -> list[str]:
    return [f"{one.verb.value} {one.unit.removesuffix('.service')}" for one in preview.orders]


def test_a_preview_says_each_key_from_what_to_what_and_shows_the_lines(path: Path) -> None:
    found = ask(path, unit__name="stable", battery__capacity_wh=1280).to_document()
    name, capacity = found["keys"]
    assert (name["before"]["value"], name["after"]["value"]) == ("barn", "stable")
    assert capacity["before"] == {"value": 2560.0, "from": "default"}
    assert capacity["after"] == {"value": 1280, "from": "file"}
    assert '-name = "barn"\n+name = "stable"' in found["diff"]
    assert path.read_text() == FILE


def test_exactly_what_uses_a_key_is_restarted_and_the_page_last(path: Path) -> None:
    web = "try-restart appliance-web"
    assert list_units(ask(path, mqtt__topic="barn")) == ["restart appliance-mqtt", web]
    assert list_units(ask(path, mqtt__host=None)) == ["try-restart appliance-mqtt", web]
    found = list_units(ask(path, camera__gate__zone__yard=YARD))
    assert found == [
        "try-restart appliance-inference",
        "restart appliance-mqtt",
        "try-restart appliance-alarm",
        web,
    ]
    found = list_units(ask(path, camera__gate__check_view=False))
    assert found == ["try-restart appliance-cameras@sentinel", web]
    assert list_units(ask(path, update__least_charge_pct=50)) == [
        f"{verb} appliance-{name}"
        for verb, name in (
            ("try-restart", "sensors"),
            ("restart", "mqtt"),
            ("try-restart", "push"),
            ("try-restart", "web"),
        )
    ]
    assert list_units(ask(path, battery__capacity_wh=1280))[0] == "try-restart appliance-power"


def test_a_camera_that_moves_to_another_unit_leaves_its_old_one(path: Path) -> None:
    found = list_units(ask(path, camera__rear=None))
    assert found[:2] == ["stop appliance-cameras@sentinel", "try-restart appliance-power"]


def test_a_key_that_would_lock_out_must_be_confirmed(path: Path) -> None:
    assert ask(path, web__hosts=["barn.example"]).to_confirm == ("web.hosts",)
    assert ask(path, web__idle_exit_s=60).to_confirm == ()


@pytest.mark.parametrize(
    "change",
    [
        {"energy__off_below_pct": 11},
        {"battery__capacity_wh": 1280},
        {"host__sleep": "power-off"},
        {"computer__idle_w": 30},
        {"charger__roof": {"model": "victron-mppt", "port": "/dev/ttyUSB7"}},
        {"switch__modem__runs_from": "full"},
        {"switch__modem": None},
    ],
)
def test_a_key_that_may_switch_off_the_unit_or_its_link_must_be_confirmed(
    path: Path, change: dict[str, object]
) -> None:
    found = ask(path, **change)
    assert found.to_confirm == tuple(map(".".join, found.changed))


def test_what_only_weighs_or_belongs_to_an_event_is_changed_without_a_confirmation(
    path: Path,
) -> None:
    found = ask(path, energy__worth_of_listening=0.5, switch__modem__event_on_s=30)
    assert found.to_confirm == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host.systemctl", "/tmp/mine"),
        ("switch.modem.path", "/etc/shadow"),
        ("switch.door", {"kind": "command", "on": "/bin/sh -c id", "off": "/bin/true"}),
        ("unit.data_dir", "/srv/other"),
        ("clock.speed", 10),
        (
            "mqtt",
            {"host": "evil.example", "user": "u", "password_file": "/etc/appliance/unit.toml"},
        ),
    ],
)
def test_what_root_runs_is_not_changed_from_the_page(path: Path, key: str, value: object) -> None:
    with pytest.raises(ChangeError, match="as root") as refused:
        propose(path, path.read_bytes(), {parse_place(key): value})
    assert refused.value.kind is Refused.BY_HAND
    data = path.read_bytes()
    if key not in ("clock.speed", "mqtt"):  # what they ask for is not there
        assert propose(path, data, {parse_place(key): value}, from_page=False).changed


def test_a_switch_may_go_as_a_whole(path: Path) -> None:
    assert ask(path, switch__modem=None).changed == (("switch", "modem", "path"),)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("web.port", 0, "web.port must be from 1 to 65535, not 0"),
        ("web.port", "80\n90", "web.port must be a whole number"),
        ("web.port", 10**300, "web.port: a number has too many digits"),
        ("unit.name", "a\nb", "unit.name must be one line without control characters"),
        ("unit.name", "a\u202eb", "unit.name must be one line without control characters"),
        ("unit.name", "x" * 10_000, "unit.name is too long"),
        ("camera.gate.source", 5, "camera.gate.source must be text in quotes"),
        ("camera.gate.zone.yard", {"polygn": []}, "did you mean 'polygon'?"),
        ("camera.gate.zone.yard", [], "camera.gate.zone.yard needs a section with a name"),
        ("energy.eco_from_pct", 70, "energy.full_from_pct must be above eco_from_pct"),
        ("camera.gate.sub_source", "ftp://x", "camera.gate.sub_source"),
        ("inference.labels", [["a"]], "inference.labels must be a list of texts"),
        ("camera.gate.privacy_masks", [[[0, 0], [2, 0], [0, 1]]], "outside the picture"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_in_words(
    path: Path, key: str, value: object, said: str
) -> None:
    with pytest.raises(ChangeError) as refused:
        propose(path, path.read_bytes(), {parse_place(key): value})
    assert said in str(refused.value)
    assert refused.value.key


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ([[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]], "crosses itself: its edges 1 and 3"),
        ([[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]], "too small"),
        ([[0.1, 0.1], [0.1, 0.1], [0.5, 0.1], [0.5, 0.5]], "corner 1 twice"),
        ([[0.1, 0.1], [0.9, 0.1], [0.5, 0.1]], "too small"),
        ([[i / 70, (i % 2) / 2 + 0.2] for i in range(70)], "70 corners"),
    ],
)
def test_a_zone_that_means_nothing_is_refused_where_it_is_drawn(
    path: Path, polygon: list[list[float]], said: str
) -> None:
    with pytest.raises(ChangeError, match=said) as refused:
        ask(path, camera__gate__zone__yard={"polygon": polygon})
    assert refused.value.key == "camera.gate.zone.yard.polygon"


def test_a_bad_zone_that_stands_in_the_file_keeps_nobody_from_other_changes(path: Path) -> None:
    bad = "[camera.gate.zone.old]\npolygon = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]\n"
    path.write_text(FILE + bad)
    assert ask(path, unit__name="stable").changed == (("unit", "name"),)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nosuch.key",
        "web",
        "web.prt",
        "camera.Gate.source",
        "a" * 300,
        "web.port.x",
        "web..port",
    ],
)
def test_a_key_that_does_not_exist_is_refused_in_words(name: str) -> None:
    if name == "web":
        assert parse_place(name) == ("web",)
        return
    with pytest.raises(InputError) as refused:
        parse_place(name)
    assert len(str(refused.value)) < 400


def test_a_change_of_an_old_version_is_refused(path: Path) -> None:
    version = find_version(path.read_bytes())
    path.write_text(FILE + "# by hand\n")
    with pytest.raises(ChangeError, match="somebody else") as refused:
        propose(path, path.read_bytes(), {("unit", "name"): "x"}, base=version)
    assert refused.value.kind is Refused.CHANGED_MEANWHILE


def test_a_file_that_cannot_be_used_can_be_mended(path: Path) -> None:
    path.write_text(FILE.replace('name = "barn"', "name = 5"))
    assert ask(path, unit__name="barn").keys[0]["after"]["value"] == "barn"


def test_secrets_are_in_nothing_that_a_browser_gets(path: Path) -> None:
    shown = json.dumps(describe(path))
    preview = ask(path, camera__rear__source="rtsp://admin:new-s3cret@10.0.0.6/1")
    shown += json.dumps(preview.to_document())
    shown += json.dumps(ask(path, unit__name="x", camera__rear=None).to_document())
    for part in (SECRET, "s3cret", "p@ss", "ss@"):
        assert part not in shown
    assert "new-s3cret" in preview.text
    assert "***, another one" in preview.diff


@pytest.mark.parametrize(
    "notation",
    [
        "'rtsp://admin:s3cret@10.0.0.6/1'",
        '"""rtsp://admin:\\\n   s3cret@10.0.0.6/1"""',
        '"rtsp://admin\\u003as3cret@10.0.0.6/1"',
        '"http://10.0.0.6/?user=a&pwd=s3cret"',
        '"""rtsp://admin:\\\ns3cr\\u0065t@10.0.0.6/1"""',
    ],
)
def test_a_secret_in_any_notation_is_hidden(path: Path, notation: str) -> None:
    path.write_text(f"[camera.rear]\nsource = {notation}\n")
    new = path.read_text() + '[unit]\nname = "x"\n'
    shown = json.dumps(look_at(path, path.read_bytes(), new).to_document())
    shown += json.dumps(describe(path))
    assert "s3cr" not in shown


@given(changes=st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=3))
def test_whatever_stands_in_a_change_it_is_refused_in_words_or_previewed(
    changes: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(FILE)
    said = "previewed"
    try:
        places = {parse_place(name): value for name, value in changes.items()}
        propose(path, FILE.encode(), places)
    except (ChangeError, InputError) as error:
        said = str(error)
    assert len(said.splitlines()) == 1
