"""Settings of updates: a mirror or a window that cannot be meant is refused with what is."""

from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.settings_file import load_settings


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"[update]\n{text}\n")
    load_settings(path)


@pytest.mark.parametrize(
    "mirror",
    [
        "mirror.test",
        "https://",
        "https:///x",
        "ftp://mirror.test/",
        "file://mirror/srv",
        "file:srv",
        "http://mirror.test:0/",
        "http://mirror.test:99999/",
        "http://[::1",
        "/srv/releases",
    ],
)
def test_what_is_no_address_of_a_mirror_is_refused(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(SettingsError, match=r"file:///PATH is meant"):
        load(tmp_path, f'mirrors = ["{mirror}"]')


@pytest.mark.parametrize("window", ["10-15", "25:00-26:00", "at noon", "10:00"])
def test_what_is_no_window_is_refused(tmp_path: Path, window: str) -> None:
    with pytest.raises(SettingsError, match="window"):
        load(tmp_path, f'window = "{window}"')


@pytest.mark.parametrize(
    "text",
    [
        'mirrors = ["https://mirror.test/a/", "http://10.0.0.9:8099/", "file:///srv/releases"]',
        'window = "22:00-06:00"',
        'window = ""',
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)
