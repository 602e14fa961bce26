"""One alarm for one visit."""

from dataclasses import replace
from datetime import timedelta

from appliance.alarms.bundles import (
    can_join,
    describe_more,
    join,
    make_key,
    open_alarm,
)
from appliance.model import Stamp
from appliance.model_alarms import Alarm
from appliance.sections.alarms import AlarmSettings
from tests.appliance.alarms.occurrences import AT, person

RULE = AlarmSettings(bundle_s=120.0)
NOW = Stamp(AT, "0badcafe", 100.0)


def first() -> Alarm:
    return open_alarm("intruder", RULE, person(), now=NOW, sequence=7)


def test_an_alarm_says_what_its_first_occurrence_was_and_what_rule_made_it() -> None:
    alarm = first()
    assert (alarm.alarm_id, alarm.camera, alarm.event_id) == ("0badcafe-100-7", "gate", "e1")
    assert alarm.reason == "[alarm.intruder] holds: a person at the gate"


def test_who_comes_again_within_the_time_joins_and_prolongs_it() -> None:
    second = person(event_id="e2", at=AT + timedelta(seconds=119))
    assert can_join(first(), make_key("intruder", second), second.at)
    alarm = join(first(), second, RULE)
    assert (alarm.occurrences, alarm.event_id) == (2, "e1")
    assert alarm.ends == second.at + timedelta(seconds=120)


def test_who_comes_later_or_elsewhere_makes_an_alarm_of_its_own() -> None:
    late, elsewhere = AT + timedelta(seconds=121), person(place="yard")
    assert not can_join(first(), first().key, late)
    assert not can_join(first(), make_key("intruder", elsewhere), AT)


def test_who_stays_all_day_is_told_again() -> None:
    alarm = replace(first(), ends=AT + timedelta(days=1))
    assert can_join(alarm, alarm.key, AT + timedelta(hours=6))
    assert not can_join(alarm, alarm.key, AT + timedelta(hours=6, seconds=1))


def test_a_clock_that_was_set_back_by_days_makes_a_new_alarm() -> None:
    assert not can_join(first(), first().key, AT - timedelta(days=3))


def test_ten_thousand_occurrences_are_counted_in_one_alarm() -> None:
    alarm = first()
    for number in range(10_000):
        alarm = join(alarm, person(event_id=f"e{number}"), RULE)
    assert alarm.occurrences == 10_001
    assert describe_more(alarm, 1) == "10000 more occurrences since: a person at the gate"
