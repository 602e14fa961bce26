"""The directory of commissioning: made as a sandbox lets it."""

import os
import stat
from pathlib import Path

import pytest

from provisioning.commissioning.holding import DIRECTORY_MODE, hold
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
