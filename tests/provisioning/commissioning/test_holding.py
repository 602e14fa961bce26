"""The directory of commissioning: made as a sandbox lets it."""

import os
import stat
from pathlib import Path

import pytest

from provisioning.commissioning.holding import DIRECTORY_MODE, HeldError, hold
from tests.provisioning.commissioning.fakes import make_unit


def test_a_directory_that_inherits_its_mode_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox of the page's oneshot (RestrictSUIDSGID=) forbids to set that bit."""
    unit = make_unit(tmp_path)
    unit.data_dir.mkdir(parents=True, exist_ok=True)
    unit.data_dir.chmod(0o2770)
    before = os.umask(0o007)
    try:
        monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("a bit was set"))
        with hold(unit):
            assert stat.S_IMODE(unit.directory.stat().st_mode) == DIRECTORY_MODE
    finally:
        os.umask(before)


def test_a_directory_with_another_mode_is_mended(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    unit.directory.mkdir(parents=True, exist_ok=True)
    unit.directory.chmod(0o700)
    with hold(unit):
        assert stat.S_IMODE(unit.directory.stat().st_mode) == DIRECTORY_MODE


def test_nothing_is_written_where_another_service_has_put_a_link(tmp_path: Path) -> None:
    """The data directory is the group's: any service may make something in it."""
    unit, elsewhere = make_unit(tmp_path), tmp_path / "elsewhere"
    unit.data_dir.mkdir(parents=True)
    elsewhere.mkdir(mode=0o700)
    unit.directory.symlink_to(elsewhere)
    with pytest.raises(HeldError, match="no directory of this user's"), hold(unit):
        pass
    assert list(elsewhere.iterdir()) == []
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root's rights")
def test_nothing_is_written_into_a_directory_of_another_user(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    unit.directory.mkdir(parents=True)
    os.chown(unit.directory, 12345, -1)
    with pytest.raises(HeldError, match="move it away"), hold(unit):
        pass
