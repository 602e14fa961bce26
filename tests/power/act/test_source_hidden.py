"""A generator that gives, and is not seen to: hidden loads, hosts, heaters, settings that name too
much, a sensor whose sign changes.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.model import EnergyLevel, PowerReading, Stamp
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import BmsSettings, Settings
from power.act.source_evidence import Evidence, PowerBalance, judge_source, measure_balance

SOURCE = SourceSettings(power_w=400.0)
NIGHT = Stamp(datetime(2026, 4, 15, 1, 0, tzinfo=UTC), "1", 100.0)
VOLTS = 13.0


@pytest.fixture
def site(settings: Settings) -> Settings:
    return replace(settings, bms={"pack": BmsSettings(model="jk-pb")})


def measure(
    site: Settings,
    battery_w: float,
    *,
    level: EnergyLevel = EnergyLevel.SENTINEL,
    sun_w: float = 0.0,
    heaters_w: float = 0.0,
) -> PowerBalance:
    """The balance while `battery_w` flow into the battery."""
    reading = read(battery_w, sun_w)
    balance = measure_balance(reading, site, level, heaters_w)
    assert balance is not None
    return balance


def read(battery_w: float, sun_w: float = 0.0) -> PowerReading:
    amps = battery_w / VOLTS
    return PowerReading(NIGHT, "test", sun_w, 30.0, VOLTS, amps, 20.0, 3.0, None, None)


def see(
    site: Settings,
    balance: PowerBalance,
    before: PowerBalance | None = None,
    source: SourceSettings = SOURCE,
) -> Evidence:
    return judge_source(
        source,
        read(0.0),
        balance,
        site,
        sensed=None,
        has_unmeasured_source=False,
        before=before,
        is_ordered=True,
    )


def test_a_load_that_nobody_counts_does_not_hide_a_generator(site: Settings) -> None:
    """310 W hang on the battery; the generator gives 400."""
    before, after = measure(site, -316), measure(site, 84)
    seen = see(site, after, before)
    assert seen.gives
    assert seen.power_w == pytest.approx(400, abs=20)
    assert see(site, before, before).gives is False


def test_a_generator_for_which_the_settings_name_too_much_gives_what_it_gives(
    site: Settings,
) -> None:
    """A charger of 20 A behind a generator of 2 kW: no load can be the 260 W."""
    modest = replace(SOURCE, power_w=2000)
    seen = see(site, measure(site, 260), measure(site, -5), modest)
    assert seen.gives
    assert seen.power_w == pytest.approx(265, abs=15)
    assert see(site, measure(site, -5), measure(site, -5), modest).gives is False


def test_a_sensor_of_the_wrong_sign_makes_no_generator_of_the_loads(site: Settings) -> None:
    full_w = site.get_level_power_w(EnergyLevel.FULL)
    small = replace(SOURCE, power_w=2000)
    assert see(site, measure(site, full_w, level=EnergyLevel.FULL), None, small).gives is False


def test_a_battery_that_gives_more_from_the_start_on_is_no_sign_against_it(site: Settings) -> None:
    """A sensor that was mounted backwards, or lost its sign, while the generator charges."""
    assert see(site, measure(site, -400), measure(site, -5)).gives is None


def test_a_gpu_host_that_may_draw_all_of_it_makes_it_unknown_and_none_that_is_off(
    site: Settings,
) -> None:
    host = replace(
        site,
        switch={"host": SwitchSettings(full_w=450, idle_w=30, runs_from=EnergyLevel.FULL)},
        energy=replace(site.energy, full_power_w=480),
    )
    working = measure(host, -60, level=EnergyLevel.FULL)
    assert see(host, working, measure(host, -5)).gives is None
    assert see(host, measure(host, -5), measure(host, -5)).gives is False


def test_a_host_that_went_off_is_not_taken_for_a_generator(site: Settings) -> None:
    host = replace(
        site,
        switch={"host": SwitchSettings(full_w=450, idle_w=30, runs_from=EnergyLevel.FULL)},
        energy=replace(site.energy, full_power_w=480),
    )
    before = measure(host, -460, level=EnergyLevel.FULL)
    assert see(host, measure(host, -5), before).gives is not True


def test_a_heater_that_is_on_may_draw_what_the_generator_gives(site: Settings) -> None:
    assert see(site, measure(site, -5, heaters_w=395), measure(site, -5)).gives is None
    assert see(site, measure(site, -5), measure(site, -395, heaters_w=395)).gives is not True
