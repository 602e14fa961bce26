"""Files that are there whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.store.durable_files import name_new_file, replace_file, sync_directory


def record_synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is synced to the disk from now on, in order."""
    synced: list[str] = []
    real: Callable[[int], None] = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def test_content_is_on_the_disk_before_the_name_and_the_name_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = record_synced(monkeypatch)
    replace_file(tmp_path / "a", b"new")
    assert synced == ["a.part", tmp_path.name]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_mode_and_time_of_modification_are_those_asked_for(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"new", mode=0o604, modified_s=1e9)
    facts = (tmp_path / "a").stat()
    assert (stat.S_IMODE(facts.st_mode), facts.st_mtime) == (0o604, 1e9)


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    (tmp_path / "a.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path / "none")


def refuse_second_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """As vfat and exfat do."""

    def link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("is_fat", [False, True], ids=["ext4", "FAT"])
def test_a_new_file_gets_its_name_and_is_synchronized_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_fat: bool
) -> None:
    if is_fat:
        refuse_second_names(monkeypatch)
    part, path = tmp_path / "a.part", tmp_path / "a"
    with part.open("wb") as file:
        file.write(b"whole")
        file.flush()
        synced = record_synced(monkeypatch)
        name_new_file(part, file.fileno(), path)
    assert synced == ["a", tmp_path.name] if is_fat else synced[-1] == tmp_path.name
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"whole")]


@pytest.mark.parametrize("is_fat", [False, True], ids=["ext4", "FAT"])
def test_a_new_file_takes_no_place_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_fat: bool
) -> None:
    if is_fat:
        refuse_second_names(monkeypatch)
    part, path = tmp_path / "a.part", tmp_path / "a"
    part.write_bytes(b"new")
    path.write_bytes(b"old")
    with part.open("rb") as file, pytest.raises(FileExistsError):
        name_new_file(part, file.fileno(), path)
    assert path.read_bytes() == b"old"
