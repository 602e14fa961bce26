"""The check of a settings file: what all packages know, with file and line."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from appliance.__main__ import main
from appliance.process.plugins import list_plugins
from appliance.process.settings_checks import GROUP, find_all
from appliance.settings import Settings

CAMERA = '[camera.front]\nsource = "rtsp://10.0.0.5/"\n'
CHARGER = '[charger.main]\nport = "/dev/appliance/charger"\n'


def test_every_package_with_checks_of_its_own_is_plugged_in() -> None:
    assert {one.name for one in list_plugins(GROUP)} == {
        "power",
        "camera",
        "switch",
        "mqtt",
        "channel",
    }


def test_a_check_that_cannot_be_run_is_a_warning_and_no_error() -> None:
    (found,) = find_all(Settings(), [EntryPoint("power", "power.nowhere:check", GROUP)])
    assert found.is_warning
    assert "install the unit's software again" in found.text


def run_check(capsys: pytest.CaptureFixture[str], path: Path, text: str) -> tuple[int, str, str]:
    path.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["settings", "--check", str(path)])
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[charger.main]\nmodel = "x"\n', ":2: charger.main.model is wrong"),
        ("[charger.a]\n[charger.b]\n", "named twice"),
        (CHARGER + '[camera.a]\nsource = "rtsp://127.0.0.1"\n', ":4: camera.a.source is refused"),
        (CHARGER + '[camera.a]\nsource = "concat:x"\n', "is not opened"),
        (CHARGER + "[switch.a]\n", "switch.a.path cannot be used"),
        (
            CHARGER + '[switch.a]\npath = "/x"\noff = " 1"\n',
            "two different words in `on` and `off`",
        ),
        (CHARGER + '[switch.a]\npath = "/x"\noff = ""\n', "two different words in `on` and `off`"),
        (
            CHARGER + '[switch.a]\npath = "/x"\n[switch.b]\npath = "/./x"\n',
            "switch.b.path is that of [switch.a]",
        ),
        (CHARGER + '[switch.a]\nkind = "command"\non = "\'"\n', "open quote"),
        (CHARGER + '[switch.a]\nkind = "wake-on-lan"\nmac = "1"\n', "hardware address"),
        (CHARGER + "[energy]\neco_power_w = 30\n", "energy.eco_power_w must be at most full_"),
        (CHARGER + '[unit]\nname = ""\n', "unit.name must not be empty"),
        (CHARGER + '[unit]\nname = "a\\nb"\n', "must be one line without control characters"),
        ("x = " + "[" * 5000, "is not valid TOML"),
        ("x = " + "9" * 5000, "is not valid TOML"),
    ],
)
def test_what_a_service_refuses_is_refused_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    code, out, err = run_check(capsys, tmp_path / "unit.toml", text)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_warning_is_shown_and_the_file_is_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[charger.main]\nport = "/dev/ttyUSB0"\n' + CAMERA
    code, out, err = run_check(capsys, tmp_path / "unit.toml", text)
    assert (code, err) == (0, "")
    first, last = out.splitlines()
    assert first.startswith(f"warning: {tmp_path}/unit.toml:2: charger.main.port is /dev/ttyUSB0")
    assert last.endswith("is valid")
