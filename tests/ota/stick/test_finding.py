"""Which stick is taken, with real file systems on loop devices: bad ones cost a sentence each."""

import os
from pathlib import Path

import pytest

from ota.errors import LinkError
from ota.mirrors.directory import DirectoryMirror
from ota.stick.drives import Part
from ota.stick.errors import StickError
from ota.stick.finding import Found, find_stick, tell_many
from ota.stick.tree import METADATA, MOST_NAMES, find_trees
from tests.ota.stick.real_stick import TREE, Shelf


def refuse(shelf: Shelf) -> str:
    """The sentence that a technician reads; nothing is mounted then."""
    with pytest.raises(StickError) as refusal:
        find_stick(shelf.drives, shelf.mounts)
    assert not shelf.mounts.place.is_mount()
    return str(refusal.value)


def read_options(place: Path) -> set[str]:
    (line,) = [
        one for one in Path("/proc/self/mountinfo").read_text().splitlines() if f" {place} " in one
    ]
    return set(line.split()[5].split(",")) | set(line.rpartition(" ")[2].split(","))


def test_the_only_stick_with_releases_is_mounted_read_only_and_runs_nothing(shelf: Shelf) -> None:
    shelf.plug("photos")
    shelf.plug(*TREE)
    assert find_stick(shelf.drives, shelf.mounts) == shelf.mounts.place / "updates"
    assert {"ro", "nosuid", "nodev", "noexec"} <= read_options(shelf.mounts.place)
    shelf.mounts.unmount()
    assert not shelf.mounts.place.is_mount()


def test_releases_may_lie_at_the_top_of_a_stick(shelf: Shelf) -> None:
    shelf.plug("image/metadata", "director/metadata", "updates")
    assert find_stick(shelf.drives, shelf.mounts) == shelf.mounts.place


def test_what_an_order_that_was_killed_has_left_mounted_is_taken_off_first(shelf: Shelf) -> None:
    shelf.plug(*TREE)
    find_stick(shelf.drives, shelf.mounts)
    assert find_stick(shelf.drives, shelf.mounts) == shelf.mounts.place / "updates"


def test_without_a_stick_one_is_asked_for(shelf: Shelf) -> None:
    assert refuse(shelf).startswith("no USB stick is plugged in")


def test_of_two_sticks_with_releases_none_is_taken(shelf: Shelf) -> None:
    first, second = shelf.plug(*TREE), shelf.plug(*TREE)
    found = refuse(shelf)
    assert f"{first.name}: updates, {second.name}: updates" in found
    assert "leave one stick in" in found


def test_names_that_nobody_can_read_are_passed_over_and_many_make_no_long_sentence(
    tmp_path: Path,
) -> None:
    for name in ("a\x1b[2Jb", "line\nline", os.fsdecode(b"\xff\xfe")):
        for own in METADATA:
            (tmp_path / name / own).mkdir(parents=True)
    assert find_trees(tmp_path) == []
    found = [Found(Part("sda1", "ext4"), Path("x" * 250))] * 500
    assert len(tell_many(found)) < 400


def test_a_stick_without_releases_is_named(shelf: Shelf) -> None:
    stick = shelf.plug("photos", "image/metadata")
    assert refuse(shelf).startswith(f"no releases are on {stick.name}: a stick is made with")


def test_a_file_system_that_is_not_known_is_named(shelf: Shelf) -> None:
    stick = shelf.plug()
    with stick.image.open("r+b") as file:
        file.write(bytes(2**20))
    assert refuse(shelf).startswith(f"{stick.name} has no file system that is known")


def test_a_damaged_file_system_is_no_more_than_a_sentence(shelf: Shelf) -> None:
    stick = shelf.plug(*TREE)
    stick.damage()
    assert refuse(shelf).startswith(f"the file system ext4 of {stick.name} cannot be mounted")


def test_links_lead_nowhere(shelf: Shelf) -> None:
    source = shelf.make_source("outside/image/metadata", "outside/director/metadata")
    for name in ("updates", "more"):
        (source / name).symlink_to("/etc" if name == "more" else "outside")
    (source / "half").mkdir()
    for name in ("image", "director"):
        (source / "half" / name).symlink_to(f"../outside/{name}")
    shelf.plug(source=source)
    assert find_stick(shelf.drives, shelf.mounts) == shelf.mounts.place / "outside"


def test_of_a_directory_with_very_many_names_only_so_many_are_looked_at(tmp_path: Path) -> None:
    for number in range(20):
        for name in METADATA:
            (tmp_path / str(number) / name).mkdir(parents=True)
    assert len(find_trees(tmp_path)) == 20
    assert len(find_trees(tmp_path, most_names=7)) == 7


def test_a_stick_with_very_many_names_is_answered_with_a_sentence(shelf: Shelf) -> None:
    source = shelf.make_source()
    for number in range(2 * MOST_NAMES):
        (source / f"a{number:06}").touch()
    stick = shelf.plug(source=source)
    assert refuse(shelf).startswith(f"no releases are on {stick.name}")


def test_a_stick_that_is_pulled_out_gives_the_updater_no_byte_more(shelf: Shelf) -> None:
    source = shelf.make_source(*TREE)
    (source / "updates/image/metadata/timestamp.json").write_bytes(bytes(2**20))
    stick = shelf.plug(source=source)
    tree = find_stick(shelf.drives, shelf.mounts)
    stick.pull_out()
    with pytest.raises(LinkError, match=r"plug the stick in again|copy the whole tree"):
        b"".join(
            DirectoryMirror(f"file://{tree}").read("image/metadata/timestamp.json", most_bytes=9999)
        )
    shelf.mounts.unmount()
    assert not shelf.mounts.place.is_mount()
