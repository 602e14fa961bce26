"""A system on trial of which a record is lost: what was committed before runs again."""

import pytest

from ota.machine.systems import MOST_FALLS
from ota.manifest import LayerKind
from ota.slots.slots import SlotsReport, SlotState, SlotStatus
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, Board, RestartError, UpdatedUnit, make_offer

OS, APP = LayerKind.OS, LayerKind.APP


@pytest.fixture
def unit() -> UpdatedUnit:
    fresh = UpdatedUnit(RecordingFiles())
    fresh.begin()
    return fresh


LOST = ("journal.jsonl", "offer.json")


def start_system(unit: UpdatedUnit, release: str) -> None:
    """A new system has started, and nothing was judged yet."""
    unit.offers = [make_offer(release, sequence=int(release), kinds=(OS, APP))]
    with pytest.raises(RestartError):
        unit.make_engine().run()
    unit.power_on()
    assert unit.system == release


@pytest.mark.parametrize("lost", [LOST[:1], LOST[1:], LOST])
def test_a_system_on_trial_is_taken_back_where_its_record_is_lost(
    unit: UpdatedUnit, lost: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Board, "examine", say_good)
    start_system(unit, "2")
    for name in lost:
        unit.files.remove(HOME / name)
    unit.offers = []
    unit.run()
    assert (unit.system, unit.app, unit.board.read()["primary"]) == ("1", "", "a")
    assert unit.board.read()["good"] == ["a"]
    assert unit.files.measure(HOME / "system-trial.json") is None


def say_good(board: Board) -> SlotsReport:
    """As RAUC, to which a slot that may be tried is good."""
    state = board.read()
    slots = {
        name: SlotStatus(release, SlotState.GOOD if release else SlotState.EMPTY)
        for name, release in state["slots"].items()
    }
    return SlotsReport(state["booted"], state["primary"], slots)


def test_a_system_of_before_that_never_comes_up_is_not_started_for_ever(unit: UpdatedUnit) -> None:
    start_system(unit, "2")
    unit.files.remove(HOME / "journal.jsonl")
    unit.offers, restarts = [], 0
    for _ in range(20):
        try:
            unit.make_engine().run()
        except RestartError:
            restarts += 1
    assert restarts == MOST_FALLS
    assert unit.board.read()["primary"] == "b", "it stays what runs"


@pytest.mark.parametrize("rot", [b"", b"{}", b"[1]", b'{"before": 1}', b"\xff"])
def test_a_damaged_record_of_a_trial_costs_only_itself(unit: UpdatedUnit, rot: bytes) -> None:
    start_system(unit, "2")
    unit.files.write(HOME / "system-trial.json", rot)
    unit.run()
    assert (unit.system, unit.app) == ("2", "2")
    assert unit.files.measure(HOME / "system-trial.json") is None
