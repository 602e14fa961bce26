"""When the link is on: by the level, in windows before a check-in, for an alarm, never below."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appliance.model import EnergyLevel
from appliance.sections.link import LinkSettings
from sensors.link.duty import decide
from tests.conftest import ROOT

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
OWN = LinkSettings(enabled=True)
LEVELS = st.sampled_from(list(EnergyLevel))
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001
    lambda one: one.replace(tzinfo=UTC)
)


def test_from_eco_on_the_link_is_always_on() -> None:
    assert decide(EnergyLevel.ECO, OWN, NOON).is_on
    assert decide(EnergyLevel.FULL, OWN, NOON).is_on


def test_at_sentinel_it_is_on_in_windows_and_says_when_the_next_one_opens() -> None:
    duty = decide(EnergyLevel.SENTINEL, OWN, NOON)
    assert (duty.is_on, duty.next_on) == (False, NOON + timedelta(minutes=17))
    assert decide(EnergyLevel.SENTINEL, OWN, NOON + timedelta(minutes=17)).is_on
    assert decide(EnergyLevel.SENTINEL, OWN, NOON + timedelta(minutes=31, seconds=59)).is_on
    assert not decide(EnergyLevel.SENTINEL, OWN, NOON + timedelta(minutes=32)).is_on


def test_the_window_of_the_default_holds_the_check_in_whenever_its_timer_lets_it_begin() -> None:
    timer = (ROOT / "systemd/appliance-checkin.timer").read_text()
    minute = int(re.search(r"OnCalendar=\*-\*-\* \*:(\d\d):00", timer)[1])  # type: ignore[index]
    late = sum(
        int(one) for one in re.findall(r"(?:AccuracySec|RandomizedDelaySec)=(\d+)min", timer)
    )
    for after in range(late + 1):
        at = NOON + timedelta(minutes=minute + after)
        assert decide(EnergyLevel.SENTINEL, OWN, at).is_on, at


def test_an_alarm_that_waits_opens_the_link_at_sentinel_but_not_below() -> None:
    assert decide(EnergyLevel.SENTINEL, OWN, NOON, is_urgent=True).is_on
    assert not decide(EnergyLevel.HIBERNATE, OWN, NOON, is_urgent=True).is_on


def test_without_a_known_level_the_link_stays_as_it_is() -> None:
    assert decide(None, OWN, NOON, was_on=True).is_on
    assert not decide(None, OWN, NOON, was_on=False).is_on


@given(TIMES, st.booleans(), st.booleans())
def test_it_is_never_on_at_off(now: datetime, urgent: bool, was_on: bool) -> None:
    assert not decide(EnergyLevel.OFF, OWN, now, is_urgent=urgent, was_on=was_on).is_on


@given(LEVELS, TIMES, st.floats(1, 60), st.floats(60, 1440))
def test_when_the_next_window_opens_it_is_open(
    level: EnergyLevel, now: datetime, window_min: float, every_min: float
) -> None:
    own = LinkSettings(enabled=True, window_min=window_min, window_every_min=every_min)
    duty = decide(level, own, now)
    if duty.next_on is not None and duty.next_on.date() == now.date():
        assert decide(level, own, duty.next_on + timedelta(milliseconds=1)).is_on
