"""The yield of the day of a controller whose clock is right, and of one whose day ends at noon."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from appliance.model import PowerReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from power.devices.epever import EpeverTracer
from power.protocol.line_health import LineHealth
from power.protocol.profile import Profile
from power.reading.day_yield import DayCounter, DayCounters
from power.reading.meters import Device, Meters
from tests.stand_ins.fakes import FakeClock

ZONE = timezone(timedelta(hours=2))
EVENING = datetime(2026, 4, 15, 18, 0, tzinfo=UTC)
SUNRISE, SUNSET = 6, 20  # local
PV_W = 60.0
STEP = timedelta(minutes=5)


class Controller:
    """A controller in steady sun, of which the day ends at `ends_at` local time."""

    def __init__(self, ends_at: int, utc: datetime = EVENING) -> None:
        self.ends_at = ends_at
        self.utc = utc
        self.uptime_s = 1000.0
        self.counter_wh = 0.0

    @property
    def local(self) -> datetime:
        return self.utc.astimezone(ZONE)

    def step(self) -> PowerReading:
        lit = SUNRISE <= self.local.hour < SUNSET
        before = self.local
        self.utc += STEP
        self.uptime_s += STEP.total_seconds()
        self.counter_wh += PV_W * STEP.total_seconds() / 3600 if lit else 0.0
        if before.hour != self.local.hour == self.ends_at:
            self.counter_wh = 0.0
        return self.make_reading(PV_W if lit else 0.0)

    def make_reading(self, pv_power_w: float) -> PowerReading:
        fields: dict[str, Any] = dict.fromkeys(PowerReading.__dataclass_fields__)
        fields |= {"quality": {}, "ages_s": {}, "device": "charger main"}
        fields |= {"stamp": Stamp(self.utc, "a", self.uptime_s), "pv_power_w": pv_power_w}
        return PowerReading(**{**fields, "yield_today_wh": self.counter_wh})


def run_until(controller: Controller, counter: DayCounter, local_hour: int) -> PowerReading:
    """Poll on until that local hour; the last reading."""
    while True:
        reading = counter.take(controller.step())
        if controller.local.hour == local_hour and controller.local.minute == 0:
            return reading


@pytest.mark.parametrize("ends_at", [0, 3, 23, SUNRISE])
def test_a_sound_clock_is_passed_on_and_no_fault(ends_at: int) -> None:
    controller, counter = Controller(ends_at), DayCounter(ZONE)
    for _ in range(3):
        reading = run_until(controller, counter, 18)
        assert reading.yield_today_wh == controller.counter_wh == pytest.approx(720, abs=70)
        assert counter.find_fault("charger main") is None


def test_a_day_that_ends_at_noon_is_counted_from_the_units_midnight_and_reported() -> None:
    controller, counter = Controller(12), DayCounter(ZONE)
    run_until(controller, counter, 13)
    for hour, counted_wh in ((14, 480), (19, 780), (23, 840), (5, 0), (9, 180), (18, 720)):
        reading = run_until(controller, counter, hour)
        assert reading.yield_today_wh == pytest.approx(counted_wh, abs=11), hour
    fault = str(counter.find_fault("charger main"))
    assert "charger main ended its day at 12:00 in full sun: its clock is off by hours" in fault


def test_a_midnight_that_the_unit_did_not_see_is_no_begin() -> None:
    controller, counter = Controller(12, EVENING + timedelta(hours=12)), DayCounter(ZONE)
    reading = run_until(controller, counter, 13)
    assert reading.yield_today_wh is None
    assert reading.quality["yield_today_wh"] is Quality.IMPLAUSIBLE


def test_a_unit_whose_own_clock_jumps_counts_from_the_next_midnight() -> None:
    controller, counter = Controller(12), DayCounter(ZONE)
    run_until(controller, counter, 14)
    controller.utc -= timedelta(hours=2)
    assert counter.take(controller.step()).yield_today_wh is None
    run_until(controller, counter, 1)
    assert run_until(controller, counter, 9).yield_today_wh == pytest.approx(180, abs=11)


def test_a_clock_that_was_set_right_ends_the_fault() -> None:
    controller, counter = Controller(12), DayCounter(ZONE)
    run_until(controller, counter, 13)
    assert counter.find_fault("charger main") is not None
    controller.ends_at = 0
    run_until(controller, counter, 1)
    assert counter.find_fault("charger main") is None


class ControllerMeter:
    """The meter of a controller, as far as `Meters` needs it."""

    def __init__(self, controller: Controller) -> None:
        self.profile: Profile = EpeverTracer()
        self.health = LineHealth()
        self.set_points: SetPoints | None = None
        self._controller = controller

    def read(self) -> PowerReading:
        return self._controller.step()


def test_the_units_reading_has_the_counted_yield_and_a_fault_beside_it(clock: FakeClock) -> None:
    controller = Controller(12)
    device = Device("charger", "main", ControllerMeter(controller))
    meters = Meters([device], clock, days=DayCounters(ZONE))
    faults: set[str] = set()
    while controller.utc < EVENING + timedelta(days=1):
        poll = meters.read()
        faults |= {error.code for error in poll.faults}
        clock.advance(STEP.total_seconds())
    assert poll.reading is not None
    assert poll.reading.yield_today_wh == pytest.approx(840, abs=11)
    assert "clock-charger-main" in faults
