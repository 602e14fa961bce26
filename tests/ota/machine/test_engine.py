"""The states of an update, from an offer to its end, without cuts."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from appliance.model_updates import UpdateStep
from ota.errors import SlotError
from ota.machine.engine import Engine
from ota.machine.progress import Record
from ota.manifest import LayerKind
from ota.offer import Offer
from ota.slots.none import NoSlots
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, RestartError, SimpleTrust, UpdatedUnit, make_offer

OS, APP, MODEL = LayerKind.OS, LayerKind.APP, LayerKind.MODEL


@pytest.fixture
def unit() -> UpdatedUnit:
    fresh = UpdatedUnit(RecordingFiles())
    fresh.begin()
    return fresh


def list_steps(unit: UpdatedUnit) -> list[UpdateStep]:
    return [record.step for record in unit.make_engine().journal.read()]


def wait_on(unit: UpdatedUnit, engine: Engine) -> None:
    """One check-in that stays, for as long as it likes."""
    while (again_s := engine.run().again_s) is not None:
        unit.uptime_s += again_s


def test_an_app_release_is_tried_and_committed_in_the_order_of_the_states(
    unit: UpdatedUnit,
) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    assert (unit.app, unit.committed_app, unit.ratchet) == ("2", "2", 2)
    named = [step.name for step in list_steps(unit)]
    way = "OFFERED PLAN DOWNLOAD VERIFY GATE INSTALL ARM GATE2 REBOOT TRIAL HEALTH COMMIT"
    assert named == [*way.split(" "), "REPORT", "IDLE"]
    assert unit.boot == 0, "an app needs no restart of the computer"


def test_an_operating_system_is_started_and_committed(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    unit.run()
    assert (unit.system, unit.app, unit.boot) == ("2", "2", 1)
    assert unit.board.examine().primary == unit.board.examine().booted


def test_three_operating_systems_in_a_row_are_committed(unit: UpdatedUnit) -> None:
    for number in (2, 3, 4):
        unit.offers = [make_offer(str(number), sequence=number, kinds=(OS,))]
        unit.run()
        assert (unit.system, unit.ratchet) == (str(number), number)


def test_a_release_with_which_a_service_stays_silent_is_taken_back(unit: UpdatedUnit) -> None:
    unit.sick = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    wait = unit.run()
    assert (unit.app, unit.system, unit.ratchet) == ("", "1", 0)
    assert "appliance-power.service does not report" in wait.reason


def test_a_release_that_failed_twice_is_not_tried_a_third_time(unit: UpdatedUnit) -> None:
    unit.sick = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2)]
    wait = unit.run()
    assert list_steps(unit).count(UpdateStep.ROLLBACK) == 2
    assert (wait.waits_for, unit.check_in().waits_for) == ("operator", "operator")
    assert "unitctl update retry 2" in wait.reason


def test_an_operator_has_a_failed_release_tried_again(unit: UpdatedUnit) -> None:
    unit.sick = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.sick = frozenset()
    assert unit.make_engine().forget_failures("2")
    unit.run()
    assert unit.app == "2"


def test_after_a_failed_release_the_next_one_is_taken(unit: UpdatedUnit) -> None:
    unit.sick = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.offers = [make_offer("3", sequence=3)]
    unit.run()
    assert (unit.app, unit.ratchet) == ("3", 3)


def test_an_operating_system_that_does_not_come_up_leaves_the_old_one(unit: UpdatedUnit) -> None:
    unit.dead = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    wait = unit.run()
    assert (unit.system, unit.app, wait.waits_for) == ("1", "", "operator")
    assert "did not start" in wait.reason


def test_it_waits_at_the_gate_and_says_for_what(unit: UpdatedUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    unit.offers = [make_offer("2", sequence=2)]
    wait = unit.run()
    assert (wait.reason, wait.waits_for) == (
        "the update waits: 31 % charge, needs 40 %",
        "energy",
    )
    assert unit.progress.step is UpdateStep.GATE
    unit.facts = replace(unit.facts, soc_pct=55.0)
    unit.run()
    assert unit.app == "2"


def test_what_is_known_of_an_offer_holds_while_no_mirror_answers(unit: UpdatedUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.linked, unit.facts = False, replace(unit.facts, soc_pct=55.0)
    unit.run()
    assert unit.app == "2"


def test_an_offer_that_is_withdrawn_at_the_gate_is_dropped(unit: UpdatedUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.offers = []
    wait = unit.run()
    assert (unit.progress.step, unit.app) == (UpdateStep.IDLE, "")
    assert wait.reason == "nothing to do: no release is assigned to this unit"


def install_and_wait(unit: UpdatedUnit, offer: Offer) -> None:
    """It is installed, and the charge falls before it is tried."""
    unit.offers = [offer]
    engine = unit.make_engine()

    def dim(record: Record) -> None:
        if record.step is UpdateStep.ARM:
            unit.facts = replace(unit.facts, soc_pct=31.0)

    engine.on_record = dim
    engine.run()
    assert engine.progress.step is UpdateStep.GATE2
    unit.facts = replace(unit.facts, soc_pct=70.0)


@pytest.mark.parametrize("kind", [APP, OS])
def test_an_offer_that_is_withdrawn_between_installation_and_trial_is_not_tried(
    unit: UpdatedUnit, kind: LayerKind
) -> None:
    install_and_wait(unit, make_offer("2", sequence=2, kinds=(kind,)))
    unit.offers = []
    unit.run()
    assert (unit.progress.step, unit.app, unit.boot) == (UpdateStep.IDLE, "", 0)


def test_a_release_whose_time_is_over_is_not_tried(unit: UpdatedUnit) -> None:
    offer = make_offer("2", sequence=2)
    install_and_wait(unit, replace(offer, until=unit.stamp().utc + timedelta(minutes=1)))
    unit.uptime_s += 120
    unit.linked = False
    unit.run()
    assert (unit.progress.step, unit.app) == (UpdateStep.IDLE, "")


def test_a_newer_offer_takes_the_place_of_one_that_waits(unit: UpdatedUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.offers, unit.facts = [make_offer("3", sequence=3)], replace(unit.facts, soc_pct=70.0)
    unit.run()
    assert unit.app == "3"
    assert UpdateStep.COMMIT not in [
        one.step for one in unit.make_engine().journal.read() if one.release == "2"
    ]


def test_content_that_was_damaged_on_the_disk_is_fetched_anew(unit: UpdatedUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    offer = make_offer("2", sequence=2)
    unit.offers = [offer]
    unit.run()
    layer = offer.manifest.layers[0]
    engine = unit.make_engine()
    unit.files.write(HOME / "content" / layer.sha256 / "file", b"rot")
    engine.progress = replace(engine.progress, step=UpdateStep.VERIFY)
    assert engine.run().waits_for == "energy"
    assert unit.files.read(HOME / "content" / layer.sha256 / "file", most_bytes=9) == b"2"


def test_layers_on_trial_of_which_the_journal_knows_nothing_are_taken_back(
    unit: UpdatedUnit,
) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.run()
    unit.offers = [make_offer("3", sequence=3)]
    unit.facts = replace(unit.facts, soc_pct=31.0)
    unit.run()
    unit.layers.start_trial(unit.offers[0].manifest)
    unit.files.remove(HOME / "journal.jsonl")
    assert unit.app == "3"
    unit.run()
    assert unit.app == "2"


def test_a_trial_that_brown_outs_cut_off_is_no_failure_of_the_release(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.power_lost = True
    engine = unit.make_engine()
    while engine.progress.step is not UpdateStep.HEALTH:
        engine.run()
    for _ in range(5):
        unit.power_on()
        unit.check_in()
    unit.run()
    assert (unit.app, unit.committed_app) == ("2", "2")


def test_a_trial_that_is_cut_off_again_and_again_is_taken_back(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.check_in()
    for _ in range(4):
        unit.power_on()
        unit.check_in()
    assert unit.committed_app == ""
    assert unit.progress.count_failures(unit.offers[0].manifest_sha256) == 1


def list_content(unit: UpdatedUnit) -> list[str]:
    return unit.files.list_names(HOME / "content")


def test_what_no_pointer_names_goes_at_the_end_of_an_update(unit: UpdatedUnit) -> None:
    trees = []
    for number in (2, 3, 4):
        offer = make_offer(str(number), sequence=number, kinds=(OS, APP))
        trees.append(offer.manifest.layers[1].sha256)
        unit.offers = [offer]
        unit.run()
    assert list_content(unit) == sorted(trees[1:]), "in use, and the one before"


def test_a_release_that_is_tried_once_more_is_not_fetched_again(unit: UpdatedUnit) -> None:
    unit.sick = frozenset(("2",))
    unit.offers = [make_offer("2", sequence=2)]
    engine = unit.make_engine()
    while not engine.progress.failures:
        unit.uptime_s += 700
        engine.run()
    assert list_content(unit) == [unit.offers[0].manifest.layers[0].sha256]
    unit.run()
    assert list_content(unit) == []


def test_a_new_system_that_reaches_no_mirror_is_taken_back_after_hours(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2, kinds=(OS,))]
    unit.check_in()
    assert unit.system == "2"
    unit.linked = False
    engine = unit.make_engine()
    with pytest.raises(RestartError):
        wait_on(unit, engine)
    assert unit.uptime_s > 6 * 3600
    unit.power_on()
    unit.check_in()
    assert (unit.system, unit.progress.count_failures(unit.offers[0].manifest_sha256)) == ("1", 1)


def test_a_new_app_is_not_blamed_for_a_link_that_is_gone(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.check_in()
    unit.linked = False
    unit.run()
    assert unit.committed_app == "2"


def test_a_release_with_the_operating_system_that_runs_needs_no_restart(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    unit.run()
    same = unit.offers[0].manifest.layers[0]
    unit.offers = [make_offer("3", sequence=3, system=same)]
    unit.run()
    assert (unit.app, unit.system, unit.boot) == ("3", "2", 1)


def test_an_operating_system_that_no_slot_can_take_is_not_fetched(
    unit: UpdatedUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    monkeypatch.setattr(type(unit.board), "check", lambda _: NoSlots().check())
    wait = unit.run()
    assert UpdateStep.DOWNLOAD not in list_steps(unit)
    assert "no second operating system slot" in wait.reason
    assert wait.waits_for == "operator"
    unit.offers = [make_offer("3", sequence=3)]
    unit.run()
    assert unit.app == "3"


def test_slots_that_do_not_answer_now_are_asked_again_before_anything_is_fetched(
    unit: UpdatedUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise SlotError("RAUC does not answer", "rauc-silent")

    unit.offers = [make_offer("2", sequence=2, kinds=(OS,))]
    with monkeypatch.context() as patch:
        patch.setattr(type(unit.board), "check", refuse)
        wait = unit.check_in()
        assert (wait.waits_for, wait.reason) == ("slot", "RAUC does not answer")
        assert UpdateStep.DOWNLOAD not in list_steps(unit)
    unit.run()
    assert unit.system == "2"


def test_a_technician_is_told_why_the_stick_was_not_used(unit: UpdatedUnit) -> None:
    for technician in (True, False):
        engine = unit.make_engine()
        engine.before.technician = technician
        trust = SimpleTrust(unit.files, [], passed_over="file:///mnt: it is another fleet's")
        engine.before.ports = replace(engine.before.ports, trust=trust)
        assert ("not used was file:///mnt" in engine.run().reason) is technician


def test_a_paused_rollout_is_told_and_waits_for_nobody(unit: UpdatedUnit) -> None:
    engine = unit.make_engine()
    trust = SimpleTrust(unit.files, [], paused="The rollout is paused: 3 of 10 units failed")
    engine.before.ports = replace(engine.before.ports, trust=trust)
    wait = engine.run()
    assert wait.reason == "nothing to do: the rollout is paused: 3 of 10 units failed"
    assert wait.waits_for == ""


def test_an_offer_under_way_is_dropped_when_its_rollout_is_paused(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.facts = replace(unit.facts, soc_pct=10.0)
    assert unit.check_in().waits_for == "energy"
    engine = unit.make_engine()
    trust = SimpleTrust(unit.files, [], paused="The rollout is paused: by anna")
    engine.before.ports = replace(engine.before.ports, trust=trust)
    engine.run()
    texts = [one.reason for one in engine.journal.read()]
    assert "release 2 is not taken now: the rollout is paused: by anna" in texts


def test_the_window_of_a_rollout_that_is_signed_meanwhile_holds(unit: UpdatedUnit) -> None:
    unit.offers = [make_offer("2", sequence=2)]
    unit.facts = replace(unit.facts, soc_pct=10.0)
    assert unit.check_in().waits_for == "energy"
    unit.offers = [replace(unit.offers[0], window="22:00-05:00")]
    unit.facts = replace(unit.facts, soc_pct=90.0)
    wait = unit.check_in()
    assert (wait.waits_for, wait.reason) == (
        "window",
        "the update waits for the window of its rollout, 22:00-05:00",
    )
    unit.facts = replace(unit.facts, local_time=time(23))
    unit.run()
    assert unit.app == "2"
