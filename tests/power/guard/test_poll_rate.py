"""The battery is measured often enough: from its fall to the orders no more than 35 seconds."""

import pytest

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import Settings
from power.guard.guard import judge
from power.guard.observations import EMPTY_FOR_S, GuardState
from power.guard.poll_rate import choose_period_s
from tests.stand_ins.fakes import START

FULL, HIBERNATE, OFF = EnergyLevel.FULL, EnergyLevel.HIBERNATE, EnergyLevel.OFF
SETTINGS = Settings()


@pytest.mark.parametrize(
    ("state", "level", "period_s"),
    [
        (GuardState(), FULL, 3.0),
        (GuardState(), EnergyLevel.SENTINEL, 3.0),
        (GuardState(), None, 3.0),
        (GuardState(), HIBERNATE, 10.0),
        (GuardState(), OFF, 10.0),
        (GuardState(low_since_s=1.0), FULL, 1.0),
        (GuardState(low_since_s=1.0, confirmed=True), HIBERNATE, 10.0),
    ],
)
def test_the_more_depends_on_a_reading_the_sooner_it_comes(
    state: GuardState, level: EnergyLevel | None, period_s: float
) -> None:
    assert choose_period_s(state, level, usual_s=10.0, poll_took_s=0.2) == period_s


def test_a_slow_line_is_idle_half_of_its_time_and_the_settings_are_the_most() -> None:
    assert choose_period_s(GuardState(), FULL, usual_s=10.0, poll_took_s=2.0) == 4.0
    assert choose_period_s(GuardState(), FULL, usual_s=10.0, poll_took_s=8.0) == 10.0
    assert choose_period_s(GuardState(), FULL, usual_s=2.0, poll_took_s=0.2) == 2.0


def play(volts_at: dict[float, float], falls_s: float) -> list[tuple[float, EnergyLevel]]:
    """The verdicts from the fall on, polled as `choose_period_s` says; a poll takes 0.3 s."""
    state, at_s, found = GuardState(), 1000.0, []
    while at_s < falls_s + 120:
        volts = [v for since_s, v in volts_at.items() if at_s >= since_s][-1]
        now = Stamp(START, "00000001", at_s + 0.3)
        reading = PowerReading(now, "test", 0.0, 0.0, volts, -2.0, 20.0, 20.0, None, None)
        battery = BatteryState(
            now, 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
        )
        state, verdict = judge(state, reading, 0.0, battery, SETTINGS, now)
        found.append((now.uptime_s - falls_s, verdict.max_level))
        at_s += choose_period_s(state, verdict.max_level, usual_s=10.0, poll_took_s=0.3)
    return found


@pytest.mark.parametrize("phase_s", [0.0, 0.4, 1.0, 1.7, 2.3, 2.9])
def test_from_the_fall_of_a_battery_to_the_verdict_it_takes_35_seconds_at_most(
    phase_s: float,
) -> None:
    falls_s = 1030.0 + phase_s
    found = play({0.0: 13.3, falls_s: 11.6}, falls_s)
    took_s = next(at_s for at_s, level in found if level <= HIBERNATE)
    assert EMPTY_FOR_S < took_s <= 35.0


@pytest.mark.parametrize("phase_s", [0.0, 0.4, 1.0, 1.7, 2.3, 2.9])
def test_a_surge_of_thirty_seconds_stops_nothing_however_often_it_is_seen(phase_s: float) -> None:
    falls_s = 1030.0 + phase_s
    found = play({0.0: 13.3, falls_s: 11.6, falls_s + EMPTY_FOR_S: 13.1}, falls_s)
    assert {level for _, level in found} == {FULL}
