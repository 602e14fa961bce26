"""The step "link": a modem, its SIM and its connection, with both daemons on a real bus."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.steps.link import PIN_NAME, LinkStep
from provisioning.commissioning.unit import Unit
from sensors.link.setting_up import LinkSetUp
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.link_daemons import LinkDaemons, run_link_daemons
from tests.stand_ins.modem_manager import needs_modem_manager

FLEET = '[fleet]\nserver = "https://fleet.example.org"\n'
LOCKED = {"State": ("i", 2), "UnlockRequired": ("u", 2)}
WRONG = "raise dbus.exceptions.DBusException('incorrect', name='org.freedesktop.ModemManager1.Error.MobileEquipment.IncorrectPassword')"  # noqa: E501


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[LinkDaemons]:
    with run_link_daemons(tmp_path) as found:
        yield found


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    made = make_unit(tmp_path, text=FLEET)
    (tmp_path / "data").mkdir()
    return replace(made, clock=FakeClock())


def make_step(daemons: LinkDaemons, *, answers: bool = True) -> LinkStep:
    ask = lambda servers: servers[0] if answers else None  # noqa: E731
    return LinkStep(make_setup=partial(LinkSetUp, bus=daemons.address, ask=ask))


def give(**values: object) -> Answers:
    return Answers("link", values)


def check(daemons: LinkDaemons, unit: Unit, **values: object) -> Outcome:
    return make_step(daemons).check(unit, give(**values))


@needs_modem_manager
def test_a_modem_is_connected_by_an_apn_and_a_server_proves_it(
    daemons: LinkDaemons, unit: Unit
) -> None:
    daemons.add_modem(state=8)
    daemons.add_device(3, kind=8, state=30, interface="wwan0")
    asked = check(daemons, unit)
    assert asked.status is Status.NEEDS_ANSWER
    assert [one.key for one in asked.questions] == ["link.apn"]
    answers = give(apn="internet", budget_mb_per_month=500)
    step = make_step(daemons)
    assert step.check(unit, answers).status is Status.TO_DO
    assert step.apply(unit, answers).status is Status.DONE
    added = daemons.read_calls("AddConnection2")
    assert len(added) == 1
    assert '"internet"' in added[0]
    own = unit.settings().link
    assert (own.enabled, own.apn, own.budget_mb_per_month) == (True, "internet", 500)
    daemons.set_modem(State=("i", 11))
    proved = step.verify(unit, answers)
    assert proved.status is Status.DONE
    assert proved.facts["server_answered"]
    assert proved.facts["operator"] == "Orange RO"
    assert step.check(unit, answers).status is Status.DONE


@needs_modem_manager
def test_a_connection_without_data_is_no_success(daemons: LinkDaemons, unit: Unit) -> None:
    daemons.add_modem(state=11)
    outcome = make_step(daemons, answers=False).verify(unit, give())
    assert outcome.status is Status.BLOCKED
    assert "no server of the unit answers: check APN" in outcome.reason


@needs_modem_manager
def test_a_modem_that_finds_no_network_says_so_after_its_time(
    daemons: LinkDaemons, unit: Unit
) -> None:
    daemons.add_modem(state=7)
    outcome = make_step(daemons).verify(unit, give())
    assert (outcome.status, "check antenna and place" in outcome.reason) == (Status.BLOCKED, True)


@needs_modem_manager
@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"State": ("i", -1), "StateFailedReason": ("u", 2)}, "there is no SIM in the modem"),
        ({"State": ("i", -1), "StateFailedReason": ("u", 1)}, "the modem has failed"),
        ({**LOCKED, "UnlockRequired": ("u", 4)}, "asks for its PUK"),
    ],
)
def test_what_must_be_mended_by_hand_blocks_the_step_in_a_sentence(
    daemons: LinkDaemons, unit: Unit, properties: dict[str, tuple[str, int]], words: str
) -> None:
    daemons.add_modem(properties=properties)
    outcome = check(daemons, unit, apn="internet", pin="1234")
    assert (outcome.status, words in outcome.reason) == (Status.BLOCKED, True), outcome.reason


@needs_modem_manager
def test_a_unit_with_a_cable_skips_it_and_one_without_any_way_out_is_told(
    daemons: LinkDaemons, unit: Unit
) -> None:
    assert check(daemons, unit).status is Status.BLOCKED
    assert check(daemons, unit, wanted=False).status is Status.SKIPPED
    daemons.add_device(1, kind=1, state=100, interface="eth0")
    outcome = check(daemons, unit)
    assert (outcome.status, "cable or Wi-Fi" in outcome.reason) == (Status.SKIPPED, True)


def test_a_computer_without_a_bus_that_asks_for_no_link_skips_it(unit: Unit) -> None:
    step = LinkStep(make_setup=partial(LinkSetUp, bus="unix:path=/nowhere"))
    assert step.check(unit, give()).status is Status.SKIPPED
    assert step.check(unit, give(apn="internet")).status is Status.BLOCKED


@needs_modem_manager
def test_a_locked_sim_is_asked_for_its_pin_and_a_wrong_one_is_given_once(
    daemons: LinkDaemons, unit: Unit, tmp_path: Path
) -> None:
    daemons.add_modem(properties=LOCKED, send_pin=WRONG)
    asked = check(daemons, unit, apn="internet")
    assert [one.key for one in asked.questions] == ["link.pin"]
    answers, step = give(apn="internet", pin="1111"), make_step(daemons)
    assert step.check(unit, answers).status is Status.TO_DO
    for _ in range(2):
        outcome = step.apply(unit, answers)
        assert (outcome.status, "is not tried again" in outcome.reason) == (Status.BLOCKED, True)
        assert step.check(unit, answers).status is Status.BLOCKED
    assert len(daemons.read_calls("SendPin")) == 1
    file = tmp_path / PIN_NAME
    assert file.stat().st_mode & 0o777 == 0o640
    assert step.check(unit, give(apn="internet", pin="2222")).status is Status.TO_DO


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"apn": "a b"}, "link.apn is no access point name"),
        ({"apn": ""}, "link.apn is no access point name"),
        ({"pin": "12"}, "link.pin is no PIN of a SIM"),
        ({"wanted": "no"}, "link.wanted is neither"),
        ({"budget_mb_per_month": -1}, "link.budget_mb_per_month cannot be -1"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_before_anything_is_looked_at(
    unit: Unit, values: dict[str, object], words: str
) -> None:
    step = LinkStep(make_setup=partial(LinkSetUp, bus="unix:path=/nowhere"))
    with pytest.raises(AnswerError, match=words) as found:
        step.check(unit, give(**values))
    assert "12;" not in str(found.value)


@needs_modem_manager
def test_a_modem_that_can_hear_satellites_is_told_to_until_the_step_is_recorded(
    daemons: LinkDaemons, unit: Unit
) -> None:
    daemons.add_modem(state=11)
    daemons.add_device(3, kind=8, state=100, interface="wwan0")
    daemons.add_receiver()
    answers = give(apn="internet")
    step = make_step(daemons)
    step.apply(unit, answers)
    assert daemons.read_calls("Setup") == ["Setup 7 False"]

    daemons.set_receiver(enabled=1)
    again = step.check(unit, answers)
    assert again.status is Status.TO_DO
    assert "look for its place by satellites" in again.reason
    done = unit.record.make(status="done", reason=again.reason, who="Ada")
    unit.record.store({"link": done})
    assert step.check(unit, answers).status is Status.DONE
