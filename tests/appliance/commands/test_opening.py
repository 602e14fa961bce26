"""Which settings file a command reads, where more than one could be meant."""

from pathlib import Path

import pytest

from appliance import settings_file
from appliance.commands.opening import LAPTOP_SETTINGS, find_settings
from appliance.settings import PATH_VARIABLE


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which `make run` has written its settings; /etc has none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    monkeypatch.setattr(settings_file, "DEFAULT_PATH", tmp_path / "etc.toml")
    LAPTOP_SETTINGS.parent.mkdir(parents=True)
    LAPTOP_SETTINGS.touch()
    return tmp_path


def test_a_laptop_needs_no_option_and_sees_which_file_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert find_settings(None) == LAPTOP_SETTINGS
    assert f"settings read from {LAPTOP_SETTINGS}" in capsys.readouterr().err


def test_on_a_unit_the_file_in_etc_comes_first(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "etc.toml").touch()
    assert find_settings(None) == directory / "etc.toml"
    assert capsys.readouterr().err == ""


def test_a_file_that_is_named_is_taken_even_if_it_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PATH_VARIABLE, "absent.toml")
    assert find_settings(None) == Path("absent.toml")
    assert find_settings(Path("mine.toml")) == Path("mine.toml")


def test_without_any_file_the_message_names_the_one_in_etc(directory: Path) -> None:
    LAPTOP_SETTINGS.unlink()
    assert find_settings(None) == directory / "etc.toml"
