"""The estimator against a simulated battery whose true charge is known to the test alone."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from appliance.chemistry import compute_capacity_ah, find_resistance_ohm
from appliance.chemistry.lfp import LFP
from appliance.chemistry.profile import interpolate
from appliance.model import BatteryState, ChargeStage, PowerReading
from appliance.settings import BatterySettings, Chemistry
from power.battery import estimator
from power.battery.estimate import COUNTED, CountCapacity, Estimate
from power.battery.estimator import update
from power.battery.synchronise import SYNCHRONISED_EMPTY, SYNCHRONISED_FULL
from power.battery.voltage_curve import estimate_from_voltage
from tests.stand_ins.fakes import FakeClock

PACK = BatterySettings()  # 2560 Wh, 12.8 V LFP: 200 Ah
LEAD = replace(PACK, chemistry=Chemistry.LEAD_ACID, nominal_voltage_v=12.0)
OPEN_CIRCUIT = [(charge, volts) for volts, _, charge, _ in LFP.rested.points]


@dataclass
class TruePack:
    """An LFP pack, a charger that holds 14.2 V, a current sensor that lies by `offset_a`."""

    clock: FakeClock
    charge_pct: float
    offset_a: float = 0.0
    temperature_c: float | None = 20.0

    def after(self, seconds: float, wanted_a: float) -> PowerReading:
        """Time passes with `wanted_a` into the pack (less where the charger throttles)."""
        held_a = (14.2 - 4 * self.open_circuit_v()) / find_resistance_ohm(PACK)
        current_a = min(wanted_a, max(0.0, held_a)) if wanted_a > 0 else wanted_a
        if self.charge_pct >= 100:
            current_a = min(current_a, 1.0)
        self.clock.advance(seconds)
        moved = current_a * seconds / 3600 / compute_capacity_ah(PACK) * 100
        self.charge_pct = min(100.0, max(0.0, self.charge_pct + moved))
        volts = 4 * self.open_circuit_v() + current_a * find_resistance_ohm(PACK)
        full = self.charge_pct >= 100 and current_a > 0
        return a_reading(
            self.clock,
            volts=14.2 if full else volts,
            amps=current_a + self.offset_a,
            celsius=self.temperature_c,
        )

    def open_circuit_v(self) -> float:
        return interpolate(OPEN_CIRCUIT, self.charge_pct)


def a_reading(
    clock: FakeClock,
    volts: float | None = 13.1,
    amps: float | None = 0.0,
    celsius: float | None = 25.0,
    stage: ChargeStage | None = ChargeStage.BULK,
) -> PowerReading:
    return PowerReading(
        stamp=clock.stamp(),
        device="test",
        pv_power_w=None,
        pv_voltage_v=None,
        battery_voltage_v=volts,
        battery_current_a=amps,
        battery_temperature_c=celsius,
        load_power_w=None,
        charge_stage=stage,
        yield_today_wh=None,
    )


def make_estimate(clock: FakeClock, charge_pct: float, sigma_pct: float) -> Estimate:
    return Estimate(clock.stamp(), charge_pct, sigma_pct, COUNTED, current_a=0.0)


def state_of(
    estimate: Estimate | None, reading: PowerReading | None, clock: FakeClock
) -> BatteryState:
    return estimator.report_state(estimate, reading, PACK, clock.stamp())


def days_of_weather(seed: int, days: int, step_s: float) -> Iterator[float]:
    """Battery current (A): 3 A out all the time, sun by day, each hour with clouds of its own."""
    weather = random.Random(seed)
    clouds = [weather.uniform(0.3, 1) for _ in range(days * 24)]
    for step in range(int(days * 86_400 / step_s)):
        hour = step * step_s / 3600
        sun = max(0.0, math.sin((hour % 24 - 6) / 12 * math.pi))
        yield 30 * sun * clouds[int(hour)] - 3


@pytest.mark.parametrize("offset_a", [-0.2, 0.0, 0.2])
@pytest.mark.parametrize("step_s", [60.0, 200.0])
def test_the_count_stays_within_three_sigma_of_the_truth_for_five_days(
    clock: FakeClock, offset_a: float, step_s: float
) -> None:
    pack = TruePack(clock, charge_pct=45.0, offset_a=offset_a)
    estimate = update(None, pack.after(step_s, -2.0), PACK)
    worst, methods = 0.0, set()
    for wanted_a in days_of_weather(seed=7, days=5, step_s=step_s):
        estimate = update(estimate, pack.after(step_s, wanted_a), PACK)
        assert estimate is not None
        worst = max(worst, abs(estimate.charge_pct - pack.charge_pct) / estimate.sigma_pct)
        methods.add(estimate.method)
    assert worst < 3
    assert SYNCHRONISED_FULL in methods


def test_a_full_battery_corrects_a_drifted_count(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 62.0, 12.0)
    for _ in range(40):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=14.1, amps=2.0), PACK)
    assert estimate is not None
    assert (estimate.charge_pct, estimate.sigma_pct, estimate.method) == (100, 1, SYNCHRONISED_FULL)


def test_a_weak_sun_on_a_half_full_battery_is_not_taken_for_full(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 55.0, 3.0)
    for _ in range(120):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=13.3, amps=1.5), PACK)
    assert estimate is not None
    assert estimate.charge_pct < 57


@pytest.mark.parametrize(
    ("volts", "minutes", "synchronised"), [(13.5, 31, True), (13.5, 20, False), (13.3, 31, False)]
)
def test_float_counts_as_full_after_half_an_hour_at_a_floating_voltage(
    clock: FakeClock, volts: float, minutes: int, synchronised: bool
) -> None:
    estimate: Estimate | None = make_estimate(clock, 80.0, 2.0)
    for step in range(18 + minutes * 6):
        clock.advance(10)
        seen_v, amps = (14.1, 2.0) if step < 18 else (volts, 0.0)
        reading = a_reading(clock, volts=seen_v, amps=amps, stage=ChargeStage.FLOAT)
        estimate = update(estimate, reading, PACK)
    assert estimate is not None
    assert (estimate.method == SYNCHRONISED_FULL) is synchronised


@pytest.mark.parametrize(("celsius", "amps"), [(-5.0, 1.0), (None, 0.0)])
def test_a_charger_shut_out_by_a_cold_battery_is_not_taken_for_a_full_one(
    clock: FakeClock, celsius: float | None, amps: float
) -> None:
    """The BMS has cut the charge: charger's voltage, no current. The cells are half empty."""
    estimate: Estimate | None = make_estimate(clock, 50.0, 3.0)
    for _ in range(90):
        clock.advance(10)
        reading = a_reading(clock, volts=14.4, amps=amps, celsius=celsius)
        estimate = update(estimate, reading, PACK)
    assert estimate is not None
    assert estimate.method != SYNCHRONISED_FULL


