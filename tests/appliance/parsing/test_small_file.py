"""Small files that are none: a pipe nobody writes to, a device without an end, a directory."""

import os
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.process.kept_settings import find_data_dir
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.status.model_files import parse_json_file
from power.plan.forecast_file import ForecastError, read_bytes
from power.sleep import boot_record

NO_FILES = ["pipe", "/dev/zero", "directory", "too large"]


@pytest.fixture(params=NO_FILES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param.startswith("/"):
        return Path(request.param)
    path = tmp_path / "file"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "directory":
        path.mkdir()
    else:
        path.write_bytes(b"a" * 1_000_001)
    return path


def test_what_is_no_small_file_is_refused_at_once(path: Path) -> None:
    with pytest.raises(OSError, match=r"no regular file|larger than 1000 bytes"):
        read_small_file(path, 1000)


def test_settings_that_are_no_small_file_are_refused_in_words(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: .*(no regular file|larger than)"):
        load_settings(path)
    assert find_data_dir(path) == Settings().unit.data_dir


def test_a_record_that_is_no_small_file_holds_up_no_service(path: Path) -> None:
    with pytest.raises(boot_record.BootsError, match="cannot be read"):
        boot_record.read(path)
    with pytest.raises(ForecastError, match="cannot be read"):
        read_bytes(path)
    with pytest.raises(OSError, match=r"no regular file|larger than"):
        parse_json_file(path)


def test_a_small_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a" * 1000)
    assert read_small_file(tmp_path / "file", 1000) == b"a" * 1000
