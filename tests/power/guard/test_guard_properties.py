"""Whatever is said to the guard: it never raises, and worse news never allows more."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from tests.power.guard.test_guard import SETTINGS, GuardRun, a_reading, a_state
from tests.stand_ins.fakes import FakeClock

CELLS = 4
MOST_AT_12_7_V_PCT = derive_limits(SETTINGS.battery, SETTINGS.energy).cell.rested.find_most_pct(
    12.7 / CELLS
)

FLOOR_V = 12.0  # four LFP cells

anything = st.one_of(st.none(), st.floats())

volts_received = st.one_of(anything, st.floats(8, 17))
charges = st.one_of(anything, st.sampled_from([0.0, 50.0, 100.0, 606.0]))


@st.composite
def observations(
    draw: st.DrawFn,
) -> tuple[float, bool, float | None, float | None, float | None, float]:
    """Seconds since the last look, whether the charger answers, volts, amps, charge, sigma."""
    waited_s = draw(st.sampled_from([1.0, 10.0, 60.0, 700.0, 5000.0]))
    answers = draw(st.booleans())
    sigma = draw(st.floats(allow_nan=True))
    return waited_s, answers, draw(volts_received), draw(anything), draw(charges), sigma


@given(st.lists(observations(), max_size=30))
def test_no_sequence_gets_loads_past_a_voltage_that_stays_below_the_floor(
    sequence: list[tuple[float, bool, float | None, float | None, float | None, float]],
) -> None:
    run = GuardRun(FakeClock())
    low_since_s = None
    for waited_s, answers, volts, amps, charge, sigma in sequence:
        run.clock.advance(waited_s)
        verdict = run.look(volts, amps, charge, sigma, answers)
        received = answers and volts is not None and 8 <= volts <= 17
        if received and volts is not None:
            if volts >= FLOOR_V:
                low_since_s = None
            elif low_since_s is None:
                low_since_s = run.clock.uptime_s
        if low_since_s is not None and run.clock.uptime_s - low_since_s >= 30:
            assert verdict.max_level <= EnergyLevel.HIBERNATE
            charged = amps is not None and amps > 2  # C/100
            if received and (not charged or run.clock.uptime_s - low_since_s >= 600):
                assert verdict.power_off


@given(observations(), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_silence_never_allows_more(
    look: tuple[float, bool, float | None, float | None, float | None, float], a: float, b: float
) -> None:
    clock = FakeClock()
    clock.advance(1e6)  # no silence is longer than the boot
    _, answers, volts, amps, charge, sigma = look
    reading = a_reading(clock, volts, amps) if answers else None
    battery = a_state(clock, charge, sigma)

    def allowed(age_s: float | None) -> tuple[EnergyLevel, bool]:
        _, verdict = judge(
            GuardState(), reading, age_s, battery, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        return verdict.max_level, verdict.may_rise

    assert allowed(max(a, b)) <= allowed(min(a, b))
    assert allowed(None) <= allowed(max(a, b))


@given(st.floats(0, 100), st.floats(0, 50), st.one_of(st.none(), st.floats(-50, 50)))
def test_no_load_runs_on_a_charge_that_may_be_below_the_floor(
    charge: float, sigma: float, amps: float | None
) -> None:
    verdict = GuardRun(FakeClock()).look(charge=charge, sigma=sigma, amps=amps, volts=12.6)
    if charge - sigma < SETTINGS.energy.off_below_pct:
        assert verdict.max_level <= EnergyLevel.HIBERNATE
        assert verdict.power_off or (amps is not None and amps > 2)


numbers = st.one_of(st.none(), st.floats(), st.sampled_from([13.0, 12.3, 11.9, 3.3, 2.9, 50.0]))


@st.composite
def readings(draw: st.DrawFn, clock: FakeClock) -> PowerReading:
    """Anything that the type allows."""
    return PowerReading(
        replace(clock.stamp(), uptime_s=draw(st.floats()))
        if draw(st.booleans())
        else clock.stamp(),
        "test",
        pv_power_w=draw(numbers),
        pv_voltage_v=draw(numbers),
        battery_voltage_v=draw(numbers),
        battery_current_a=draw(numbers),
        battery_temperature_c=draw(numbers),
        load_power_w=draw(numbers),
        charge_stage=draw(st.sampled_from([None, *ChargeStage])),
        yield_today_wh=None,
        lowest_cell_voltage_v=draw(numbers),
        charge_allowed=draw(st.sampled_from([None, True, False])),
        ages_s=draw(st.dictionaries(st.sampled_from(FIELDS), st.floats(), max_size=2)),
    )


STRANGE_DAYS = (datetime(1970, 1, 1), datetime.max, datetime.max.replace(tzinfo=UTC))  # noqa: DTZ001, DTZ901


@st.composite
def battery_states(draw: st.DrawFn, clock: FakeClock) -> BatteryState:
    full_at = draw(st.sampled_from([None, clock.utc, *STRANGE_DAYS]))
    return BatteryState(
        clock.stamp(),
        draw(st.one_of(numbers, st.floats(0, 100))),
        draw(st.one_of(numbers, st.floats(0, 20))),
        draw(numbers),
        draw(st.one_of(st.floats(), st.just(2560.0), st.just(0.0))),
        draw(numbers),
        draw(st.booleans()),
        "counted",
        full_at=full_at,
    )


FIELDS = ("battery_voltage_v", "lowest_cell_voltage_v", "battery_current_a")


@settings(max_examples=50)
@given(st.data())
def test_no_values_make_it_raise_or_judge_without_a_reason(
    data: st.DataObject,
) -> None:
    clock, state = FakeClock(), GuardState()
    for _ in range(data.draw(st.integers(1, 6))):
        clock.advance(data.draw(st.sampled_from([0.0, 10.0, 400.0, 4000.0, 1e5])))
        reading = data.draw(st.one_of(st.none(), readings(clock)))
        battery = data.draw(st.one_of(st.none(), battery_states(clock)))
        age_s = data.draw(numbers)
        state, verdict = judge(
            state, reading, age_s, battery, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        assert verdict.reason
        assert verdict.power_off == (verdict.max_level is EnergyLevel.OFF)


def rank(verdict: Verdict) -> tuple[EnergyLevel, bool]:
    return verdict.max_level, verdict.may_rise


def after(sequence: list[float], clock: FakeClock) -> GuardState:
    """What the guard remembers of these voltages, a minute apart."""
    state = GuardState()
    for volts in sequence:
        battery = a_state(clock, 90, 2)
        reading = a_reading(clock, volts, -2.0)
        state, _ = judge(
            state, reading, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        clock.advance(60)
    return state


@given(
    st.lists(st.sampled_from([11.8, 12.2, 12.45, 13.0]), max_size=7),
    st.floats(7.7, 17),
    st.floats(7.7, 17),
    st.floats(0, 100),
    st.sampled_from([-2.0, 5.0]),
)
def test_a_lower_voltage_never_allows_more(
    sequence: list[float], a: float, b: float, charge: float, amps: float
) -> None:
    """Of two new voltages: one exactly as before proves nothing new (test_dead_reckoning)."""
    assume(not {a, b} & set(sequence[-1:]))
    clock = FakeClock()
    state = after(sequence, clock)

    def allowed(volts: float) -> tuple[EnergyLevel, bool]:
        battery = a_state(clock, charge, 5)
        reading = a_reading(clock, volts, amps)
        return rank(
            judge(state, reading, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True)[1]
        )

    assert allowed(min(a, b)) <= allowed(max(a, b))


@given(
    st.lists(st.sampled_from([11.8, 12.2, 12.45, 13.0]), max_size=7),
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(0, 50),
    st.one_of(st.none(), st.floats(0, 40)),
)
def test_a_lower_charge_never_allows_more(
    sequence: list[float], a: float, b: float, sigma: float, hidden: float | None
) -> None:
    """Of two counts that the voltage allows, or of two that it contradicts: such a one is lost."""
    assume(not min(a, b) <= MOST_AT_12_7_V_PCT < max(a, b))
    clock = FakeClock()
    state = after(sequence, clock)

    def allowed(charge: float) -> tuple[EnergyLevel, bool]:
        left_wh = None if hidden is None else max(0.0, charge - hidden) / 100 * 2560
        battery = replace(a_state(clock, charge, sigma), energy_wh=left_wh)
        reading = a_reading(clock, 12.7, -2.0)
        return rank(
            judge(state, reading, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True)[1]
        )

    assert allowed(min(a, b)) <= allowed(max(a, b))


@pytest.mark.parametrize(
    ("charge_pct", "level"), [(10.0, EnergyLevel.HIBERNATE), (23.0, EnergyLevel.OFF)]
)
def test_a_voltage_speaks_against_a_power_off_only_where_it_agrees_with_the_count(
    charge_pct: float, level: EnergyLevel
) -> None:
    """Found at random: 14 % are hidden by cold, and at 12.7 V there cannot be 23 %."""
    clock = FakeClock()
    left_wh = max(0.0, charge_pct - 14) / 100 * 2560
    battery = replace(a_state(clock, charge_pct, 0.0), energy_wh=left_wh)
    verdict = judge(
        after([], clock),
        a_reading(clock, 12.7, -2.0),
        0.0,
        battery,
        SETTINGS,
        clock.stamp(),
        clock_confirmed=True,
    )[1]
    assert verdict.max_level is level


OF_READING = (
    "battery_voltage_v",
    "battery_current_a",
    "battery_temperature_c",
    "load_power_w",
    "lowest_cell_voltage_v",
    "pv_power_w",
    "pv_voltage_v",
)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("sun_w", [None, 50.0])
def test_what_is_no_number_allows_no_more_than_what_is_unknown(
    value: float, sun_w: float | None
) -> None:
    for name in (*OF_READING, "state_of_charge_pct", "sigma_pct", "energy_wh"):

        def judge_with(answer: float | None, name: str = name) -> list[tuple[EnergyLevel, bool]]:
            clock, state, seen = FakeClock(), GuardState(), []
            for _ in range(80):
                clock.advance(60)
                reading = replace(a_reading(clock, 12.9, -2.0), pv_power_w=sun_w)
                reading = replace(reading, charge_stage=ChargeStage.FLOAT)
                battery = a_state(clock, 90, 2)
                changed: dict[str, Any] = {name: answer if answer is None else float(str(answer))}
                if name in OF_READING:
                    reading = replace(reading, **changed)
                else:
                    battery = replace(battery, **changed)
                state, verdict = judge(
                    state, reading, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True
                )
                seen.append(rank(verdict))
            return seen

        assert all(
            one <= other for one, other in zip(judge_with(value), judge_with(None), strict=True)
        ), name
