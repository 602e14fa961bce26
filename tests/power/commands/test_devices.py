"""`unitctl power`: as a technician types it; and how a command is plugged into `unitctl` at all."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.__main__ import main
from appliance.commands import COMMANDS, GROUP, list_commands
from appliance.process.plugins import list_plugins
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.probe import Probe, report
from power.protocol.links import LINK_FACTORIES
from power.protocol.profile import Profile
from provisioning import models_page
from provisioning.simulated.devices.epever import SimulatedEpever
from tests.conftest import ROOT
from tests.power.probe.probe_models import (
    LETTERS,
    SHORT,
    FewIds,
    Guess,
    Letter,
    SecondGuess,
    SimulatedLetter,
    SimulatedSunny,
    Sunny,
    connect,
)
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon

SETTINGS = b"[unit]\r\nname = 'hill 7'   # \xc3\xa9\n\n\n[panels]\npeak_w = 400"


@pytest.fixture(autouse=True)
def _made_up_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LINK_FACTORIES, "Letters", LETTERS)


class CommandLine:
    """`unitctl` in a directory with a settings file, with a probe that knows a few models only."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], patch: Any) -> None:
        self.settings = directory / "unit.toml"
        self.settings.write_bytes(SETTINGS)
        self._capsys = capsys
        self._patch = patch

    def use_models(self, *models: Profile) -> None:
        made = partial(Probe, FakeClock(), models, timeouts=SHORT)
        self._patch.setattr(report, "Probe", lambda _: made())

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        with pytest.raises(SystemExit) as left:
            main([*words, "--settings", str(self.settings)])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err


@pytest.fixture
def unitctl(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[CommandLine]:
    return CommandLine(tmp_path, capsys, monkeypatch)  # type: ignore[return-value]


# --- plug-ins -------------------------------------------------------------------------------------


def test_the_power_command_is_plugged_in_and_costs_the_others_nothing() -> None:
    assert {(one.name, one.value) for one in list_plugins(GROUP)} >= {
        ("power", "power.commands.devices")
    }
    program = (
        "import sys\nfrom appliance.__main__ import make_parser\nmake_parser()\n"
        "sys.exit('power.commands.devices' not in sys.modules or 'serial' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("nowhere.at_all", "ModuleNotFoundError"),
        ("tests.power.probe.probe_models", "it lacks HELP, add_arguments or run"),
        ("tests.conftest:missing", "AttributeError"),
    ],
)
def test_a_broken_plug_in_says_so_and_takes_no_other_command_along(
    unitctl: CommandLine, monkeypatch: pytest.MonkeyPatch, value: str, reason: str
) -> None:
    plugin = EntryPoint("extra", value, GROUP)
    monkeypatch.setattr("appliance.commands.list_plugins", lambda _: [plugin])
    assert set(list_commands()) == {*COMMANDS, "extra"}
    assert unitctl.run("settings")[0] == 0
    code, out, err = unitctl.run("extra", "probe")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "install the unit's software again" in err
    assert reason in err


def test_a_plug_in_cannot_take_the_place_of_a_command() -> None:
    assert list_commands([EntryPoint("status", "power.commands.devices", GROUP)]) == COMMANDS
    assert list_commands([]) == COMMANDS


# --- models ---------------------------------------------------------------------------------------


def test_all_models_are_listed(unitctl: CommandLine) -> None:
    code, out, err = unitctl.run("power", "models")
    assert (code, err) == (0, "")
    assert [model.name for model in MODELS if f"  {model.name} " not in out] == []
    listed = json.loads(unitctl.run("power", "models", "--json")[1])
    assert [one["model"] for one in listed] == [model.name for model in MODELS]
    assert {one["section"] for one in listed} <= {"charger", "bms"}


def test_the_page_of_power_devices_is_current() -> None:
    current = (ROOT / "docs/power-devices.md").read_text() == models_page.build_page()
    assert current, "run: python -m provisioning.models_page > docs/power-devices.md"


def test_the_page_shows_what_a_simulated_device_gives_and_says_where_there_is_none() -> None:
    page = models_page.build_page([EpeverTracer(), Letter()])
    assert "| `epever-tracer` | Modbus, 115200 8N1 | 1 | yes | yes | yes |" in page
    assert models_page.format_spans((255, 16, 17, 18, 96)) == "16 to 18, 96, 255"
    assert "| `letter` | Letters, 9600 8N1 | 1 | ? | ? |" in page


# --- probe ----------------------------------------------------------------------------------------


def test_a_simulated_charger_is_found(unitctl: CommandLine) -> None:
    unitctl.use_models(FewIds())
    with connect(SimulatedEpever(make_sunny_noon())) as port:
        code, out, _ = unitctl.run("power", "probe", "--port", port)
    assert code == 0
    assert "\n# EPEver (Epsolar) Tracer AN, BN, XTRA, " in out
    assert f'\n[charger.main]\nmodel = "epever-tracer"\nport = "{port}"\n\n' in out


