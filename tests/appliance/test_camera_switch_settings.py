"""Settings of sirens, lamps and supplies of cameras: what cannot be meant is refused by name."""

from datetime import time
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.parsing.times import is_within, parse_hours
from appliance.settings_file import load_settings

CAMERA = '[camera.gate]\nsource = "rtsp://10.0.0.9/stream"\n'
SIREN = '[switch.siren]\nruns_when = "event"\npath = "/dev/null"\n'


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"[charger.main]\n{text}")
    load_settings(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SIREN + CAMERA, "idle_w must be its power"),
        (SIREN + 'idle_w = 5\nevent_cameras = ["gat"]\n' + CAMERA, "names no camera"),
        (SIREN + 'idle_w = 5\nevent_hours = "at night"\n' + CAMERA, "22:00-06:00"),
        (CAMERA + 'supply = "poe"\n', r"there is no \[switch.poe\]"),
        (SIREN + "idle_w = 5\n" + CAMERA + 'supply = "siren"\n', "no plain switch"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load(tmp_path, text)


def test_what_can_be_meant_is_taken(tmp_path: Path) -> None:
    poe = '[switch.poe]\npath = "/dev/null"\n'
    hours = 'idle_w = 5\nevent_hours = "22:00-06:00"\nevent_sun = "down"\n'
    load(tmp_path, SIREN + hours + poe + CAMERA + 'supply = "poe"\n')


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("22:00-06:00", time(23, 30), time(6, 0)),
        ("22:00-06:00", time(5, 59), time(21, 59)),
        ("08:00-17:00", time(8, 0), time(17, 0)),
    ],
)
def test_hours_may_go_over_midnight(hours: str, inside: time, outside: time) -> None:
    assert is_within(parse_hours(hours), inside)
    assert not is_within(parse_hours(hours), outside)
    assert is_within(parse_hours(""), outside)
