"""One message on its way."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from appliance.alarms.bundles import open_alarm
from appliance.alarms.deliveries import (
    Answer,
    begin,
    expire,
    find_pause_s,
    is_repeated,
    list_due,
    make,
    postpone,
    settle,
)
from appliance.model import Stamp
from appliance.model_alarms import AlarmDelivery, AlarmPriority, DeliveryState
from appliance.sections.alarms import AlarmSettings
from tests.appliance.alarms.occurrences import AT, person

NOW = Stamp(AT, "0badcafe", 100.0)


def message(age_s: float = 0.0, priority: AlarmPriority = AlarmPriority.NORMAL) -> AlarmDelivery:
    stamp = Stamp(AT - timedelta(seconds=age_s), "0badcafe", 100.0)
    alarm = open_alarm("intruder", AlarmSettings(), person(), now=stamp, sequence=7)
    found = make(alarm, "owner", "mail", now=stamp, reason="[alarm.intruder] names owner")
    return replace(found, priority=priority)


def test_the_most_important_goes_first_then_the_oldest() -> None:
    old, new, high = message(60), message(1), message(2, AlarmPriority.HIGH)
    assert list_due([new, old, high], AT) == [high, old, new]


def test_what_the_unit_was_cut_in_sending_is_due_again_and_known_as_a_repetition() -> None:
    cut = begin(message(), covers=1)
    assert list_due([cut], AT) == [cut]
    assert is_repeated(cut)
    assert not is_repeated(message())


def test_what_was_sent_is_never_due() -> None:
    sent = settle(
        begin(message(), covers=1), Answer(sent=True, text="250 OK", size_bytes=900), AT, Random(1)
    )
    assert (sent.state, sent.sent, sent.size_bytes) == (DeliveryState.SENT, AT, 900)
    assert list_due([sent], AT + timedelta(days=3)) == []


def test_pauses_grow_to_a_quarter_of_an_hour_and_are_an_hour_after_a_refusal() -> None:
    pauses_s = [find_pause_s(n, refused=False, random=Random(1)) for n in range(30)]
    assert pauses_s[0] == pytest.approx(5, rel=0.2)
    assert pauses_s[29] == pytest.approx(900, rel=0.2)
    assert find_pause_s(0, refused=True, random=Random(1)) == pytest.approx(3600, rel=0.2)
    assert find_pause_s(10_000, refused=False, random=Random(1)) <= 900 * 1.2


def test_a_failure_is_told_and_the_message_kept() -> None:
    failed = settle(begin(message(), covers=1), Answer(sent=False, text="no route"), AT, Random(1))
    assert (failed.state, failed.attempts, failed.reason) == (DeliveryState.WAITING, 1, "no route")
    assert list_due([failed], AT) == []
    assert list_due([failed], AT + timedelta(seconds=7)) == [failed]


def test_a_pause_of_a_clock_that_was_years_ahead_does_not_hold_a_message() -> None:
    ahead = postpone(message(), AT + timedelta(days=900), "quiet hours 22:00-06:00")
    assert list_due([ahead], AT) == [ahead]


def test_quiet_hours_hold_a_message_for_as_long_as_they_last() -> None:
    held = postpone(message(), AT + timedelta(hours=8), "quiet hours 22:00-06:00")
    assert held.reason == "waits for the end of quiet hours 22:00-06:00"
    assert list_due([held], AT + timedelta(hours=7)) == []


def test_what_waited_for_too_long_is_dropped_with_what_held_it() -> None:
    dropped = expire(replace(message(), reason="no route"), 14)
    assert dropped.state is DeliveryState.DROPPED
    assert dropped.reason == "dropped after 14 days: no route"
    assert list_due([dropped], AT) == []
