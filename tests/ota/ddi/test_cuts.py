"""Power cuts at any call of an update that a DDI server paces: its end is told, and rightly."""

from random import Random
from typing import Any

import pytest

from appliance.model_updates import UpdateStep
from ota.machine.journal import Journal
from tests.ota.ddi.conftest import MakeUnit
from tests.stand_ins.ddi_server import ENDS, DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.power_cuts import Cut, list_cuts
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME

CUTS = 25
END = {"2": "error", "": "finished"}


def is_committed(files: RecordingFiles) -> bool:
    """Whether the journal goes beyond COMMIT."""
    steps = [one.step for one in Journal(files, HOME / "journal.jsonl").read()]
    return UpdateStep.COMMIT in steps and steps[-1] is not UpdateStep.COMMIT


def is_success(status: dict[str, Any]) -> bool:
    return bool(status["result"] == {"finished": "success"})


@pytest.mark.parametrize("sick", ["", "2"], ids=["kept", "taken back"])
def test_the_end_is_told_after_a_cut_at_any_call_and_never_a_false_success(
    make_unit: MakeUnit, server: DdiServer, sick: str
) -> None:
    heard: list[tuple[int, dict[str, Any]]] = []
    lies: list[str] = []
    start = RecordingFiles()
    make_unit(files=start).begin()
    number = server.deploy("2")
    action = server.actions[number]

    def make(files: RecordingFiles) -> DdiUnit:
        unit = make_unit(files=files)
        unit.boot, unit.sick = 1, frozenset((sick,))
        return unit

    def run(files: RecordingFiles) -> None:
        def hear(status: dict[str, Any]) -> None:
            heard.append((len(files.calls), status))
            if is_success(status) and not is_committed(files):
                lies.append("without a cut")

        server.on_feedback = hear
        make(files).check_in()

    def put_back(call: int) -> None:
        """The server as it was at that call."""
        action.told = [status for at, status in heard if at <= call]
        ends = [one for one in action.told if one["execution"] == "closed"]
        action.state = ENDS[ends[-1]["result"]["finished"]] if ends else "running"

    cuts = list(list_cuts(run, start, torn=1))
    assert action.state == END[sick]
    for cut in Random(1).sample(cuts, CUTS):
        put_back(cut.call)
        unit = make(cut.files)

        def look(status: dict[str, Any], cut: Cut = cut) -> None:
            if is_success(status) and not is_committed(cut.files):
                lies.append(str(cut))

        server.on_feedback = look
        unit.power_on()
        for _ in range(3):
            unit.check_in()
            unit.pass_time(hours=2)
        assert action.state == END[sick], cut
        assert unit.app == ("" if sick else "2"), cut
        assert unit.kept.messages == (), cut
        assert [one.count for one in unit.progress.failures.values()] == ([1] if sick else []), cut
    assert lies == []
