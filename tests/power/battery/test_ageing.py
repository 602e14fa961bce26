"""How a battery ages: throughput, a learned capacity, and how long it has not been full."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest

from appliance.model import BatteryAge, ChargeStage, PowerReading, Stamp
from appliance.settings import BatterySettings, Chemistry
from power.battery import estimator
from power.battery.ageing import AgeCounter
from power.battery.estimate import Estimate
from tests.stand_ins.fakes import START

LFP = BatterySettings(capacity_wh=1280.0, nominal_voltage_v=12.8)
LEAD = BatterySettings(Chemistry.AGM, 1200.0, 12.0)
STEP_S = 60.0


@dataclass
class Battery:
    """A real battery of `true_ah` behind the product's own estimator; its voltages are its own."""

    settings: BatterySettings = LFP
    true_ah: float = 100.0
    charge_ah: float = 100.0
    celsius: float = 26.0
    share: float | None = None
    now: Stamp = field(default_factory=lambda: Stamp(START, "b", 1000.0))
    estimate: Estimate | None = None
    random: Random = field(default_factory=lambda: Random(1))
    counter: AgeCounter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = AgeCounter(self.settings)

    @property
    def age(self) -> BatteryAge:
        assert self.counter.age is not None
        return self.counter.age

    def flow(self, amps: float, hours: float, *, volts: float | None = None) -> None:
        """That current for so long, a reading each minute."""
        for _ in range(int(hours * 3600 / STEP_S)):
            self.charge_ah = min(self.true_ah, max(0.0, self.charge_ah + amps * STEP_S / 3600))
            self.wait(STEP_S)
            self.read(amps, volts)

    def read(self, amps: float | None, volts: float | None = None) -> None:
        """With the noise of a real meter: what stays exactly the same is a frozen one."""
        seen_v = (self.find_v() if volts is None else volts) + self.random.gauss(0, 0.003)
        amps = None if amps is None else amps + self.random.gauss(0, 0.02)
        stage = ChargeStage.ABSORPTION if seen_v > 14.0 else ChargeStage.BULK
        sun_w = max(0.0, 5.0 + (amps or 0.0) * seen_v)
        reading = PowerReading(
            self.now, "t", sun_w, 30.0, seen_v, amps, self.celsius, 5.0, stage, None
        )
        reading = replace(reading, discharge_share=self.share)
        self.estimate = estimator.update(self.estimate, reading, self.settings)
        self.counter.count(self.estimate, self.now)

    def wait(self, seconds: float) -> None:
        at = self.now
        later = at.utc + timedelta(seconds=seconds)
        self.now = replace(at, utc=later, uptime_s=at.uptime_s + seconds)

    def find_v(self) -> float:
        """Flat in the middle, and falling at the end, as LFP is."""
        share = self.charge_ah / self.true_ah
        return 11.5 if share <= 0.03 else 12.6 if share < 0.08 else 13.15

    def fill(self) -> None:
        """Charging current, then a tail at the charger's voltage."""
        for step in range(24):
            self.flow(10.0, 0.05, volts=13.2 + step / 24)
        self.charge_ah = self.true_ah
        self.flow(5.0, 0.2, volts=14.2)
        self.flow(1.0, 0.3, volts=14.2)

    def empty(self) -> None:
        """Down to the knee, and slowly over it."""
        self.flow(-20.0, 0.97 * self.true_ah / 20.0)
        self.flow(-5.0, 0.2)


def test_what_flows_in_and_out_is_summed() -> None:
    battery = Battery()
    battery.fill()
    charged_ah = battery.age.charged_ah
    battery.flow(-20.0, 2.0)
    battery.flow(10.0, 1.0)
    assert battery.age.discharged_ah == pytest.approx(40.0, abs=0.5)
    assert battery.age.charged_ah - charged_ah == pytest.approx(10.0, abs=0.5)


