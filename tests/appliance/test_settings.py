"""The settings file: every mistake is told with file, line and what to do; nothing is guessed."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import settings_file, settings_page, settings_text
from appliance.clock import ScaledClock, SystemClock
from appliance.errors import SettingsError
from appliance.sections.cameras import CameraSettings
from appliance.settings import Chemistry, Settings, SiteSettings
from tests.conftest import ROOT


def write(directory: Path, text: str) -> Path:
    path = directory / "unit.toml"
    path.write_text(text)
    return path


def error_of(directory: Path, text: str) -> str:
    """What the technician is told about a file with this text, without the directory's name."""
    with pytest.raises(SettingsError) as caught:
        settings_file.load_settings(write(directory, text))
    return str(caught.value).replace(str(directory), "")


CHEMISTRIES = "one of 'lfp', 'flooded', 'agm', 'gel', 'lead-acid'"
MISTAKES = {
    "an unknown key": (
        "[unit]\nname = 'a'\n\n[energy]\neco_form_pct = 40\n",
        "/unit.toml:5: energy.eco_form_pct is not a known key; did you mean 'eco_from_pct'?",
    ),
    "a label that is mistyped": (
        "[inference]\nlabels = ['cat']\n[inference.label.cut]\n",
        "/unit.toml:3: inference.label.cut is no label that makes events; did you mean 'cat'?",
    ),
    "an unknown section": (
        "[unit]\n[batery]\n",
        "/unit.toml:2: batery is not a known section; did you mean 'battery'?",
    ),
    "a key far from all": (
        "[web]\nxyzzy = 1\n",
        "/unit.toml:2: web.xyzzy is not a known key; known: ",
    ),
    "text for a number": (
        "[battery]\ncapacity_wh = '2560'\n",
        "/unit.toml:2: battery.capacity_wh must be a number, not '2560'",
    ),
    "true for a number": (
        "[inference]\nthreads = true\n",
        "/unit.toml:2: inference.threads must be a whole number, not True",
    ),
    "no number at all": (
        "[battery]\ncapacity_wh = nan\n",
        "/unit.toml:2: battery.capacity_wh must be a number, not nan",
    ),
    "a number without end": (
        f"[battery]\ncapacity_wh = 1{'0' * 400}\n",
        "/unit.toml is not valid TOML: a number has too many digits (at line 2)",
    ),
    "out of range": (
        "[charger.main]\ndevice_id = 300\n",
        "/unit.toml:2: charger.main.device_id must be from 0 to 255, not 300",
    ),
    "an unknown chemistry": (
        "[battery]\nchemistry = 'zinc-air'\n",
        "/unit.toml:2: battery.chemistry must be one of 'lfp', 'flooded', 'agm', 'gel', 'lead-aci",
    ),
    "a chemistry that is not supported": (
        "[battery]\nchemistry = 'nimh'\n",
        "/unit.toml:2: battery.chemistry 'nimh' is not supported: its cut-offs, rested curve",
    ),
    "a chemistry in capitals": (
        "[battery]\nchemistry = 'AGM'\n",
        f"/unit.toml:2: battery.chemistry must be {CHEMISTRIES}, not 'AGM'; did you mean 'agm'?",
    ),
    "a chemistry by the name on its label": (
        "[battery]\nchemistry = 'LiFePO4'\n",
        f"/unit.toml:2: battery.chemistry must be {CHEMISTRIES}, not 'LiFePO4'; did you mean 'lfp'",
    ),
    "a voltage that no number of cells has": (
        "[battery]\nnominal_voltage_v = 14\n",
        "/unit.toml:2: battery.nominal_voltage_v is not certain: no number of cells of 3.2 V has 1",
    ),
    "a large number that is out of range": (
        "[battery]\ncapacity_wh = 2e6\n",
        "/unit.toml:2: battery.capacity_wh must be from 10 to 1000000, not 2000000",
    ),
    "an address where a name belongs": (
        "[mqtt]\nhost = 'mqtt://broker'\n",
        "/unit.toml:2: mqtt.host is wrong: 'mqtt://broker' is no name and no IP address of a",
    ),
    "a local time": (
        "[clock]\norigin_utc = 2026-04-15T04:30:00\n",
        "/unit.toml:2: clock.origin_utc must be a date and time with an offset",
    ),
    "labels that are no list": (
        "[inference]\nlabels = 'person'\n",
        "/unit.toml:2: inference.labels must be a list of texts, not 'person'",
    ),
    "a camera without a name": (
        "[camera]\nsource = 'clip.mp4'\n",
        "/unit.toml:2: camera.source needs a section with a name, such as [camera.main]",
    ),
    "a camera's name": (
        "[camera.Front_Gate]\nsource = 'clip.mp4'\n",
        "/unit.toml:1: camera.Front_Gate is no name: lower-case",
    ),
    "a camera's key": (
        "[camera.a]\nsource = 'clip.mp4'\n[camera.b]\nsorce = 'clip.mp4'\n",
        "/unit.toml:4: camera.b.sorce is not a known key; did you mean 'source'?",
    ),
    "a ladder out of order": (
        "[energy]\neco_from_pct = 65\n",
        "/unit.toml:1: energy.full_from_pct must be above eco_from_pct (65), not 60",
    ),
    "an unknown time zone": (
        "[site]\ntimezone = 'Europe/Bucarest'\n",
        (
            "/unit.toml:2: site.timezone 'Europe/Bucarest' is not a known time zone; "
            "did you mean 'Europe/Bucharest'?"
        ),
    ),
    "a topic with a wildcard": (
        "[mqtt]\ntopic = 'farm/#'\n",
        "/unit.toml:2: mqtt.topic must not have + or #: these are wildcards of who reads",
    ),
    "no TOML": ("[unit\n", "/unit.toml is not valid TOML: "),
    "a number of 5,000 digits": (
        f"[web]\nport = {'9' * 5000}\n",
        "/unit.toml is not valid TOML: a number has too many digits (at line 2)",
    ),
    "a hexadecimal number of 5,000 digits": (
        f"[web]\nport = 0x{'f' * 5000}\n",
        "/unit.toml is not valid TOML: a number has too many digits (at line 2)",
    ),
    "3,000 nested brackets": (
        f"[camera.a]\nprivacy_masks = {'[' * 3000}{']' * 3000}\n",
        "/unit.toml is not valid TOML: it is nested deeper than 12 levels (at line 2)",
    ),
    "3,000 nested sections": (
        f"{'.'.join('a' * 3000)} = 1\n",
        "/unit.toml is not valid TOML: it is nested deeper than 12 levels",
    ),
    "a time before all years": (
        "[clock]\norigin_utc = 0001-01-01T00:00:00+14:00\n",
        (
            "/unit.toml:2: clock.origin_utc must be a date and time with an offset, such as "
            "2026-04-15T04:30:00Z, not 0001-01-01T00:00:00+14:00"
        ),
    ),
    "a text that fills a screen": (
        f"[unit]\nname = '{'x' * 1001}'\n",
        "/unit.toml:2: unit.name is too long: 'xxx",
    ),
    "a key with a line break": (
        '[unit]\n"a\\nb" = 1\n',
        "/unit.toml:1: unit.'a\\nb' is not a known key; known: name, data_dir, run_dir, id",
    ),
    "a section far from all": (
        "[power]\nx = 1\n",
        "/unit.toml:1: power is not a known section; known: unit, site, clock,",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_place(tmp_path: Path, mistake: str) -> None:
    text, reported = MISTAKES[mistake]
    line = error_of(tmp_path, text)
    assert line.startswith(reported)
    assert line.isprintable()
    assert len(line) < 400


def test_a_missing_file_is_reported_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no settings file .*--settings.*make run"):
        settings_file.load_settings(tmp_path / "unit.toml")


@pytest.mark.parametrize(
    ("data", "reported"),
    [
        (b"\xff\xfe[\x00", "stored as UTF-16; store it as UTF-8"),
        (b"[unit]\nname = 'caf\xe9'\n", "line 2 has a character that is not UTF-8"),
        (b"#" * 1_000_001, "cannot be read: it is larger than 1000000 bytes"),
    ],
)
def test_a_file_that_is_not_text_is_reported(tmp_path: Path, data: bytes, reported: str) -> None:
    (tmp_path / "unit.toml").write_bytes(data)
    with pytest.raises(SettingsError, match=reported):
        settings_file.load_settings(tmp_path / "unit.toml")


def test_the_mark_that_some_editors_put_in_front_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "unit.toml").write_bytes(b"\xef\xbb\xbf[unit]\r\nname = 'hill'\r\n")
    assert settings_file.load_settings(tmp_path / "unit.toml").unit.name == "hill"


def test_a_directory_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: it is no regular file"):
        settings_file.load_settings(tmp_path)


def test_the_place_may_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_SETTINGS", str(write(tmp_path, "[unit]\nname = 'hill'\n")))
    assert settings_file.load_settings().unit.name == "hill"


def test_a_relative_path_is_taken_from_the_files_own_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "[unit]\ndata_dir = '../data'\nrun_dir = '/run/here'\n")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "unit.toml", Path("unit.toml")):
        unit = settings_file.load_settings(path).unit
        assert (unit.data_dir, unit.run_dir) == (tmp_path.parent / "data", Path("/run/here"))


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert settings_file.load_settings(path) == replace(Settings(), path=path)