def test_a_found_device_is_printed_as_its_settings(unitctl: CommandLine) -> None:
    unitctl.use_models(Sunny())
    with connect(SimulatedSunny()) as port:
        code, out, err = unitctl.run("power", "probe", "--port", port)
    assert code == 0
    assert out == (
        f"{port}\n  sunny  id 7, Modbus at 115200 8N1; Sunny charger, certain: SUNNY 40\n\n"
        "# Sunny charger, certain: SUNNY 40\n"
        f'[charger.main]\nmodel = "sunny"\nport = "{port}"\n\n'
        "put this into the settings file, or use --write\n"
    )
    assert err == (
        f"{port}: at most 0 s where no device answers\n"
        f"{port}, 0 s of 0: Modbus at 115200 8N1: sunny at 7\n"
        f"{port}: sunny answers at id 7\n"
    )
    assert unitctl.settings.read_bytes() == SETTINGS


def test_json_contains_the_same(unitctl: CommandLine) -> None:
    unitctl.use_models(Sunny(), Letter())
    with connect(SimulatedLetter()) as port:
        code, out, _ = unitctl.run("power", "probe", "--port", port, "--port", "/dev/no", "--json")
    assert code == 0
    reported = json.loads(out)
    (device,) = reported["ports"][0]["devices"]
    assert device["says"] == "letter ?[31mK", "no control characters of a device"
    assert (device["section"], device["model"], device["certain"]) == ("bms", "letter", True)
    assert "there is no /dev/no" in reported["ports"][1]["trouble"]
    assert reported["settings"] == device["settings"]
    assert reported["written"] is None


def test_written_settings_are_the_old_bytes_and_a_valid_section(unitctl: CommandLine) -> None:
    class Both(Sunny):
        ids = (7, 9)

    unitctl.use_models(Both())
    unitctl.settings.chmod(0o640)
    with connect(SimulatedSunny(7), SimulatedSunny(9)) as port:
        code, out, err = unitctl.run("power", "probe", "--port", port, "--write")
        again = unitctl.run("power", "probe", "--port", port, "--write")
    assert code == 0, err
    written = unitctl.settings.read_bytes()
    assert written.startswith(
        SETTINGS + b"\n\n# Sunny charger, certain: SUNNY 40\n[charger.main]\n"
    )
    assert unitctl.settings.stat().st_mode & 0o777 == 0o640
    charger = settings_file.load_settings(unitctl.settings).charger
    assert {name: (one.model, one.port, one.device_id) for name, one in charger.items()} == {
        "main": ("sunny", port, None),
        "main-2": ("sunny", port, 9),
    }
    assert "systemctl restart appliance-power" in out
    assert again[0] == 2
    assert "has [charger.main] already" in again[2]
    assert "[charger.main]" in again[1], "what was found is shown nevertheless"
    assert unitctl.settings.read_bytes() == written
    assert list(unitctl.settings.parent.iterdir()) == [unitctl.settings]


def test_one_empty_line_stands_before_what_is_written(unitctl: CommandLine) -> None:
    unitctl.use_models(Sunny())
    unitctl.settings.write_bytes(b"[panels]\npeak_w = 400\n")
    with connect(SimulatedSunny()) as port:
        unitctl.run("power", "probe", "--port", port, "--write")
    assert unitctl.settings.read_bytes().startswith(b"[panels]\npeak_w = 400\n\n# Sunny charger")


def test_a_port_that_is_in_the_settings_is_refused_by_whatever_name(
    unitctl: CommandLine, tmp_path: Path
) -> None:
    unitctl.use_models(Sunny())
    with connect(SimulatedSunny()) as port:
        link = tmp_path / "charger"
        link.symlink_to(port)
        text = SETTINGS + f"\n[bms.other]\nport = '{link}'\n".encode()
        unitctl.settings.write_bytes(text)
        code, _, err = unitctl.run("power", "probe", "--port", port, "--write")
    assert code == 2
    assert f"has [bms.other] at {link} already" in err
    assert unitctl.settings.read_bytes() == text


def test_what_would_not_be_valid_is_not_written(unitctl: CommandLine) -> None:
    unitctl.use_models(Sunny())
    unitctl.settings.write_bytes(b"charger = {}\n")
    with connect(SimulatedSunny()) as port:
        code, _, err = unitctl.run("power", "probe", "--port", port, "--write")
    assert code == 2
    assert f"the file would not be valid: {unitctl.settings} is not valid TOML" in err
    assert unitctl.settings.read_bytes() == b"charger = {}\n"
    assert list(unitctl.settings.parent.iterdir()) == [unitctl.settings]


