"""What the disk is given may be read by the unit's services, and written by its owner alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.machine.orders import Orders, OrdersFile


@pytest.fixture(autouse=True)
def _umask_of_the_services() -> Iterator[None]:
    before = os.umask(0o007)
    yield
    os.umask(before)


def test_no_directory_and_no_file_is_for_the_group_to_write(tmp_path: Path) -> None:
    Disk().make_directory(tmp_path / "pointers/models/nano")
    Disk().make_directory(tmp_path / "pointers/models/nano")
    Disk().write(tmp_path / "pointers/file", b"x")
    for path in tmp_path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o022, path


def test_a_file_in_the_place_of_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pointers").touch()
    with pytest.raises(OSError, match="pointers"):
        Disk().make_directory(tmp_path / "pointers/app")


def test_orders_are_for_their_owner_to_write_whatever_the_umask(tmp_path: Path) -> None:
    """All services are in one group: none but the updater may say that a technician is present."""
    before = os.umask(0o007)
    try:
        OrdersFile(Disk(), tmp_path).write(Orders(technician="eve"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "orders.json").stat().st_mode) == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_what_root_left_half_made_keeps_nobody_from_writing(tmp_path: Path) -> None:
    """`unitctl update hold` runs as root, the check-in does not; either may be killed."""
    part = tmp_path / "orders.json.part"
    part.write_bytes(b"half")
    part.chmod(0o600)
    tmp_path.chmod(0o777)
    os.chown(part, 4242, 4242)
    Disk().write(part, b"whole")
    assert part.read_bytes() == b"whole"
    assert part.stat().st_uid == os.geteuid()
