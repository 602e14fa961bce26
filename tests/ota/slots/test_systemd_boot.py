"""Boot entries, judged by a model of systemd-boot that was written from its sources."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.errors import SlotError
from ota.files import Files
from ota.slots.systemd_boot import MOST_REARMS, SystemdBoot
from ota.slots.unified import Unified
from tests.ota.slots.esp_unit import EspUnit
from tests.stand_ins.named_by_slot import NamedBySlot
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "slot"
    folder.mkdir()
    (folder / "linux").write_bytes(os.urandom(3_000))
    (folder / "initrd").write_bytes(os.urandom(2_000))
    return folder


@pytest.fixture(params=["entries", "signed kernels"])
def unit(tmp_path: Path, sources: Path, request: pytest.FixtureRequest) -> EspUnit:
    """In both forms in which a system is booted."""
    signed = request.param == "signed kernels"
    unified = find_signed(sources) if signed else None
    made = EspUnit(tmp_path / "unit", Disk(), sources, unified=unified)
    made.make_image()
    return made


def find_signed(sources: Path) -> Unified:
    """In the midst of a file, as it lies in a slot."""
    return Unified(sources / "linux", 1_000, 1_500)


def find_folder(unit: EspUnit) -> Path:
    return unit.esp / ("EFI/Linux" if unit.unified else "loader/entries")


def list_names(unit: EspUnit) -> list[str]:
    return [one.name for one in unit.loader.list_entries()]


def test_three_updates_in_a_row_are_booted_and_committed(unit: EspUnit) -> None:
    for release in ("2.0", "3.0", "4.0"):
        unit.install(release)
        assert unit.backend.get_primary() == unit.other
        assert unit.boot() == release
        unit.commit()
        assert unit.boot() == release
        assert all("+" not in name for name in list_names(unit))
        assert len(list_names(unit)) == 2


def test_a_bad_release_falls_back_by_itself_and_a_good_one_follows(unit: EspUnit) -> None:
    unit.install("2.0")
    unit.boot()
    unit.commit()
    unit.install("bad 3.0")
    assert unit.boot() == "2.0"
    assert unit.backend.get_state(unit.other) is False
    unit.install("4.0")
    assert unit.boot() == "4.0"


def test_brown_outs_use_tries_and_the_slot_is_armed_again(unit: EspUnit) -> None:
    unit.install("2.0")
    assert unit.boot(brown_outs=3) == "1.0"
    unit.backend.set_primary("B")
    assert unit.boot(brown_outs=2) == "2.0"


def test_a_slot_that_goes_back_after_its_commit_is_first_again(unit: EspUnit) -> None:
    unit.install("2.0")
    unit.boot()
    unit.commit()
    unit.backend.set_primary("A")
    unit.backend.set_primary("A")
    assert (unit.boot(), unit.boot()) == ("1.0", "1.0")
    assert len(list_names(unit)) == 2


def test_where_all_tries_are_used_up_the_committed_slot_is_armed_a_few_times(
    unit: EspUnit,
) -> None:
    unit.install("2.0")
    (old,) = [one for one in unit.backend.list_entries() if one.slot == "A"]
    entries = find_folder(unit)
    (entries / old.name).rename(entries / replace(old, left=0, done=3).name)
    for _ in range(3):
        unit.loader.boot()
    for _ in range(MOST_REARMS):
        assert "slot A has 3 again" in unit.backend.rearm()
        assert unit.backend.rearm() == ""
        for _ in range(3):
            assert unit.loader.boot() == "A"
    assert "not tried again" in unit.backend.rearm()
    unit.backend.set_state("A", good=True)
    assert unit.boot() == "1.0"


def test_the_committed_entry_is_not_removed_while_the_other_is_on_trial(unit: EspUnit) -> None:
    unit.install("2.0")
    assert unit.boot() == "2.0"
    with pytest.raises(SlotError) as caught:
        unit.backend.set_state("A", good=False)
    assert caught.value.reason_code == "last-entry"
    unit.backend.set_state("B", good=True)
    unit.backend.set_state("A", good=False)


def test_the_last_entry_that_boots_is_not_removed(unit: EspUnit) -> None:
    with pytest.raises(SlotError) as caught:
        unit.backend.set_state("A", good=False)
    assert caught.value.reason_code == "last-entry"
    assert unit.boot() == "1.0"


@pytest.mark.parametrize("release", ["2026.11.1+security", "a" * 64, "1.0"])
def test_every_name_of_a_release_is_a_name_of_an_entry(unit: EspUnit, release: str) -> None:
    unit.install(release)
    assert unit.boot() == release
    unit.commit()
    assert unit.boot() == release


def test_a_release_can_be_in_both_slots(unit: EspUnit) -> None:
    for _ in range(3):
        unit.install("1.0")
        slot = unit.other
        unit.boot()
        assert unit.booted == slot
        unit.commit()


def test_foreign_entries_stay_and_torn_ones_go(unit: EspUnit) -> None:
    entries = find_folder(unit)
    (entries / "memtest.conf").write_text("title memtest\n")
    (unit.esp / "loader/entries/unit-9-9.9+3.conf").write_bytes(b"title Neural\xff")
    (entries / "unit-10-9.9+3.conf.part").write_bytes(b"")
    (entries / "unit-10A-9.9+3.efi.part").write_bytes(b"")
    unit.install("2.0")
    assert unit.boot() == "2.0"
    names = {one.name for one in entries.iterdir()}
    assert "memtest.conf" in names
    assert len(names) == 3


def test_a_release_without_a_signed_kernel_is_refused_where_such_are_booted(
    tmp_path: Path, sources: Path
) -> None:
    """The firmware would not run it: three boots later the unit would be back."""
    unit = EspUnit(tmp_path / "unit", Disk(), sources, unified=find_signed(sources))
    unit.make_image()
    unit.unified = None
    with pytest.raises(SlotError) as caught:
        unit.install("2.0")
    assert caught.value.reason_code == "not-signed"
    assert unit.backend.get_primary() == "A"


def test_a_release_with_a_signed_kernel_is_booted_as_the_others_are(
    tmp_path: Path, sources: Path
) -> None:
    unit = EspUnit(tmp_path / "unit", Disk(), sources)
    unit.make_image()
    unit.unified = find_signed(sources)
    unit.install("2.0")
    unit.unified = None
    assert unit.boot() == "2.0"
    assert not (unit.esp / "EFI").exists()


def test_entries_named_by_slot_would_brick_as_is_known(tmp_path: Path, sources: Path) -> None:
    """The control: a slot's second release is never blessed, and after three boots it is lost."""
    unit = EspUnit(tmp_path / "naive", Disk(), sources, NamedBySlot)
    unit.make_image()
    unit.loader.boot()
    unit.loader.bless()
    unit.install("2.0")
    assert unit.boot() == "2.0"
    assert unit.loader.bless()
    unit.install("3.0")
    assert unit.boot() == "3.0"
    assert not unit.loader.bless(), "slot-a.conf is there, and nothing replaces it"
    assert [unit.boot() for _ in range(4)][-1] == "2.0"


