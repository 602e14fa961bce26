"""What of a pack is here: only what the disk has, whatever its list looks like."""

from hypothesis import given
from hypothesis import strategies as st

from ota.files import append_line
from ota.payload.wire import Wire, add, subtract
from tests.ota.payload.releases import UPDATES
from tests.stand_ins.recording_files import RecordingFiles

RANGES = st.lists(st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 40)), max_size=20)


def make_wire(progress: bytes) -> Wire:
    files = RecordingFiles()
    files.make_directory(UPDATES)
    files.write(UPDATES / "pack", bytes(1000))
    files.write(UPDATES / "progress", progress)
    return Wire(files, UPDATES)


def test_what_was_saved_is_there_for_the_next_process() -> None:
    wire = make_wire(b"")
    wire.save(10, b"abc")
    wire.save(13, b"d")
    wire.save(50, b"e")
    again = Wire(wire.files, UPDATES)
    assert again.have == [(10, 14), (50, 51)]
    assert again.read(10, 14) == b"abcd"
    assert again.list_missing(0, 60) == [(0, 10), (14, 50), (51, 60)]
    again.drop((12, 60))
    assert Wire(wire.files, UPDATES).have == [(10, 12)]


def test_a_torn_or_damaged_line_counts_for_nothing() -> None:
    torn = b"+0 10.\n+20 300"
    for progress in (torn, torn + b"\n", b"\0" * 99 + b"\n+0 10.\nx\n+30 20.\n+-5 9.\n+1 2\n"):
        assert make_wire(progress).have == [(0, 10)]


def test_a_line_behind_a_torn_one_counts() -> None:
    wire = make_wire(b"+20 300")
    append_line(wire.files, wire.progress, b"+0 10.")
    assert Wire(wire.files, UPDATES).have == [(0, 10)]


def test_without_the_bytes_their_list_is_worth_nothing() -> None:
    wire = make_wire(b"+0 10.\n")
    wire.files.remove(wire.pack)
    assert Wire(wire.files, UPDATES).have == []


@given(RANGES)
def test_ranges_are_what_sets_of_bytes_are(steps: list[tuple[bool, int, int]]) -> None:
    ranges: list[tuple[int, int]] = []
    numbers: set[int] = set()
    for is_added, start, end in steps:
        ranges = add(ranges, (start, end)) if is_added else subtract(ranges, (start, end))
        numbers = numbers | {*range(start, end)} if is_added else numbers - {*range(start, end)}
        assert {n for low, high in ranges for n in range(low, high)} == numbers
        assert ranges == sorted(ranges)
