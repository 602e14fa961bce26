"""The disk in memory answers as the real one does; a power cut takes what was not synced."""

import errno
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import pytest

from ota.disk import Disk
from ota.files import Files, append_line, remove_tree, replace, swap_link, take_away
from tests.stand_ins.power_cuts import Cut, list_cuts
from tests.stand_ins.recording_files import PowerCutError, RecordingFiles

ROOT = Path("/ota")
PATH = ROOT / "a"
OLD, NEW = b"o" * 1500, b"n" * 2000


def make_files(**names: bytes) -> RecordingFiles:
    files = RecordingFiles()
    files.make_directory(ROOT)
    files.sync_directory(Path("/"))
    for name, data in names.items():
        replace(files, ROOT / name, data)
    return files


def find_broken(
    run: Callable[[RecordingFiles], object],
    start: RecordingFiles,
    is_right: Callable[[RecordingFiles], bool],
) -> list[Cut]:
    return [cut for cut in list_cuts(run, start, torn=20) if not is_right(cut.files)]


def read_a(files: RecordingFiles) -> bytes | None:
    size = files.measure(PATH)
    return None if size is None else files.read(PATH, most_bytes=size)


def is_old_or_new(files: RecordingFiles) -> bool:
    return read_a(files) in (OLD, NEW)


def test_a_replaced_file_is_old_or_new_after_every_cut() -> None:
    assert (
        find_broken(lambda files: replace(files, PATH, NEW), make_files(a=OLD), is_old_or_new) == []
    )


def test_a_replaced_file_is_the_new_one_when_the_call_has_returned() -> None:
    *_, last = list_cuts(lambda files: replace(files, PATH, NEW), make_files(a=OLD))
    assert read_a(last.files) == NEW


def rename_unsynced(files: Files) -> None:
    files.write(ROOT / "a.part", NEW)
    files.rename(ROOT / "a.part", PATH)
    files.sync_directory(ROOT)


def remove_first(files: Files) -> None:
    files.write(ROOT / "a.part", NEW)
    files.sync(ROOT / "a.part")
    files.remove(PATH)
    files.rename(ROOT / "a.part", PATH)


@pytest.mark.parametrize(
    "careless", [lambda files: files.write(PATH, NEW), rename_unsynced, remove_first]
)
def test_careless_ways_to_replace_a_file_are_found_out(careless: Callable[[Files], None]) -> None:
    assert find_broken(careless, make_files(a=OLD), is_old_or_new)


def test_a_build_without_fsync_is_found_out() -> None:
    start = make_files(a=OLD)
    start.syncs = False
    assert find_broken(lambda files: replace(files, PATH, NEW), start, is_old_or_new)


def test_a_naive_swap_of_a_link_is_found_out_and_the_right_one_is_not() -> None:
    start = make_files()
    swap_link(start, PATH, "old")

    def is_right(files: RecordingFiles) -> bool:
        return files.read_link(PATH) in ("old", "new")

    def swap_naively(files: Files) -> None:
        files.remove(PATH)
        files.make_link("new", PATH)

    assert find_broken(lambda files: swap_link(files, PATH, "new"), start, is_right) == []
    assert find_broken(swap_naively, start, is_right)


def test_lines_of_a_journal_are_whole_but_for_the_last() -> None:
    lines = [b"x" * 700, b"y" * 700, b"z" * 700]

    def append_all(files: Files) -> None:
        for line in lines:
            append_line(files, PATH, line)

    def is_right(files: RecordingFiles) -> bool:
        whole = (read_a(files) or b"").split(b"\n")[:-1]
        return whole == lines[: len(whole)]

    def is_torn(files: RecordingFiles) -> bool:
        return len(read_a(files) or b"") % 701 > 0

    assert find_broken(append_all, make_files(a=b""), is_right)  # zeros that end with a line feed
    assert any(is_torn(cut.files) for cut in list_cuts(append_all, make_files(), torn=20))


def test_a_name_in_a_new_directory_is_lost_until_the_directory_above_is_synced() -> None:
    def make(files: Files) -> None:
        files.make_directory(ROOT / "new")
        replace(files, ROOT / "new" / "b", NEW)

    *_, last = [cut for cut in list_cuts(make, make_files()) if cut.kept == "nothing"]
    assert last.files.list_names(ROOT) == []


def test_a_tree_is_removed_in_any_order_of_the_disk() -> None:
    start = make_files()
    for name in ("b", "c"):
        start.make_directory(ROOT / "tree" / name)
        replace(start, ROOT / "tree" / name / "file", OLD)
    for cut in list_cuts(lambda files: remove_tree(files, ROOT / "tree"), start, torn=20):
        remove_tree(cut.files, ROOT / "tree")
        assert not cut.files.is_directory(ROOT / "tree"), cut


