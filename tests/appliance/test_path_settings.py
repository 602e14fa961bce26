"""Settings of paths: what climbs, or is another program's directory, is refused with its line."""

from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.settings_file import load_settings

LAMP = '[switch.lamp]\nkind = "file"\npath = "{}"\n'


def load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(text)
    load_settings(path)


@pytest.mark.parametrize("key", ["data_dir", "run_dir"])
@pytest.mark.parametrize("path", ["/", "/proc/1", "/var", "/etc/appliance", "/dev", "/dev/shm"])
def test_a_directory_of_the_system_is_not_the_unit_s_own(
    tmp_path: Path, key: str, path: str
) -> None:
    with pytest.raises(SettingsError, match=rf"{key}.*the system's: give a directory of its own"):
        load(tmp_path, f'[unit]\n{key} = "{path}"\n')


def test_the_update_s_directory_is_no_directory_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"update.*dir.*the system's"):
        load(tmp_path, '[update]\ndir = "/usr/lib"\n')


@pytest.mark.parametrize(
    "text",
    [
        '[unit]\ndata_dir = "/var/lib/appliance/../../etc"\n',
        LAMP.format("/sys/class/leds/../../kernel/reset"),
    ],
)
def test_a_path_that_climbs_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"must not have `\.\.` in it"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        '[unit]\ndata_dir = "/data"\nrun_dir = "/dev/shm/appliance"\n',
        '[unit]\ndata_dir = "/var/lib/appliance"\nrun_dir = "/run/appliance"\n',
        '[unit]\ndata_dir = "build/unit"\n',
        LAMP.format("/sys/class/leds/modem/brightness"),
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)
