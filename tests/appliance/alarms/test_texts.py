"""What a person reads."""

from dataclasses import replace
from datetime import timedelta

from appliance.alarms.bundles import open_alarm
from appliance.alarms.deliveries import begin, make
from appliance.alarms.texts import MOST_TITLE, Facts, build_message
from appliance.model import Stamp
from appliance.model_alarms import Alarm, AlarmDelivery
from appliance.sections.alarms import AlarmSettings
from tests.appliance.alarms.occurrences import AT, fault, person

NOW = Stamp(AT, "0badcafe", 100.0)
FACTS = Facts(unit="hill 7", timezone="Europe/Bucharest", now=AT)


def alarm() -> Alarm:
    return open_alarm("people", AlarmSettings(), person(), now=NOW, sequence=7)


def delivery() -> AlarmDelivery:
    return make(alarm(), "owner", "mail", now=NOW, reason="[alarm.people] names owner")


def test_the_shortest_message_is_what_where_when_and_by_which_rule() -> None:
    message = build_message(alarm(), delivery(), FACTS)
    assert message.title == "hill 7: a person at the gate"
    assert message.body.splitlines() == [
        "A person at the gate.",
        "Wed 15 Apr 04:10 (Europe/Bucharest), hill 7",
        "Alarm 7 by [alarm.people].",
    ]


def test_the_longest_has_battery_links_and_why() -> None:
    facts = replace(
        FACTS,
        lasts="Lasts until sunrise (06:12) with 34 %.",
        page="https://unit.example",
        reply="https://unit.example/alarm/a/b",
        why="owner has not acknowledged it",
    )
    lines = build_message(alarm(), begin(delivery(), covers=1), facts).body.splitlines()
    assert lines[2:-1] == [
        "You may have this already: it was sent once, and nobody has said that it came.",
        "You get it since owner has not acknowledged it.",
        "The unit: Lasts until sunrise (06:12) with 34 %.",
        "Look: https://unit.example/events/e1",
        "I have seen it: https://unit.example/alarm/a/b",
    ]


def test_it_says_how_late_it_is_from_ten_minutes_on() -> None:
    def read(minutes: float) -> str:
        facts = replace(FACTS, now=AT + timedelta(minutes=minutes))
        return build_message(alarm(), delivery(), facts).body

    assert "late" not in read(9)
    assert "It comes 12 minutes late." in read(12)
    assert "It comes 168 hours late." in read(7 * 24 * 60)
    from_1970 = read(56 * 366 * 24 * 60)
    assert "late" not in from_1970
    assert "Its time is not sure: the unit's clock was set since." in from_1970


def test_a_title_leaves_out_the_advice_and_fits_a_telephone() -> None:
    occurrence = replace(fault("bus"), text="the charger is silent; check its cable")
    found = open_alarm("faults", AlarmSettings(), occurrence, now=NOW, sequence=8)
    message = build_message(found, delivery(), FACTS)
    assert message.title == "hill 7: the charger is silent"
    assert message.body.startswith("The charger is silent; check its cable.\n")
    long = replace(found, text="x" * 5000)
    assert len(build_message(long, delivery(), FACTS).title) <= MOST_TITLE + 40


def test_a_text_of_several_lines_is_one_in_title_and_body() -> None:
    found = replace(alarm(), text="the charger\r\nBcc: all@example.org\x1b[2J is silent")
    message = build_message(found, delivery(), FACTS)
    assert message.title == "hill 7: the charger Bcc: all@example.org\\x1b[2J is silent"
    assert message.body.splitlines()[0] == "The charger Bcc: all@example.org\\x1b[2J is silent."
