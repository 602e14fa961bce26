"""Quiet hours and limits of a recipient."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appliance.alarms.limits import SentMessage, Wait, find_quiet, find_wait
from appliance.model_alarms import AlarmPriority
from appliance.sections.alarms import RecipientSettings

NOW = datetime(2026, 4, 15, 1, 10, tzinfo=UTC)


def wait(recipient: RecipientSettings, sent: tuple[SentMessage, ...] = ()) -> Wait | None:
    return find_wait(recipient, AlarmPriority.NORMAL, sent, NOW, NOW)


def test_quiet_hours_end_when_they_say() -> None:
    quiet = wait(RecipientSettings(quiet="22:00-06:00"))
    assert quiet == Wait("quiet hours 22:00-06:00", NOW.replace(hour=6, minute=0))
    assert wait(RecipientSettings(quiet="06:00-22:00")) is None


def test_what_is_urgent_knows_neither_quiet_hours_nor_limits() -> None:
    strict = RecipientSettings(quiet="00:00-23:59", messages_a_day=1)
    sent = (SentMessage(NOW, 10),)
    assert find_wait(strict, AlarmPriority.URGENT, sent, NOW, NOW) is None


def test_the_fifty_first_message_waits_until_the_first_is_a_day_old() -> None:
    first = NOW - timedelta(hours=3)
    sent = tuple(SentMessage(first + timedelta(minutes=n), 100) for n in range(50))
    assert wait(RecipientSettings(), sent[:49]) is None
    assert wait(RecipientSettings(), sent) == Wait(
        "the limit of 50 messages a day", first + timedelta(days=1)
    )


def test_megabytes_are_limited_as_well() -> None:
    sent = (SentMessage(NOW - timedelta(hours=1), 10_000_000),)
    held = wait(RecipientSettings(), sent)
    assert held is not None
    assert held.reason == "the limit of 10 MB a day"


def test_messages_of_the_day_before_or_of_a_clock_that_was_ahead_do_not_count() -> None:
    sent = (SentMessage(NOW - timedelta(days=2), 1), SentMessage(NOW + timedelta(days=300), 1))
    assert wait(RecipientSettings(messages_a_day=1), sent) is None


@pytest.mark.parametrize(
    ("evening", "ends"),
    [
        (datetime(2026, 3, 28, 21, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC)),
    ],
)
def test_quiet_hours_over_a_change_of_summer_time_end_by_the_clock_on_the_wall(
    evening: datetime, ends: datetime
) -> None:
    local = evening.astimezone(ZoneInfo("Europe/Bucharest"))
    found = find_quiet(RecipientSettings(quiet="22:00-06:00"), local, evening)
    assert found == Wait("quiet hours 22:00-06:00", ends)


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_later_than_now() -> None:
    recipient = RecipientSettings(quiet="22:00-03:30")
    before = Wait("quiet hours 22:00-03:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    again = Wait("quiet hours 22:00-03:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    moment, ends = datetime(2026, 10, 24, 23, tzinfo=UTC), {before.until: 0, again.until: 0}
    while moment < datetime(2026, 10, 25, 2, tzinfo=UTC):
        local = moment.astimezone(ZoneInfo("Europe/Bucharest"))
        found = find_quiet(recipient, local, moment)
        if found is not None:
            assert found.until > moment
            ends[found.until] += 1
        moment += timedelta(minutes=1)
    assert all(ends.values())
