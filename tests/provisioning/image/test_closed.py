"""What a root loses: rights that nobody needs, and what lies idle."""

import stat
from pathlib import Path

import pytest

from provisioning.image.closed import IDLE, MODES, SETUID, close_modes, remove_idle


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*SETUID, *MODES, "usr/bin/su", "var/mail/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name != "etc/sudoers.d":
            (tmp_path / name).touch()
    for name in (*SETUID, "usr/bin/su"):
        (tmp_path / name).chmod(0o4755)
    (tmp_path / "var/mail").chmod(0o2775)
    return tmp_path


def test_only_named_programs_keep_the_rights_of_another_user(root: Path) -> None:
    close_modes(root)
    assert stat.S_IMODE((root / "usr/bin/su").stat().st_mode) == 0o755
    assert stat.S_IMODE((root / SETUID[0]).stat().st_mode) == 0o4755
    # Of a directory it hands its group on to new files.
    assert stat.S_IMODE((root / "var/mail").stat().st_mode) == 0o2775


def test_the_orders_of_sudo_are_read_by_root_alone(root: Path) -> None:
    close_modes(root)
    assert stat.S_IMODE((root / "etc/sudoers.d/50-technician").stat().st_mode) == 0o440


def test_what_lies_idle_goes_and_what_has_a_similar_name_stays(root: Path) -> None:
    packages = root / "opt/appliance/venv/lib/python3.13/site-packages"
    for name in ("pip/main.py", "pipeline.py", "numpy/lib/tests/t.py", "numpy/testing/u.py"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).touch()
    remove_idle(root)
    files = {str(path.relative_to(packages)) for path in packages.rglob("*.py")}
    assert files == {"pipeline.py", "numpy/testing/u.py"}
    assert all(not one.startswith("/") for one in IDLE)
