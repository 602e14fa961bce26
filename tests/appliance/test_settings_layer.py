"""The settings of a release below those of the technician."""

from pathlib import Path

import pytest

from appliance import settings_file
from appliance.__main__ import main
from appliance.errors import SettingsError
from appliance.process.kept_settings import choose_settings, keep
from appliance.process.service import read_settings
from appliance.process.settings_checks import SettingsFinding
from appliance.settings import Settings

OWN = (
    '[unit]\nname = "own"\ndata_dir = "{here}"\n[update]\ndir = "ota"\n[energy]\neco_power_w = 13\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(OWN.format(here=tmp_path))
    return path


def put_layer(file: Path, text: str, pointer: str = "current") -> Path:
    """A settings layer as ota/layers leaves it."""
    tree = file.parent / "ota/content" / pointer.ljust(64, "a")
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "settings.toml").write_text(text)
    link = file.parent / "ota/pointers/settings" / pointer
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../content/{tree.name}")
    return tree / "settings.toml"


def check(file: Path) -> Settings:
    return settings_file.build_strictly(file, settings_file.read_file(file))


def test_the_technicians_keys_win_and_the_others_are_the_releases(file: Path) -> None:
    put_layer(file, "[energy]\neco_power_w = 12\nsentinel_power_w = 7\n[computer]\nidle_w = 5\n")
    for settings in (check(file), settings_file.load_settings(file)):
        assert settings.energy.eco_power_w == 13
        assert settings.energy.sentinel_power_w == 7
        assert settings.computer.idle_w == 5
        assert settings.unit.name == "own"


def test_sections_with_names_are_joined_key_by_key(file: Path) -> None:
    put_layer(file, '[camera.a]\nsource = "rtsp://10.0.0.5/"\n[camera.b]\nsource = "/dev/video0"\n')
    file.write_text(file.read_text() + "[camera.b]\nlisten_power_w = 3\n")
    cameras = check(file).camera
    assert set(cameras) == {"a", "b"}
    assert (cameras["b"].source, cameras["b"].listen_power_w) == ("/dev/video0", 3)


def test_without_a_layer_nothing_changes(file: Path) -> None:
    assert check(file) == settings_file.build_alone(file, file.read_bytes())


def test_a_pointer_that_leads_nowhere_leaves_the_committed_layer(file: Path) -> None:
    put_layer(file, "[computer]\nidle_w = 5\n", "committed")
    (file.parent / "ota/pointers/settings/current").symlink_to("../../content/nothing")
    assert check(file).computer.idle_w == 5


def test_a_path_in_the_layer_is_taken_from_its_tree(file: Path) -> None:
    layer = put_layer(file, '[update]\nca_file = "ca.pem"\n')
    assert check(file).update.ca_file == layer.parent / "ca.pem"


BROKEN = {
    "value": ("[computer]\n\nidle_w = -1\n", "{layer}:3: computer.idle_w"),
    "unknown key": ("[computer]\nidel_w = 1\n", "{layer}:2: computer.idel_w"),
    "unknown section": ("[comptuer]\n", "{layer}:1: comptuer"),
    "no TOML": ("[computer\n", "{layer} is not valid TOML"),
    "no text": ("\x00", "{layer} is not valid TOML"),
    "its own name": ('[unit]\nname = "x"\n', "{layer}: unit.name is each unit's own"),
    "a program for root": (
        '[host]\nsystemctl = "/tmp/x"\n',
        "{layer}: host.systemctl is each unit's own",
    ),
    "a command for root": (
        '[switch.lamp]\noff = "/tmp/x"\n',
        "{layer}: switch.*.off is each unit's own",
    ),
    "its own place": ('[update]\ndir = "/"\n', "{layer}: update.dir is each unit's own"),
    "large": (f"# {'x' * 1_100_000}\n", "settings.toml cannot be read"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_layer_is_an_error_of_the_check_and_costs_a_service_the_layer_only(
    file: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    text, message = BROKEN[kind]
    layer = put_layer(file, text)
    with pytest.raises(SystemExit) as ended:
        main(["settings", "--check", str(file)])
    assert ended.value.code == 2
    assert message.format(layer=layer) in capsys.readouterr().err
    chosen = read_settings(file, "sensors", None)
    assert chosen.settings == settings_file.build_alone(file, file.read_bytes())
    assert f"the settings are those of {file} alone" in str(chosen.refused)


def test_an_error_of_the_technician_names_his_file_and_line(file: Path) -> None:
    put_layer(file, "[energy]\neco_power_w = 12\n")
    file.write_text(file.read_text().replace("eco_power_w = 13", "eco_power_w = -13"))
    with pytest.raises(SettingsError, match=rf"{file}:7: energy.eco_power_w"):
        settings_file.load_settings(file)


def test_two_keys_that_cannot_be_together_are_told_where_the_layer_has_one(file: Path) -> None:
    layer = put_layer(file, "[energy]\neco_from_pct = 70\nfull_from_pct = 60\n")
    with pytest.raises(SettingsError) as caught:
        check(file)
    assert str(layer) in str(caught.value)
    assert settings_file.load_settings(file).energy.eco_from_pct != 70


def find_wrong_idle(settings: Settings) -> list[str]:
    finding = SettingsFinding(("computer", "idle_w"), "is refused")
    return [finding.format(settings)] if settings.computer.idle_w == 6 else []


def test_what_the_power_service_refuses_in_a_layer_costs_it_the_layer_only(file: Path) -> None:
    """With a copy from before as well, which the same layer would spoil."""
    keep(choose_settings(file, "power", find_wrong_idle), "power")
    layer = put_layer(file, "[computer]\nidle_w = 6\n")
    chosen = choose_settings(file, "power", find_wrong_idle)
    assert chosen.settings.computer.idle_w != 6
    assert f"{layer}:2: computer.idle_w is refused" in str(chosen.refused)
    file.write_text(file.read_text() + "[energy\n")
    copy = choose_settings(file, "power", find_wrong_idle)
    assert copy.settings.unit.name == "own"
    assert f"{file} is not valid TOML" in str(copy.refused)


def test_a_file_that_needs_its_layer_says_what_is_wrong_with_that(file: Path) -> None:
    file.write_text(file.read_text() + "[source.generator]\nswitch = 'generator'\n")
    layer = put_layer(file, "[switch.generator]\npath = 1\n")
    with pytest.raises(SettingsError, match=str(layer)):
        settings_file.load_settings(file)
