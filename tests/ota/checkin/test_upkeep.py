"""A committed tree that is damaged in place: found, told, and repaired file by file."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.log import SentenceLog
from appliance.model import Stamp
from ota.checkin.inspection import NAME, Inspection
from ota.checkin.payloads import DayPayloads
from ota.checkin.upkeep import Upkeep
from ota.errors import DamageError
from ota.files import remove_tree
from ota.machine.offer_file import COMMITTED, OfferFile
from ota.manifest import LayerKind
from ota.payload.store import ContentStore
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.real_unit import RealUnit, make_world
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, NOON

KINDS = (LayerKind.APP, LayerKind.MODEL)


@dataclass
class Kept:
    """A unit that runs release 2, with its upkeep of `hours` after its update."""

    files: RecordingFiles = field(default_factory=RecordingFiles)
    hours: float = 0.0
    has_energy: bool = True
    unit: RealUnit = field(init=False)

    def __post_init__(self) -> None:
        self.unit = RealUnit(self.files, world=make_world(KINDS, ("2", "3")), assigned="2")

    def begin(self) -> None:
        self.unit.begin()
        self.unit.run()
        assert self.run() is None

    @property
    def content(self) -> ContentStore:
        return ContentStore(HOME, self.files)

    @property
    def tree(self) -> Path:
        """The app in use."""
        state = next(one for one in self.unit.layers.examine() if one.key.kind is LayerKind.APP)
        return HOME / "content" / state.current

    def run(self) -> DamageError | None:
        payloads = self.unit.make_payloads()
        assert isinstance(payloads, DayPayloads)
        stamp = Stamp(NOON + timedelta(hours=self.hours), "00000000", 3600.0 * self.hours)
        upkeep = Upkeep(
            Inspection(self.files, HOME, self.content.find_damage, stamp),
            payloads,
            self.unit.layers,
            tuple(OfferFile(self.files, HOME / name) for name in (COMMITTED, "offer.json")),
            self.unit.progress,
            lambda: self.has_energy,
            SentenceLog("test"),
        )
        return upkeep.run()

    def is_whole(self) -> bool:
        return self.content.find_damage(self.tree.name) == ""


@pytest.fixture
def kept() -> Kept:
    found = Kept()
    found.begin()
    return found


def flip(kept: Kept) -> None:
    kept.files.write(kept.tree / "deep/weights", b"rot", offset=1000)


def lose(kept: Kept) -> None:
    kept.files.remove(kept.tree / "file")


def add(kept: Kept) -> None:
    kept.files.write(kept.tree / "note", b"a technician was here")


def turn_into_directory(kept: Kept) -> None:
    kept.files.remove(kept.tree / "file")
    kept.files.make_directory(kept.tree / "file/x")
    kept.files.write(kept.tree / "file/x/y", b"1")


def turn_into_file(kept: Kept) -> None:
    remove_tree(kept.files, kept.tree / "deep")
    kept.files.write(kept.tree / "deep", b"1")


def turn_into_link(kept: Kept) -> None:
    kept.files.remove(kept.tree / "file")
    kept.files.make_link("/etc/passwd", kept.tree / "file")


def lose_list(kept: Kept) -> None:
    kept.files.remove(HOME / "lists" / kept.tree.name)


DAMAGES = (flip, lose, add, turn_into_directory, turn_into_file, turn_into_link, lose_list)


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_found_within_a_day_and_repaired(
    kept: Kept, damage: Callable[[Kept], None], caplog: pytest.LogCaptureFixture
) -> None:
    target = kept.files.read_link(HOME / "pointers/app/current")
    damage(kept)
    kept.hours = 19
    assert kept.run() is None
    assert not kept.is_whole(), "not looked at yet"
    kept.hours = 21
    with caplog.at_level(logging.WARNING):
        assert kept.run() is None
    assert kept.is_whole()
    assert "the app in use was damaged on the disk and was fetched again" in caplog.text
    assert kept.files.read_link(HOME / "pointers/app/current") == target
    assert kept.files.list_names(HOME / "parts") == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_cut_in_the_repair_leaves_the_pointer_and_what_was_right(
    kept: Kept, damage: Callable[[Kept], None]
) -> None:
    damage(kept)

    def repair(files: RecordingFiles) -> None:
        assert Kept(files, hours=30).run() is None

    kind, target = kept.tree / "kind", kept.files.read_link(HOME / "pointers/app/current")
    for cut in list_cuts(repair, kept.files, torn=1):
        after = Kept(cut.files, hours=60)
        assert cut.files.read(kind, most_bytes=99) == b"app", cut
        assert cut.files.read_link(HOME / "pointers/app/current") == target, cut
        assert after.run() is None, cut
        assert after.is_whole(), cut


def test_a_sector_that_cannot_be_read_is_damage_and_no_end_of_the_inspection(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: RecordingFiles, path: Path, offset: int, length: int) -> bytes:
        if path.name == "weights":
            raise OSError(5, "Input/output error")
        return whole(self, path, offset, length)

    whole = RecordingFiles.read_at
    monkeypatch.setattr(RecordingFiles, "read_at", refuse)
    kept.hours, kept.has_energy = 30, False
    error = kept.run()
    assert error is not None
    assert "cannot be read (Input/output error)" in str(error)


@pytest.mark.parametrize(
    ("linked", "has_energy", "said"),
    [(False, True, "cannot be fetched again now"), (True, False, "when there is energy")],
)
def test_without_link_or_energy_it_is_told_and_repaired_later(
    kept: Kept, linked: bool, has_energy: bool, said: str
) -> None:
    flip(kept)
    kept.hours, kept.unit.linked, kept.has_energy = 30, linked, has_energy
    error = kept.run()
    assert said in str(error)
    assert "the app in use" in str(error)
    kept.unit.linked = kept.has_energy = True
    kept.hours += 1
    assert kept.run() is None
    assert kept.is_whole()


def test_what_is_damaged_anew_is_fetched_ever_more_rarely(kept: Kept) -> None:
    began = kept.unit.volume.received_bytes
    for day in range(2, 12):
        flip(kept)
        kept.hours = 24 * day
        kept.run()
    assert kept.unit.volume.received_bytes - began < 11 * 100_000


@pytest.mark.parametrize("rot", [b"", b"[]", b"{}", b'{"at": 3, "damaged": {}}', b"\xff"])
def test_a_damaged_record_means_to_look_now(kept: Kept, rot: bytes) -> None:
    flip(kept)
    kept.files.write(HOME / NAME, rot)
    kept.hours = 1
    assert kept.run() is None
    assert kept.is_whole()


def test_a_clock_that_was_set_back_means_to_look_now(kept: Kept) -> None:
    flip(kept)
    kept.hours = -1000
    assert kept.run() is None
    assert kept.is_whole()


def test_a_tree_of_which_no_manifest_is_here_is_told(kept: Kept) -> None:
    flip(kept)
    for name in (COMMITTED, "offer.json"):
        kept.files.remove(HOME / name)
    kept.hours = 30
    assert "no manifest of it is here" in str(kept.run())