def test_the_voltage_floor_under_load_sets_an_optimistic_count_to_empty(
    clock: FakeClock,
) -> None:
    estimate: Estimate | None = make_estimate(clock, 40.0, 3.0)
    for _ in range(32):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=11.5, amps=-8.0), PACK)
    assert estimate is not None
    assert estimate.method == SYNCHRONISED_EMPTY
    assert estimate.charge_pct <= 5


@pytest.mark.parametrize(("volts", "empty"), [(10.9, False), (10.3, True)])
def test_an_inverter_for_ten_minutes_makes_no_charged_battery_empty(
    clock: FakeClock, volts: float, empty: bool
) -> None:
    """120 A take 1.2 V at least: 10.9 V are 12.1 V of the cells, 10.3 V are 11.5 V, and empty."""
    estimate: Estimate | None = make_estimate(clock, 60.0, 3.0)
    for _ in range(60):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=volts, amps=-120.0), PACK)
    assert estimate is not None
    assert (estimate.method == SYNCHRONISED_EMPTY) is empty


@pytest.mark.parametrize(("amps", "volts", "charge_pct"), [(-70.0, 10.8, 33.0), (-8.0, 11.5, 18.0)])
def test_a_battery_that_is_empty_from_cold_still_holds_what_is_unavailable_in_the_cold(
    clock: FakeClock, amps: float, volts: float, charge_pct: float
) -> None:
    """At a low rate it is empty later: less is left."""
    estimate: Estimate | None = make_estimate(clock, 60.0, 3.0)
    for _ in range(32):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=volts, amps=amps, celsius=-20.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == pytest.approx(charge_pct)
    assert state_of(estimate, None, clock).energy_wh == pytest.approx(0.03 * 2560)


