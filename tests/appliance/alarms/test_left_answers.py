"""What a sending process has answered, where the service was killed before it stored it."""

import fcntl
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.alarms.channels.answer_log import AnswerLog
from appliance.errors import StoreError
from appliance.model import EnergyLevel
from appliance.model_alarms import DeliveryState
from tests.stand_ins.alarm_unit import AlarmUnit


def leave_answers(unit: AlarmUnit) -> AnswerLog:
    """The sending process of this service, as it writes them."""
    return AnswerLog(unit.files.own)


def test_a_message_that_a_process_of_a_killed_service_still_sends_is_not_sent_again(
    unit: AlarmUnit,
) -> None:
    log = leave_answers(unit)
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    (answer,) = unit.workers.take_answers()
    unit.restart()
    unit.run()
    assert len(unit.mail.got) == 1
    due = unit.queue.find_next()
    assert due is not None
    assert due - unit.clock.utc == timedelta(seconds=2)
    log.write(answer)
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    unit.run()
    assert len(unit.mail.got) == 1
    assert unit.deliveries()[0].state is DeliveryState.SENT
    assert list(unit.settings.alarm_answers_dir.iterdir()) == []


def test_an_answer_that_was_left_is_believed_also_where_it_cannot_be_stored_at_first(
    unit: AlarmUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = leave_answers(unit)
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    log.write(unit.workers.take_answers()[0])
    assert log._handle is not None
    fcntl.flock(log._handle, fcntl.LOCK_UN)
    unit.restart()

    def refuse(*rows: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(unit.store, "add", refuse)
        with pytest.raises(StoreError):
            unit.queue.settle()
    unit.run()
    assert len(unit.mail.got) == 1
    assert unit.deliveries()[0].state is DeliveryState.SENT


def test_a_file_that_says_both_says_that_it_was_sent(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    (sent,) = unit.workers.take_answers()
    unit.restart()
    unit.queue.resume([sent, replace(sent, sent=False, text="no route to host")])
    unit.clock.advance(60)
    unit.run()
    assert len(unit.mail.got) == 1