@pytest.mark.parametrize("true_ah", [100.0, 80.0, 60.0])
def test_the_capacity_is_learned_from_full_to_empty(true_ah: float) -> None:
    battery = Battery(true_ah=true_ah)
    for _ in range(4):
        battery.fill()
        battery.empty()
        battery.flow(5.0, 0.5, volts=13.0)
    battery.fill()
    assert battery.age.capacity_ah == pytest.approx(true_ah, rel=0.05)
    assert battery.age.capacity_sigma_ah is not None
    assert battery.age.capacity_sigma_ah < 5.0


def test_a_pack_that_is_away_is_no_lost_capacity() -> None:
    battery = Battery(share=1.0)
    battery.fill()
    battery.flow(-20.0, 0.1)
    battery.share, battery.true_ah, battery.charge_ah = 0.5, 50.0, 50.0
    for _ in range(3):
        battery.empty()
        battery.flow(5.0, 0.5, volts=13.0)
        battery.fill()
    assert battery.age.capacity_ah is None


def test_one_discharge_counts_once_however_long_it_stays_empty() -> None:
    battery = Battery(true_ah=60.0)
    battery.fill()
    battery.empty()
    battery.flow(-0.5, 1.0)
    battery.fill()
    once = battery.age.capacity_ah
    assert once is not None
    assert 60.0 < once < 66.0
    assert battery.age.capacity_sigma_ah == pytest.approx(2.4, abs=0.5), "not of sixty readings"


def test_a_shallow_cycle_a_cold_one_and_one_with_a_silence_teach_nothing() -> None:
    shallow, cold, silent = Battery(), Battery(true_ah=60.0, celsius=2.0), Battery(true_ah=60.0)
    for battery in (shallow, cold, silent):
        battery.fill()
    shallow.flow(-20.0, 1.0)
    cold.flow(-20.0, 3.0)
    silent.flow(-20.0, 1.0)
    silent.wait(3600.0)
    silent.flow(-20.0, 2.0)
    for battery in (shallow, cold, silent):
        battery.fill()
        assert battery.age.capacity_ah is None


def test_one_lost_reading_does_not_spoil_a_measurement() -> None:
    battery = Battery(true_ah=60.0)
    battery.fill()
    battery.flow(-20.0, 1.0)
    battery.wait(STEP_S)
    battery.read(None)
    battery.flow(-20.0, 2.0)
    battery.fill()
    assert battery.age.capacity_ah is not None


@pytest.mark.parametrize(
    ("settings", "days", "words"), [(LEAD, 30, "sulphates"), (LFP, 90, "balanced")]
)
def test_a_battery_that_is_not_full_for_too_long_is_a_fault(
    settings: BatterySettings, days: int, words: str
) -> None:
    battery = Battery(settings)
    for day in range(days + 2):
        battery.read(-1.0, 12.9 if settings is LFP else 12.4)
        assert bool(battery.counter.find_faults()) is (day > days), day
        battery.wait(86_400.0)
    (fault,) = battery.counter.find_faults()
    assert words in str(fault)
    assert f"for {days + 1} days (at most {days})" in str(fault)


def test_a_full_charge_ends_the_fault() -> None:
    battery = Battery()
    battery.read(-1.0)
    battery.wait(100 * 86_400.0)
    battery.read(-1.0)
    assert battery.counter.find_faults() != []
    battery.fill()
    assert battery.counter.find_faults() == []


def test_a_wall_clock_that_jumps_ahead_makes_no_fault() -> None:
    battery = Battery()
    battery.read(-1.0)
    battery.now = replace(battery.now, utc=START.replace(year=2090))
    battery.wait(60.0)
    battery.read(-1.0)
    assert battery.counter.find_faults() == []


def test_after_a_restart_the_counts_go_on() -> None:
    battery = Battery()
    battery.fill()
    battery.flow(-20.0, 2.0)
    stored = replace(battery.age, capacity_ah=90.0, capacity_sigma_ah=3.0)
    later = Battery(now=battery.now, charge_ah=60.0)
    later.flow(-20.0, 0.5)
    later.counter.resume(stored)
    assert later.age.discharged_ah == pytest.approx(50.0, abs=1.0)
    assert later.age.since == stored.since
    assert later.age.capacity_ah == 90.0
    assert later.age.drawn_since_full_ah is None
    assert later.age.since_full_s == pytest.approx(2.5 * 3600, abs=200)