@pytest.mark.parametrize("chemistry", [Chemistry.LFP, Chemistry.AGM])
def test_an_empty_battery_in_the_cold_has_no_more_than_was_counted(
    clock: FakeClock, chemistry: Chemistry
) -> None:
    battery = replace(PACK, chemistry=chemistry, nominal_voltage_v=12.0, cells=None)
    volts = 11.3 if chemistry is Chemistry.LFP else 10.8
    estimate: Estimate | None = make_estimate(clock, 15.0, 3.0)
    for _ in range(60):
        clock.advance(10)
        reading = a_reading(clock, volts=volts, amps=-12.0, celsius=-20.0)
        estimate = update(estimate, reading, battery)
    assert estimate is not None
    assert estimate.charge_pct < 15


def test_a_rested_voltage_overrules_a_count_that_cannot_be_true(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 70.0, 3.0)
    for _ in range(65):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=12.4, amps=-1.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct < 20


def test_the_flat_middle_of_lfp_does_not_move_a_good_count(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 30.0, 4.0)
    for _ in range(200):
        clock.advance(10)
        estimate = update(estimate, a_reading(clock, volts=13.16, amps=0.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == pytest.approx(30.0)


def test_the_first_estimate_takes_the_load_off_the_voltage(clock: FakeClock) -> None:
    rested = estimate_from_voltage(13.0, 0.0, PACK)
    loaded = estimate_from_voltage(13.0 - 20 * find_resistance_ohm(PACK), -20.0, PACK)
    assert loaded.charge_pct == pytest.approx(rested.charge_pct)
    assert loaded.sigma_pct > rested.sigma_pct
    first = update(None, a_reading(clock, volts=13.0, amps=0.0), PACK)
    assert first is not None
    assert first.charge_pct == rested.charge_pct


def test_an_absent_voltage_sent_as_zero_gives_no_first_estimate(clock: FakeClock) -> None:
    assert update(None, a_reading(clock, volts=0.0), PACK) is None
    state = state_of(None, None, clock)
    assert state.state_of_charge_pct is None
    assert state.energy_wh is None


def test_a_silence_is_counted_as_if_the_loads_went_on_and_half_of_that_is_its_sigma(
    clock: FakeClock,
) -> None:
    clock.advance(10)
    start = update(make_estimate(clock, 60.0, 2.0), a_reading(clock, amps=-10.0), PACK)
    assert start is not None
    known = CountCapacity(1.0, 0.0)
    start = replace(start, current_a=-10.0, charge_pct=60.0, sigma_pct=2.0, capacity=known)
    clock.advance(5 * 3600)
    silent = state_of(start, None, clock)
    assert silent.state_of_charge_pct == pytest.approx(60.0 - 25.0)  # 10 A of 200 Ah
    assert silent.sigma_pct == pytest.approx(math.hypot(2.0, 12.5))
    after = update(start, a_reading(clock, volts=13.0, amps=-10.0), PACK)
    assert after is not None
    assert after.charge_pct == pytest.approx(35.0)
    assert after.sigma_pct == pytest.approx(math.hypot(2.0, 12.5), abs=0.1)


def test_readings_200_s_apart_count_like_readings_10_s_apart() -> None:
    def discharged(step_s: float) -> float:
        clock = FakeClock()
        estimate: Estimate | None = make_estimate(clock, 80.0, 2.0)
        for step in range(int(7200 / step_s)):
            clock.advance(step_s)
            amps = -20.0 + 0.01 * (step % 3 - 1)  # a meter that never moves is frozen
            estimate = update(estimate, a_reading(clock, amps=amps), PACK)
        assert estimate is not None
        return estimate.charge_pct

    assert discharged(200) == pytest.approx(60.0, abs=0.4)
    assert discharged(10) == pytest.approx(60.0, abs=0.4)


def test_the_wall_clock_may_jump_without_moving_the_count(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 60.0, 2.0)
    clock.advance(10)
    clock.set_wall_clock(clock.utc.replace(year=2031))
    estimate = update(estimate, a_reading(clock, amps=-5.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == pytest.approx(60.0, abs=0.05)


@pytest.mark.parametrize("amps", [606.0, float("nan"), None])
def test_an_impossible_current_is_silence(clock: FakeClock, amps: float | None) -> None:
    estimate = make_estimate(clock, 60.0, 2.0)
    clock.advance(10)
    after = update(estimate, a_reading(clock, amps=amps), PACK)
    assert after is not None
    assert after.charge_pct == 60.0
    assert after.counted_at == estimate.counted_at


def stored(clock: FakeClock, charge_pct: float, sigma_pct: float) -> BatteryState:
    return state_of(make_estimate(clock, charge_pct, sigma_pct), None, clock)


def test_a_restart_goes_on_from_the_stored_state(clock: FakeClock) -> None:
    before = stored(clock, 71.0, 2.0)
    clock.advance(60)
    estimate = estimator.restore(before, clock.stamp(), clock_went_on=True)
    assert estimate is not None
    assert (estimate.charge_pct, estimate.method) == (71.0, estimator.RESTORED)
    estimate = update(estimate, a_reading(clock, amps=-12.0), PACK)
    assert estimate is not None
    assert estimate.charge_pct == pytest.approx(71.0 - 0.1)


def test_a_boot_adds_uncertainty_and_a_lost_wall_clock_adds_the_most(clock: FakeClock) -> None:
    before = stored(clock, 71.0, 2.0)
    clock.reboot(down_s=30)
    quick = estimator.restore(before, clock.stamp(), clock_went_on=True)
    clock.set_wall_clock(clock.utc.replace(year=1990))
    lost = estimator.restore(before, clock.stamp(), clock_went_on=True)
    assert quick is not None
    assert lost is not None
    assert quick.sigma_pct == 5.0
    assert lost.sigma_pct == 30.0


@pytest.mark.parametrize("off_s", [20, 600, 12 * 86_400])
def test_a_clock_that_stood_still_without_power_says_nothing_of_how_long_that_was(
    clock: FakeClock, off_s: float
) -> None:
    before, saved = stored(clock, 62.0, 4.0), clock.utc
    clock.reboot(down_s=off_s)
    clock.set_wall_clock(saved + timedelta(seconds=20))
    restored = estimator.restore(before, clock.stamp(), clock_went_on=False)
    assert restored is not None
    assert restored.sigma_pct == 30.0


def test_a_full_charge_that_is_yet_to_come_is_unknown(clock: FakeClock) -> None:
    before = replace(stored(clock, 62.0, 4.0), full_at=clock.utc + timedelta(days=730))
    restored = estimator.restore(before, clock.stamp(), clock_went_on=True)
    assert restored is not None
    assert restored.full_at is None


def test_a_unit_that_slept_through_a_sunny_day_is_corrected_by_the_voltage_it_wakes_to(
    clock: FakeClock,
) -> None:
    before = stored(clock, 8.0, 2.0)
    clock.reboot(down_s=9 * 3600)
    estimate = update(
        estimator.restore(before, clock.stamp(), clock_went_on=True),
        a_reading(clock, volts=13.45),
        PACK,
    )
    assert estimate is not None
    assert estimate.charge_pct - estimate.sigma_pct > 60


@pytest.mark.parametrize(
    ("pack", "celsius", "blocked"),
    [(PACK, -0.5, True), (PACK, 0.5, False), (PACK, None, False), (LEAD, -5.0, False)],
)
def test_charge_is_blocked_only_by_known_cold_in_lfp(
    clock: FakeClock, pack: BatterySettings, celsius: float | None, blocked: bool
) -> None:
    estimate = update(None, a_reading(clock, volts=12.8, celsius=celsius), pack)
    assert estimator.report_state(estimate, None, pack, clock.stamp()).charge_blocked is blocked


def test_cold_leaves_less_to_draw_and_less_time_to_go(clock: FakeClock) -> None:
    def state(celsius: float) -> BatteryState:
        reading = a_reading(clock, volts=12.8, amps=-10.0, celsius=celsius)
        return state_of(replace(make_estimate(clock, 50, 1), temperature_c=celsius), reading, clock)

    warm, cold = state(25.0), state(-20.0)
    assert warm.energy_wh == pytest.approx(1280)
    assert warm.time_to_go_s == pytest.approx(36_000)
    assert cold.energy_wh == pytest.approx(1280 - 0.3 * 2560)
    assert cold.time_to_go_s == pytest.approx(14_400)


def test_there_is_no_time_to_go_while_charging(clock: FakeClock) -> None:
    assert (
        state_of(make_estimate(clock, 50, 1), a_reading(clock, amps=3.0), clock).time_to_go_s
        is None
    )


@pytest.mark.parametrize(("volts", "charge"), [(12.73, 100), (12.24, 50), (11.88, 0)])
def test_a_rested_lead_acid_voltage_shows_its_charge(volts: float, charge: float) -> None:
    assert estimate_from_voltage(volts, 0.0, LEAD).charge_pct == pytest.approx(charge, abs=2)