def prepare(sources: Path, unified: Unified | None) -> tuple[EspUnit, RecordingFiles]:
    files = RecordingFiles(fat=Path("/esp"))
    unit = EspUnit(Path("/"), files, sources, unified=unified)
    unit.make_image()
    unit.install("2.0")
    unit.boot()
    unit.commit()
    for folder in ("/", "/esp"):
        files.sync_directory(Path(folder))
    return unit, files


STEPS: dict[str, Callable[[SystemdBoot], None]] = {
    "take the slot out": lambda boot: boot.set_state("A", good=False),
    "arm": lambda boot: boot.set_primary("A"),
    "commit": lambda boot: boot.set_state("A", good=True),
}


@pytest.mark.parametrize("signed", [False, True], ids=["entries", "signed kernels"])
@pytest.mark.parametrize("last", STEPS)
def test_whatever_call_is_cut_the_unit_boots_and_the_update_goes_on(
    sources: Path, last: str, *, signed: bool
) -> None:
    """The power goes after each call; what was not synchronized is there, lost or torn."""
    unified = find_signed(sources) if signed else None

    def look(files: Files) -> EspUnit:
        unit = EspUnit(Path("/"), files, sources, unified=unified)
        unit.systems = dict(systems)
        return unit

    _, files = prepare(sources, unified)
    systems = {"A": "3.0", "B": "2.0"}
    steps = list(STEPS)[: list(STEPS).index(last)]
    before = files.copy()
    for name in steps:
        STEPS[name](look(before).backend)
        if name == "arm":
            look(before).loader.boot()

    def act(cut: RecordingFiles) -> None:
        STEPS[last](look(cut).backend)

    images = list(list_cuts(act, before, torn=6))
    assert len(images) > 3 if signed else len(images) > 10
    for image in images:
        after = look(image.files)
        assert after.boot() in ("2.0", "3.0"), image
        for name in list(STEPS)[: list(STEPS).index(last) + 1]:
            STEPS[name](look(image.files).backend)
        again = look(image.files)
        assert again.boot() == ("2.0" if last == "take the slot out" else "3.0"), image