def test_a_settings_file_behind_a_link_stays_behind_it(
    unitctl: CommandLine, tmp_path: Path
) -> None:
    unitctl.use_models(Sunny())
    real = tmp_path / "real.toml"
    unitctl.settings.rename(real)
    unitctl.settings.symlink_to(real)
    of_an_editor = tmp_path / ".real.toml.swp"
    of_an_editor.write_bytes(b"what a person has not saved yet")
    with connect(SimulatedSunny()) as port:
        assert unitctl.run("power", "probe", "--port", port, "--write")[0] == 0
    assert unitctl.settings.is_symlink()
    assert "main" in settings_file.load_settings(real).charger
    assert of_an_editor.exists()


def test_a_device_that_may_be_one_of_two_is_shown_and_not_written(unitctl: CommandLine) -> None:
    unitctl.use_models(Guess(), SecondGuess())
    with connect(SimulatedSunny(identity=5)) as port:
        code, out, err = unitctl.run("power", "probe", "--port", port, "--write")
    assert code == 2
    assert "may be guess or second-guess; look at its label" in err
    assert "\n# Guessing charger, likely, not certain: one value, 5\n" in out
    assert "# it may also be model second-guess\n[charger.main]\n" in out
    assert unitctl.settings.read_bytes() == SETTINGS


def test_wrong_settings_are_reported_before_anything_is_asked(unitctl: CommandLine) -> None:
    unitctl.settings.write_bytes(b"[unit]\nnmae = 'x'\n")
    with connect(SimulatedSunny()) as port:
        code, out, err = unitctl.run("power", "probe", "--port", port, "--write")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "did you mean 'name'?" in err


def test_nothing_found_is_code_1_and_says_what_to_look_at(unitctl: CommandLine) -> None:
    unitctl.use_models(Letter())
    with connect(SimulatedLetter(asleep=99)) as port:
        code, out, _ = unitctl.run("power", "probe", "--port", port)
    assert code == 1
    assert "no known device answers (0 s); check battery voltage" in out
    code, out, _ = unitctl.run("power", "probe", "--port", "tcp://:x")
    assert code == 2


def test_without_a_port_the_usb_ports_are_looked_at(
    unitctl: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unitctl.use_models(Sunny())
    monkeypatch.setattr(report, "list_serial_ports", list)
    code, out, _ = unitctl.run("power", "probe")
    assert code == 1
    assert "there is no USB serial port" in out
    with connect(SimulatedSunny()) as port:
        monkeypatch.setattr(report, "list_serial_ports", lambda: [port])
        assert unitctl.run("power", "probe")[0] == 0


def test_on_a_terminal_progress_is_one_line_that_changes(
    unitctl: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unitctl.use_models(Sunny())
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with connect(SimulatedSunny()) as port:
        _, _, err = unitctl.run("power", "probe", "--port", port)
    assert err.count("\n") == 1, "only what was found stays"
    assert err.endswith(f"\r\x1b[K{port}: sunny answers at id 7\n\r\x1b[K")


# --- --add ----------------------------------------------------------------------------------------


def test_a_second_device_on_a_bus_is_added_beside_the_first(unitctl: CommandLine) -> None:
    class Bus(Sunny):
        bus_ids = (7, 8, 9)

    unitctl.use_models(Bus())
    with connect(SimulatedSunny(7), SimulatedSunny(9)) as port:
        text = f"# my unit\n[charger.roof]  # south\nport = '{port}'\nmodel = 'sunny'\n".encode()
        unitctl.settings.write_bytes(text)
        code, _, err = unitctl.run("power", "probe", "--port", port, "--add")
        again = unitctl.run("power", "probe", "--port", port, "--add")
    assert code == 0, err
    written = unitctl.settings.read_bytes()
    assert written.startswith(text + b"\n# Sunny charger, certain: SUNNY 40\n[charger.main]\n")
    charger = settings_file.load_settings(unitctl.settings).charger
    assert {name: one.device_id for name, one in charger.items()} == {"roof": None, "main": 9}
    assert again[0] == 2
    assert "has every device that was found" in again[2]
    assert unitctl.settings.read_bytes() == written


def test_another_model_in_the_place_of_a_found_device_is_named_and_nothing_is_written(
    unitctl: CommandLine,
) -> None:
    unitctl.use_models(Sunny())
    with connect(SimulatedSunny()) as port:
        text = f"[charger.main]\nport = '{port}'\nmodel = 'epever-tracer'\ndevice_id = 7\n"
        unitctl.settings.write_text(text)
        code, _, err = unitctl.run("power", "probe", "--port", port, "--add")
    assert code == 2
    assert "has [charger.main] as epever-tracer at id 7" in err
    assert "but sunny answers there" in err
    assert unitctl.settings.read_text() == text