def test_only_a_demonstration_has_a_clock_of_its_own(tmp_path: Path) -> None:
    assert type(settings_file.load_settings(write(tmp_path, "")).make_clock()) is SystemClock
    text = "[clock]\nspeed = 240\norigin_boottime_s = 12.5\n"
    assert isinstance(settings_file.load_settings(write(tmp_path, text)).make_clock(), ScaledClock)


def test_what_is_printed_is_read_back_as_the_same(tmp_path: Path, settings: Settings) -> None:
    odd = CameraSettings(source='rtsp://me:secret@[fe80::1]/"a\\b" \u00e9')
    settings = replace(
        settings,
        camera={"front": odd, "back-2": CameraSettings(source="/clip.mp4")},
        battery=replace(settings.battery, chemistry=Chemistry.LEAD_ACID, capacity_wh=1e6),
        site=SiteSettings(timezone="Europe/Bucharest"),
    )
    path = write(tmp_path, settings_text.format_settings(settings))
    assert settings_file.load_settings(path) == replace(settings, path=path)


def test_the_settings_page_is_current() -> None:
    current = (ROOT / "docs/settings.md").read_text() == settings_page.build_page()
    assert current, "run: python -m appliance.settings_page > docs/settings.md"


def test_every_default_stands_within_its_own_range() -> None:
    page = settings_page.build_page()
    ranges = re.findall(
        r"^\| `(\w+)` \| [^|]* \| `([-\d.]+)` \| (\S+) to (\S+) \|", page, re.MULTILINE
    )
    assert len(ranges) > 30
    outside = [row for row in ranges if not float(row[2]) <= float(row[1]) <= float(row[3])]
    assert outside == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.chmod(0)
    with pytest.raises(SettingsError, match="cannot be read"):
        settings_file.load_settings(path)


@pytest.mark.parametrize("section", ["battery]\ncapacity_wh", "web]\nport", "unit]\nname"])
def test_a_number_that_python_cannot_write_is_refused_in_words(
    tmp_path: Path, section: str
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"[{section} = 0x{'f' * 6000}\n")
    with pytest.raises(SettingsError, match="a number has too many digits"):
        settings_file.load_settings(path)


def test_a_long_value_does_not_fill_the_message(tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f'[web]\nport = "{"x" * 100_000}"\n')
    with pytest.raises(SettingsError) as caught:
        settings_file.load_settings(path)
    assert len(str(caught.value)) < 300
