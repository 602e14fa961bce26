"""Updates in the status document: the sentence, and which releases have failed here."""

from dataclasses import replace

import pytest

from appliance.model import Stamp
from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.sections.network import UpdateSettings
from appliance.settings import Settings
from appliance.status.update import NONE_SET, NOT_ASKED, describe_update, list_failed
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

COMMIT, ROLLBACK, REPORT = UpdateStep.COMMIT, UpdateStep.ROLLBACK, UpdateStep.REPORT
MIRROR = UpdateSettings(mirrors=("https://mirror.test/",))


def make_row(step: UpdateStep, release: str, stamp: Stamp, running: str = "") -> UpdateState:
    return UpdateState(stamp, step, release, running, f"release {release}")


def test_a_unit_without_mirrors_that_never_asked_says_so(
    open_store: OpenStore, settings: Settings
) -> None:
    found = describe_update(open_store("web"), settings)
    assert (found["sentence"], found["takes_updates"]) == (NONE_SET, False)
    with_mirror = describe_update(open_store("web"), replace(settings, update=MIRROR))
    assert (with_mirror["sentence"], with_mirror["takes_updates"]) == (NOT_ASKED, True)


def test_the_newest_step_and_the_last_answer_are_told(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    store, now = open_store("checkin"), clock.stamp()
    store.add(UpdateState(now, UpdateStep.GATE, "2", "1", "waits", "energy"))
    store.add(CheckIn(now, "https://mirror.test", "waits"))
    found = describe_update(store, settings)
    assert (found["step"], found["release"], found["running_release"]) == ("gate", "2", "1")
    assert (found["waits_for"], found["mirror"]) == ("energy", "https://mirror.test")
    assert found["asks_next"] is None


@pytest.mark.parametrize(
    ("steps", "failed"),
    [
        ([(COMMIT, "2"), (REPORT, "2")], []),
        ([(ROLLBACK, "2"), (REPORT, "2")], ["2"]),
        ([(UpdateStep.INSTALL, "2"), (REPORT, "2")], ["2"]),
        ([(ROLLBACK, "2"), (REPORT, "2"), (COMMIT, "2"), (REPORT, "2")], []),
        ([(ROLLBACK, "2"), (REPORT, "2"), (ROLLBACK, "3"), (REPORT, "3")], ["2", "3"]),
        ([(COMMIT, "2"), (REPORT, "3")], ["3"]),
        ([(REPORT, "2")], ["2"]),
        ([], []),
    ],
)
def test_a_release_has_failed_where_it_ended_without_a_commit(
    steps: list[tuple[UpdateStep, str]], failed: list[str], clock: FakeClock
) -> None:
    rows = [make_row(step, release, clock.stamp()) for step, release in steps]
    assert list_failed(rows) == failed


def test_the_end_of_a_commit_whose_row_is_too_old_is_no_failure(clock: FakeClock) -> None:
    assert list_failed([make_row(REPORT, "2", clock.stamp(), running="2")]) == []
