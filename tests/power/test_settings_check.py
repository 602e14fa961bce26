"""`unitctl settings --check` knows of power devices what the power service knows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.settings import BmsSettings, ChargerSettings, Settings
from power.devices import MODELS
from power.protocol.profile import ChargerProfile, Profile
from power.reading.meters import open_meters
from power.settings_check import check
from tests.stand_ins.fakes import FakeClock

TWO_SENDERS = """
[charger.a]
model = "victron-mppt"
[charger.b]
model = "victron-mppt"
device_id = 2
"""
EPEVER_AND_JBD = """
[charger.a]
port = "/dev/x"
model = "epever-tracer"
[bms.b]
port = "/dev/x"
model = "jbd"
"""
WRONG = {
    "an unknown model": (
        '[charger.main]\nmodel = "epever-tracr"\n',
        "known charge controller; did you mean 'epever-tracer'?",
    ),
    "the master of the packs": (
        '[bms.pack]\nmodel = "jk-pb"\ndevice_id = 0\n',
        ":3: bms.pack.device_id must not be 0",
    ),
    "an id that asks all at once": (
        "[charger.main]\ndevice_id = 0\n",
        ":2: charger.main.device_id must be from 1 to 247 on a serial line, not 0",
    ),
    "one charger in two sections": (
        "[charger.a]\n[charger.b]\n",
        ": charger.b.port is named twice: [charger.a] and [charger.b] are one device (id 1 at ",
    ),
    "one charger, its usual id filled in": (
        "[charger.a]\ndevice_id = 1\n[charger.b]\n",
        "is named twice",
    ),
    "one BMS in two sections": ("[bms.a]\n[bms.b]\n", "bms.b.port is named twice"),
    "two text senders on one port": (
        TWO_SENDERS,
        "is named twice",
    ),
    "two packs without ids": (
        '[bms.a]\nmodel = "jbd"\n[bms.b]\nmodel = "jbd"\ndevice_id = 2\n',
        "a jbd has no id on its line: only one can be there",
    ),
    "two packs without ids behind a bridge": (
        (
            '[bms.a]\nmodel = "jbd"\nport = "tcp://gw"\n'
            '[bms.b]\nmodel = "jbd"\nport = "tcp://gw"\ndevice_id = 2\n'
        ),
        "a jbd has no id on its line: only one can be there",
    ),
    "a shunt and a charger that both send text": (
        (
            '[charger.a]\nmodel = "victron-mppt"\nport = "/dev/x"\n'
            '[bms.b]\nmodel = "victron-shunt"\nport = "/dev/x"\n'
        ),
        "has no id on its line",
    ),
    "a charger and a pack of one id behind one bridge": (
        (
            '[charger.a]\nport = "tcp://gw"\nframing = "rtu"\n'
            '[bms.b]\nmodel = "jk-pb"\nport = "tcp://gw"\nframing = "rtu"\n'
        ),
        "is named twice",
    ),
    "this computer, named in two ways": (
        '[charger.a]\nport = "tcp://localhost"\n[charger.b]\nport = "tcp://127.0.0.1."\n',
        "is named twice",
    ),
    "one gateway, named in two ways": (
        '[charger.a]\nport = "tcp://GW"\n[charger.b]\nport = "tcp://gw:502"\n',
        "is named twice",
    ),
    "two line settings on one line": (
        EPEVER_AND_JBD,
        "cannot share a line: give each a port of its own",
    ),
    "a GX on a serial port": (
        '[charger.gx]\nmodel = "victron-gx-system"\nport = "/dev/ttyUSB0"\n',
        "must be tcp://HOST:PORT",
    ),
    "a port that is none": ('[charger.a]\nport = "udp://x"\n', "must be a serial device or tcp://"),
    "an empty port": ('[charger.a]\nport = ""\n', "is empty"),
    "a TCP port without a host": ('[charger.a]\nport = "tcp://"\n', "charger.a.port is wrong"),
    "no device at all": ("", "charger is missing"),
}


def load(directory: Path, text: str) -> Settings:
    path = directory / "unit.toml"
    path.write_text(text)
    return settings_file.load_settings(path)


@pytest.mark.parametrize("what", WRONG)
def test_what_the_check_refuses_the_service_refuses_in_the_same_words(
    tmp_path: Path, clock: FakeClock, what: str
) -> None:
    text, message = WRONG[what]
    settings = load(tmp_path, text)
    errors = [one.format(settings) for one in check(settings) if not one.is_warning]
    assert message in errors[0]
    with pytest.raises(SettingsError) as refused:
        open_meters(settings, clock)
    assert str(refused.value) == "\n".join(errors)


def test_two_names_that_lead_to_one_port_are_one_port(tmp_path: Path) -> None:
    (tmp_path / "tty").write_text("")
    (tmp_path / "link").symlink_to("tty")

    def find(second: ChargerSettings) -> list[str]:
        first = ChargerSettings(port=str(tmp_path / "tty"))
        return [one.text for one in check(Settings(charger={"a": first, "b": second}))]

    (twice,) = find(ChargerSettings(port=str(tmp_path / "link")))
    assert "is named twice" in twice
    (other_name,) = find(ChargerSettings(port=str(tmp_path / "link"), device_id=2))
    assert "is another name of the port of [charger.a]" in other_name


@pytest.mark.parametrize(
    "profile", [one for one in MODELS if not one.tcp_only], ids=lambda one: one.name
)
def test_every_id_at_which_a_probe_finds_a_device_is_valid(profile: Profile) -> None:
    is_charger = isinstance(profile, ChargerProfile)
    for number in profile.known_ids:
        own = Settings(charger={}, bms={})
        if is_charger:
            one = ChargerSettings(profile.name, "/dev/x", device_id=number)
            own = replace(own, charger={"a": one})
        else:
            pack = BmsSettings(profile.name, "/dev/x", device_id=number)
            own = replace(own, bms={"a": pack})
        assert [found.text for found in check(own) if not found.is_warning] == []


GOOD: dict[str, Callable[[Settings], Settings]] = {
    "two controllers with their own ids": lambda own: replace(
        own,
        charger={
            "a": ChargerSettings(port="/dev/x"),
            "b": ChargerSettings(port="/dev/x", device_id=2),
        },
    ),
    "a charger and a BMS on their own ports": lambda own: replace(
        own, charger={"a": ChargerSettings(port="/dev/x")}, bms={"b": BmsSettings(port="/dev/y")}
    ),
    "a GX that is charger and battery": lambda own: replace(
        own,
        charger={"a": ChargerSettings("victron-gx-system", "tcp://gx")},
        bms={"b": BmsSettings("victron-gx-battery", "tcp://gx")},
    ),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_works_together_is_found_right(clock: FakeClock, what: str) -> None:
    settings = GOOD[what](Settings())
    assert list(check(settings)) == []
    open_meters(settings, clock)


def test_a_passing_name_of_a_port_is_a_warning_and_no_error(clock: FakeClock) -> None:
    settings = Settings(charger={"main": ChargerSettings(port="/dev/ttyUSB7")})
    (found,) = check(settings)
    assert found.is_warning
    assert "/dev/serial/by-path" in found.text
    open_meters(settings, clock)
    lasting = Settings(charger={"main": ChargerSettings(port="/dev/appliance/charger")})
    assert list(check(lasting)) == []


def find_warnings(charger: dict[str, str], packs: dict[str, str]) -> list[str]:
    """For controllers and packs, each a model and a port in one text; ids count up."""

    def split(one: str, number: int) -> dict[str, Any]:
        model, port = one.split()
        return {"model": model, "port": port, "device_id": number}

    settings = Settings(
        charger={
            name: ChargerSettings(**split(one, 1 + at))
            for at, (name, one) in enumerate(charger.items())
        },
        bms={
            name: BmsSettings(**split(one, 0x81 + at))
            for at, (name, one) in enumerate(packs.items())
        },
    )
    found = list(check(settings))
    assert all(one.is_warning for one in found)
    return [one.format(settings) for one in found]


def test_a_model_that_may_be_asked_rarely_and_is_alone_stops_loads_late_and_the_check_says_so() -> (
    None
):
    (warning,) = find_warnings({"roof": "renogy-rover /dev/x"}, {})
    assert "charger.roof.port is of a model that may be asked once in 10 s" in warning
    assert "its loads stop up to 42 s after it has fallen (the aim is 35 s)" in warning
    assert find_warnings({"roof": "renogy-rover /dev/x"}, {"pack": "daly /dev/y"}) == []


def test_many_packs_on_one_line_stop_loads_late_for_a_weak_cell_and_the_check_says_so() -> None:
    roof = {"roof": "epever-tracer /dev/x"}
    packs = {f"p{number}": "daly /dev/y" for number in range(14)}
    (warning,) = find_warnings(roof, packs)
    assert "bms.p0.port has 13 other devices beside it" in warning
    assert "after a single cell has become weak" in warning
    halves = {name: f"daly /dev/y{at % 2}" for at, name in enumerate(packs)}
    assert find_warnings(roof, halves) == []


IDLE = {
    "a speed at a gateway": (
        '[charger.a]\nport = "tcp://gw"\nbaud = 9600\n',
        ":3: charger.a.baud changes nothing at tcp://gw: set the speed in the gateway or bridge",
    ),
    "RTU on a serial line": (
        '[charger.a]\nport = "/dev/x"\nframing = "rtu"\n',
        ":3: charger.a.framing changes nothing at /dev/x: on a serial line Modbus always has RTU",
    ),
    "RTU for a device that sends text": (
        '[charger.a]\nmodel = "victron-mppt"\nport = "/dev/x"\nframing = "rtu"\n',
        ":4: charger.a.framing changes nothing: a victron-mppt has frames of its own (VE.Direct)",
    ),
    "RTU through a bridge for frames of its own": (
        '[bms.b]\nmodel = "jbd"\nport = "tcp://gw"\nframing = "rtu"\n',
        "bms.b.framing changes nothing: a jbd has frames of its own (JBD)",
    ),
}


@pytest.mark.parametrize("what", IDLE)
def test_a_line_setting_that_changes_nothing_is_a_warning_in_words(
    tmp_path: Path, clock: FakeClock, what: str
) -> None:
    text, message = IDLE[what]
    settings = load(tmp_path, text)
    (found,) = check(settings)
    assert found.is_warning
    assert message in found.format(settings)
    open_meters(settings, clock)


@pytest.mark.parametrize(
    "text",
    [
        '[charger.a]\nport = "/dev/x"\nbaud = 9600\n',
        '[charger.a]\nport = "tcp://gw"\nframing = "rtu"\n',
        '[charger.a]\nport = "tcp://gw"\nframing = "tcp"\n',
    ],
)
def test_a_line_setting_that_changes_something_is_no_warning(tmp_path: Path, text: str) -> None:
    assert list(check(load(tmp_path, text))) == []


SYDNEY = "[site]\nlatitude_deg = -33.9\nlongitude_deg = 151.2\n[panels]\n"


def test_panels_that_face_the_pole_are_a_warning_that_names_the_equators_direction(
    tmp_path: Path,
) -> None:
    settings = load(tmp_path, f"{SYDNEY}azimuth_deg = 180\n")
    (found,) = (one for one in check(settings) if one.where[0] == "panels")
    assert found.is_warning
    message = found.format(settings)
    assert ":5: panels.azimuth_deg is 180, so that the panels face away from the sun" in message
    assert "leave it out for 0" in message


@pytest.mark.parametrize(
    "text",
    [
        SYDNEY,
        f"{SYDNEY}azimuth_deg = 300\n",
        f"{SYDNEY}azimuth_deg = 180\ntilt_deg = 5\n",
        "[site]\nlatitude_deg = -3\n[panels]\nazimuth_deg = 180\n",
        "[site]\nlatitude_deg = 52\n[panels]\nazimuth_deg = 90\n",
    ],
)
def test_panels_to_the_equator_to_the_side_nearly_flat_or_in_the_tropics_are_no_warning(
    tmp_path: Path, text: str
) -> None:
    assert not [one for one in check(load(tmp_path, text)) if one.where[0] == "panels"]
