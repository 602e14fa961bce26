"""Metadata and floors on the disk: a power cut after any call leaves the old or the new, whole."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from ota.disk import Disk
from ota.errors import SpaceError, TrustError
from ota.trust.ratchet import Ratchet, RepositoryFloor
from ota.trust.store import Memory, TrustStore
from tests.ota.trust.world import OTA, World
from tests.stand_ins.power_cuts import Cut, list_cuts
from tests.stand_ins.recording_files import RecordingFiles

AT = datetime(2026, 11, 29, tzinfo=UTC)
FLOOR = RepositoryFloor("a" * 64, "b" * 64, 3, {"timestamp": 7, "snapshot": 4}, AT)
NONE, OLD, NEW = (
    Memory(),
    Memory(
        Ratchet(1, "", AT, None, {"image": FLOOR}),
        {"image role timestamp": b"t1" * 300, "image role snapshot": b"s1" * 800},
    ),
    Memory(
        Ratchet(2, "c" * 64, AT, AT, {"image": FLOOR, "director": FLOOR}),
        {"image role timestamp": b"t2" * 300, "director role bin-0": b"b2" * 900},
    ),
)


def make_files(*memories: Memory) -> RecordingFiles:
    files = RecordingFiles()
    files.make_directory(OTA / "trust")
    for path in (OTA / "trust", *(OTA / "trust").parents):
        files.sync_directory(path)
    for memory in memories:
        TrustStore(OTA, files).save(memory)
    return files


def load(files: RecordingFiles) -> Memory:
    return TrustStore(OTA, files).load()


def cut_saves(*steps: Memory, torn: int = 30, syncs: bool = True) -> Iterator[Cut]:
    """Cuts while the last of `steps` is saved on top of the others."""
    start = make_files(*steps[:-1])
    start.syncs = syncs
    return list_cuts(lambda files: TrustStore(OTA, files).save(steps[-1]), start, torn=torn)


def is_at_least(found: Ratchet, floor: Ratchet) -> bool:
    return found.sequence >= floor.sequence


@pytest.mark.parametrize("steps", [(OLD, NEW), (NONE, OLD), (NEW, OLD, NEW), (OLD, OLD, NEW)])
def test_after_a_cut_it_is_the_old_memory_or_the_new_one(steps: tuple[Memory, ...]) -> None:
    for cut in cut_saves(*steps):
        found = load(cut.files)
        assert found.metadata in (steps[-2].metadata, steps[-1].metadata), cut
        assert found.ratchet in (steps[-2].ratchet, steps[-1].ratchet), cut


def test_when_it_returned_it_is_the_new_one() -> None:
    *_, last = cut_saves(OLD, NEW)
    assert load(last.files) == NEW


def test_metadata_are_never_newer_than_the_floors() -> None:
    for cut in cut_saves(OLD, NEW):
        found = load(cut.files)
        assert found.metadata == OLD.metadata or found.ratchet == NEW.ratchet, cut


def test_a_cut_while_a_cut_is_mended_converges_too() -> None:
    random = Random(1)
    for cut in random.sample(list(cut_saves(OLD, NEW)), 12):
        for second in list_cuts(lambda files: TrustStore(OTA, files).save(NEW), cut.files):
            assert is_at_least(load(second.files).ratchet, OLD.ratchet)
            TrustStore(OTA, second.files).save(NEW)
            assert load(second.files) == NEW, (cut, second)


def test_what_cuts_leave_lying_about_is_removed_by_the_next_save_of_something_new() -> None:
    for cut in cut_saves(OLD, NEW):
        for memory in (OLD, NEW):
            TrustStore(OTA, cut.files).save(memory)
        names = cut.files.list_names(OTA / "trust/blobs")
        assert len(names) == len(OLD.metadata) + len(NEW.metadata), cut


def test_a_build_without_fsync_fails_this_test() -> None:
    def is_whole(cut: Cut) -> bool:
        try:
            return is_at_least(load(cut.files).ratchet, OLD.ratchet)
        except TrustError:
            return False

    assert all(is_whole(cut) for cut in cut_saves(OLD, NEW))
    assert not all(is_whole(cut) for cut in cut_saves(OLD, NEW, syncs=False))


def flip(files: RecordingFiles, path: Path, random: Random) -> None:
    """One damaged bit, or a damaged sector."""
    data = bytearray(files.read(path, most_bytes=10**6))
    at = random.randrange(len(data))
    data[at] ^= 1 << random.randrange(8)
    files.write(path, bytes(data))


def test_one_damaged_bit_in_any_file_costs_one_file_at_most_and_never_a_floor() -> None:
    random = Random(2)
    for _ in range(400):
        files = make_files(OLD, NEW)
        names = [name for name, _ in files.list_paths() if files.measure(Path(name))]
        flip(files, Path(random.choice(names)), random)
        found = load(files)
        assert found.ratchet == NEW.ratchet
        assert set(found.metadata.values()) <= {*OLD.metadata.values(), *NEW.metadata.values()}


@pytest.mark.parametrize("call", range(1, 30))
def test_a_disk_that_fails_at_any_call_is_told_and_loses_nothing(call: int) -> None:
    files = make_files(OLD)
    broken = files.copy()
    broken.fail_at = {call: 5}
    with suppress(SpaceError):
        TrustStore(OTA, broken).save(NEW)
    found = load(broken)
    assert is_at_least(found.ratchet, OLD.ratchet)
    TrustStore(OTA, broken).save(NEW)
    assert load(broken) == NEW


def test_the_same_files_on_a_real_disk_are_read_by_another_process_run(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    TrustStore(tmp_path, Disk()).save(OLD)
    TrustStore(tmp_path, Disk()).save(NEW)
    assert TrustStore(tmp_path, Disk()).load() == NEW


def test_a_whole_question_cut_anywhere_gives_the_same_answer_when_asked_again() -> None:
    world = World()
    before = load(world.files).ratchet

    def ask(files: RecordingFiles) -> None:
        world.files = files
        world.ask()

    for cut in list(list_cuts(ask, world.files, torn=1)):
        found = load(cut.files).ratchet
        for name, floor in before.repositories.items():
            assert found.repositories[name].versions["timestamp"] >= floor.versions["timestamp"]
        world.files = cut.files
        assert world.refuse() == "accepted new", cut


def test_a_commit_cut_anywhere_moved_the_ratchet_or_not_and_is_done_when_it_returned() -> None:
    world = World()
    offer = world.ask()
    assert offer is not None
    manifest = offer.manifest

    def commit(files: RecordingFiles) -> None:
        world.files = files
        world.make_client().commit(manifest)

    sequences = [load(cut.files).ratchet.sequence for cut in list_cuts(commit, world.files)]
    assert set(sequences) == {2, 3}
    assert sequences[-1] == 3