@pytest.mark.parametrize("name", ["tree", "image"])
def test_content_is_taken_away_whole(name: str) -> None:
    start = make_files(image=OLD)
    for inner in ("b", "c"):
        start.make_directory(ROOT / "tree")
        replace(start, ROOT / "tree" / inner, OLD)
    start.sync_directory(ROOT)

    def is_whole_or_gone(files: RecordingFiles) -> bool:
        if name not in files.list_names(ROOT):
            return True
        return files.measure(ROOT / "image") == len(OLD) and files.list_names(ROOT / "tree") == [
            *"bc"
        ]

    assert find_broken(lambda files: take_away(files, ROOT / name), start, is_whole_or_gone) == []
    assert (name == "tree") == bool(
        find_broken(lambda files: remove_tree(files, ROOT / name), start, is_whole_or_gone)
    )


def test_of_a_torn_write_each_sector_is_old_or_new() -> None:
    cuts = list_cuts(lambda files: files.write(PATH, NEW, offset=100), make_files(a=OLD), torn=200)
    seen = {read_a(cut.files) or b"" for cut in cuts}
    assert len(seen) > 8
    for data in seen:
        for at in range(0, len(data), 512):
            kept = {one for one in data[max(at, 100) : at + 512] if one}
            assert len(kept) < 2, (at, data)


def test_the_power_is_cut_after_a_call_and_stays_off() -> None:
    files = RecordingFiles(cut_after=2)
    files.make_directory(ROOT)
    with pytest.raises(PowerCutError):
        files.write(PATH, OLD)
    with pytest.raises(PowerCutError):
        files.sync(PATH)
    assert read_a(files) == OLD


def test_a_full_disk_takes_what_fits_and_says_so() -> None:
    files = make_files()
    files.capacity_bytes = 1000
    with pytest.raises(OSError, match="No space") as caught:
        files.write(PATH, OLD)
    assert (caught.value.errno, len(read_a(files) or b"")) == (errno.ENOSPC, 1000)
    assert files.free_bytes(ROOT) == 0


def test_fifty_thousand_images_take_seconds() -> None:
    """Tier A draws so many: the limit is wide, for a machine that does other things too."""
    start = make_files(**{f"file{number}": OLD for number in range(50)})

    def work(files: Files) -> None:
        for number in range(100):
            replace(files, ROOT / f"file{number % 50}", NEW)

    began, images = perf_counter(), sum(1 for _ in list_cuts(work, start, torn=20))
    assert images > 1500
    assert (perf_counter() - began) / images < 0.001


# --- against the kernel --------------------------------------------------------------------------


def draw_call(random: Random) -> tuple[str, list[Any]]:
    """One call with paths of a small tree: most meet something that is there."""

    def path() -> Path:
        return Path(*random.choices("abc", k=random.choice((1, 1, 2, 2, 3))))

    calls: dict[str, Callable[[], list[Any]]] = {
        "make_directory": lambda: [path()],
        "write": lambda: [path(), b"x" * random.randrange(900)],
        "truncate": lambda: [path(), random.randrange(900)],
        "sync": lambda: [path()],
        "sync_directory": lambda: [path()],
        "rename": lambda: [path(), path()],
        "link": lambda: [path(), path()],
        "make_link": lambda: [random.choice(("a", "b", "../a", ".", "c/a")), path()],
        "remove": lambda: [path()],
        "remove_directory": lambda: [path()],
        "read_at": lambda: [path(), random.randrange(900), 100],
        "measure": lambda: [path()],
        "list_names": lambda: [path()],
        "is_directory": lambda: [path()],
        "read_link": lambda: [path()],
    }
    name = random.choice(list(calls))
    return name, calls[name]()


def ask(files: Files, root: Path, name: str, arguments: list[Any]) -> Any:
    placed: list[Any] = [root / one if isinstance(one, Path) else one for one in arguments]
    offset = {"offset": len(placed[1]) // 2} if name == "write" and len(placed[1]) % 2 else {}
    try:
        return getattr(files, name)(*placed, **offset)
    except OSError as error:
        return errno.errorcode[error.errno or 0]


@pytest.mark.parametrize("seed", range(40))
def test_it_answers_every_call_as_the_kernel_does(tmp_path: Path, seed: int) -> None:
    random, memory, disk = Random(seed), make_files(), Disk()
    for number in range(300):
        name, arguments = draw_call(random)
        theirs = ask(disk, tmp_path, name, arguments)
        assert ask(memory, ROOT, name, arguments) == theirs, (number, name, arguments)


def test_an_image_can_be_written_into_a_real_directory(tmp_path: Path) -> None:
    files = make_files(a=OLD)
    swap_link(files, ROOT / "pointer", "a")
    files.copy_out(tmp_path)
    assert (tmp_path / "ota/pointer").read_bytes() == OLD
