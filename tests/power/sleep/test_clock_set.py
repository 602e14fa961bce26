"""The clocks are set between the arming of a wake and the order to sleep: the wake still comes.

The computer's clock is a directory of files, as in /sys/class/rtc, behind the real `Rtc`.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.process.rtc import Rtc
from appliance.settings import Settings, SleepMode
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.sleep_unit import EMPTY, LOW, SleepUnit, change_host, make_unit_at_sunset

TWO_YEARS = timedelta(days=731)


class ClockedUnit:
    """A unit at sunset, its clocks two years ahead; the check-in brings the network."""

    def __init__(self, unit: SleepUnit, directory: Path) -> None:
        self.unit, self._directory = unit, directory
        directory.mkdir()
        (directory / "wakealarm").write_text("")
        unit.clock.set_wall_clock(unit.clock.utc + TWO_YEARS)
        self.set_rtc(unit.clock.utc)
        unit.alarm = Rtc(directory)  # type: ignore[assignment]

    def set_rtc(self, utc: datetime) -> None:
        (self._directory / "since_epoch").write_text(str(round(utc.timestamp())))

    def correct(self, *, wall: bool = True, rtc: bool = True) -> None:
        """A time server answers; the kernel then sets the computer's clock too."""
        right = self.unit.clock.utc - TWO_YEARS
        if wall:
            self.unit.clock.set_wall_clock(right)
        if rtc:
            self.set_rtc(right)

    def find_wait(self) -> timedelta:
        """How long until the computer's clock wakes the unit."""
        alarm, now = (
            int((self._directory / name).read_text()) for name in ("wakealarm", "since_epoch")
        )
        return timedelta(seconds=alarm - now)


@pytest.fixture
def clocked(
    clock: FakeClock, settings: Settings, open_store: OpenStore, tmp_path: Path
) -> ClockedUnit:
    unit = make_unit_at_sunset(clock, settings, open_store("power"))
    return ClockedUnit(unit, tmp_path / "rtc")


@pytest.mark.parametrize("sleep", [SleepMode.SUSPEND, SleepMode.POWER_OFF])
@pytest.mark.parametrize(("wall", "rtc"), [(True, True), (False, True), (True, False)])
def test_a_clock_that_is_set_before_the_order_to_sleep_has_the_wake_armed_anew(
    clocked: ClockedUnit, sleep: SleepMode, *, wall: bool, rtc: bool
) -> None:
    unit = clocked.unit
    change_host(unit, checkin="appliance-checkin.service", sleep=sleep)
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(310)
    assert unit.pid_one.orders == ["run appliance-checkin.service"]
    clocked.correct(wall=wall, rtc=rtc)
    unit.pass_time(200)
    assert unit.pid_one.orders[-1] in ("suspend", "poweroff")
    assert timedelta(hours=1) < clocked.find_wait() < timedelta(hours=24)
    newest = unit.sleeps()[-1]
    assert newest.wakes is not None
    assert timedelta() < newest.wakes - unit.clock.utc < timedelta(hours=24)


@pytest.mark.parametrize("by_voltage", [False, True])
def test_a_clock_that_is_set_before_a_power_off_has_the_wake_armed_anew(
    clocked: ClockedUnit, *, by_voltage: bool
) -> None:
    unit = clocked.unit
    change_host(unit, checkin="appliance-checkin.service", may_power_off=True)
    unit.verdict, unit.pct = EMPTY, 3.0
    unit.pass_time(10)
    assert not unit.goes_off()
    clocked.correct()
    unit.by_voltage = by_voltage
    unit.pass_time(10 if by_voltage else 90)
    assert unit.goes_off()
    assert timedelta(hours=1) < clocked.find_wait() < timedelta(hours=24)


def test_a_clock_that_nobody_sets_costs_no_second_preparation(clocked: ClockedUnit) -> None:
    unit = clocked.unit
    unit.restart()
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(400)
    assert unit.pid_one.orders.count("suspend") == 1
    assert len(unit.sleeps()) == 1
    assert unit.sleeps()[0].stamp.utc > datetime(2028, 1, 1, tzinfo=UTC)
