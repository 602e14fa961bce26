"""A pack of another scale is found by what the sun gives more or less, beside unmeasured loads."""

import math

import pytest

from appliance.model import ChargeStage
from power.reading.checks import CheckedPoll
from power.reading.sun_slope import HOLDS_S, SunSlope
from tests.power.reading.polled_site import Site
from tests.power.reading.test_current_sign import Battery
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0


@pytest.fixture
def battery(clock: FakeClock) -> Battery:
    """Loads on the battery that nobody measures, a BMS that counts what it reports."""
    return Battery(Site(clock, loads_on_battery=True), counts_itself=True, charge_pct=30.0)


def spend_morning(
    battery: Battery, loads_a: float = 2.0, stage: ChargeStage = ChargeStage.BULK
) -> CheckedPoll:
    """Six hours of rising sun, up to 20 A, with loads that come and go."""
    for step in range(60):
        sun_a = 20 * math.sin(step / 60 * math.pi / 2)
        drawn_a = loads_a if step % 3 else 0.0
        polled = battery.spend(
            0.1,
            sun_a - drawn_a,
            pv_w=sun_a * 13.3 / 0.96,
            battery_current_a=sun_a,
            load_power_w=0.0,
            charge_stage=stage,
        )
    return polled


@pytest.mark.parametrize("share", [0.1, 10.0])
def test_a_pack_that_counts_a_tenth_or_tenfold_is_not_used(battery: Battery, share: float) -> None:
    battery.pack_share = share
    polled = spend_morning(battery)
    assert [fault.code for fault in polled.faults] == ["disagreement-bms-pack"]
    assert f"counts {share:.1g} A more or less for each ampere" in str(polled.faults[0])
    pack = polled.batteries["pack"]
    assert pack is not None
    assert (pack.current_a, pack.state_of_charge_pct) == (None, None)


@pytest.mark.parametrize("loads_a", [0.0, 5.0, -8.0])
def test_loads_and_a_charger_that_nobody_measures_change_no_slope(
    battery: Battery, loads_a: float
) -> None:
    assert spend_morning(battery, loads_a).faults == ()


@pytest.mark.parametrize("stage", [ChargeStage.ABSORPTION, ChargeStage.FLOAT])
def test_a_controller_that_takes_only_what_is_used_shows_no_slope(
    battery: Battery, stage: ChargeStage
) -> None:
    battery.pack_share = 0.1
    assert spend_morning(battery, stage=stage).faults == ()


def add_hours(slope: SunSlope, share: float, begin_h: int) -> None:
    """Twelve hours with a rising sun."""
    for hour in range(begin_h, begin_h + 12):
        sun_a = float(hour - begin_h)
        for half in (0, 1):
            slope.add(
                own_a=share * sun_a, sun_a=sun_a, seconds=HOUR / 2, now_s=(hour + half / 2) * HOUR
            )


def test_a_slope_holds_for_a_day_or_until_another_one_shows_it_right() -> None:
    slope = SunSlope()
    add_hours(slope, 0.1, 0)
    slope.expire(12 * HOUR)
    assert slope.slope == pytest.approx(0.1)
    slope.expire(12 * HOUR + HOLDS_S)
    assert slope.slope is None
    add_hours(slope, 0.1, 48)
    add_hours(slope, 1.0, 72)
    assert slope.slope is None


@pytest.mark.parametrize(("begins", "ends"), [(4, 12), (8, 24), (12, 16)])
def test_a_strong_charger_that_starts_while_the_sun_rises_is_no_wrong_scale(
    begins: int, ends: int
) -> None:
    slope = SunSlope()
    for half in range(24):
        charger_a = 40.0 if begins <= half < ends else 0.0
        slope.add(
            own_a=half / 2 + charger_a, sun_a=half / 2, seconds=HOUR / 2, now_s=half * HOUR / 2
        )
        assert slope.slope is None


def test_loads_that_follow_the_sun_and_small_suns_show_nothing() -> None:
    slope = SunSlope()
    add_hours(slope, 0.3, 0)
    assert slope.slope is None
    for half in range(24):
        slope.add(own_a=0.3, sun_a=half / 10, seconds=HOUR / 2, now_s=half * HOUR / 2)
    assert slope.slope is None
