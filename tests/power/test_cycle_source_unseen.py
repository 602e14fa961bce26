"""A generator whose current is not measured, or is measured with the wrong sign: what the charge
may be then.
"""

from dataclasses import dataclass, replace

import pytest

from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.power.test_cycle_sources import Engine, Site, make_site
from tests.stand_ins.fakes import FakeClock

GIVES_PCT_PER_H = 400 / 2560 * 100  # the power in the settings, of the rated energy


@dataclass
class Battery(Engine):
    """What its sensor shows: nothing without a shunt, and the other sign once it is `reversed`."""

    has_shunt: bool = True
    controller_a: float | None = None
    reversed: bool = False

    def _reading(self) -> PowerReading:
        reading = super()._reading()
        if not self.has_shunt:
            return replace(reading, battery_current_a=self.controller_a, load_power_w=None)
        if not self.reversed:
            return reading
        # The load is derived from the current: what the panels do not give.
        load_w = max(0.0, self.amps * self.volts)
        return replace(reading, battery_current_a=-self.amps, load_power_w=load_w)


@pytest.fixture
def site(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Site:
    site = make_site(clock, settings, open_store)
    site.meter = Battery(clock, orders=site.host.orders)
    site.meter.volts = 13.2
    return site


def get_meter(site: Site) -> Battery:
    assert isinstance(site.meter, Battery)
    return site.meter


def get_battery(site: Site) -> BatteryState:
    return site.store.rows(BatteryState)[-1]


def assert_holds(battery: BatteryState, true_pct: float) -> None:
    assert battery.state_of_charge_pct is not None
    assert battery.sigma_pct is not None
    assert abs(battery.state_of_charge_pct - true_pct) <= 2 * battery.sigma_pct


def test_a_voltage_beside_a_sensor_that_was_reversed_during_a_run_proves_no_charge(
    site: Site,
) -> None:
    site.begin(16)
    site.pass_time(600)
    before = get_battery(site).state_of_charge_pct
    assert before is not None
    meter = get_meter(site)
    meter.reversed, meter.volts = True, 13.3
    for minutes in (20, 40, 60):
        site.pass_time(1200)
        battery = get_battery(site)
        assert_holds(battery, before + GIVES_PCT_PER_H * minutes / 60)
        assert battery.state_of_charge_pct is not None
        assert battery.state_of_charge_pct < 35
    assert site.cycle._arbiter.level is not None
    assert site.cycle._arbiter.level <= EnergyLevel.HIBERNATE
    assert "poweroff" not in site.host.orders


@pytest.mark.parametrize("controller_a", [None, -0.02])
def test_what_a_generator_without_a_shunt_may_have_given_is_in_the_uncertainty(
    site: Site, controller_a: float | None
) -> None:
    """A controller measures its own current at most."""
    meter = get_meter(site)
    meter.has_shunt, meter.controller_a = False, controller_a
    site.settings = replace(site.settings, bms={})
    site.begin(16)
    for hours in (1, 2, 3):
        site.pass_time(3600)
        battery = get_battery(site)
        assert_holds(battery, 16.0)
        assert_holds(battery, 16 + GIVES_PCT_PER_H * hours)
    assert "poweroff" not in site.host.orders


def test_a_measured_generator_makes_the_charge_no_less_certain(site: Site) -> None:
    site.begin(16)
    site.pass_time(3600)
    battery = get_battery(site)
    assert battery.sigma_pct is not None
    assert battery.sigma_pct < 8
    assert_holds(battery, 16 + 14)
