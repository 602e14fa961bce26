"""A large current lowers the voltage: a surge is no empty battery, and an empty one stays one."""

from dataclasses import dataclass, field, replace

import pytest

from appliance.model import EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, Settings
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from provisioning.simulated.plant.charging import Flow
from tests.power.guard.never_world import UNITS, Phase, World
from tests.power.guard.test_guard import SETTINGS, a_reading, a_state
from tests.stand_ins.fakes import FakeClock


@dataclass
class Site:
    """A guard that is polled every 2 s: 200 Ah of LFP, 20 mohm by its size."""

    clock: FakeClock
    settings: Settings = SETTINGS
    state: GuardState = field(default_factory=GuardState)
    charge: float = 60.0
    sigma: float = 3.0
    learned_ohm: float | None = None

    def hold(
        self,
        seconds: float,
        volts: float,
        amps: float | None,
        *,
        cell: float | None = None,
        ages_s: dict[str, float] | None = None,
    ) -> Verdict:
        for _ in range(round(seconds / 2)):
            self.clock.advance(2)
            reading = replace(
                a_reading(self.clock, volts, amps), lowest_cell_voltage_v=cell, ages_s=ages_s or {}
            )
            battery = replace(
                a_state(self.clock, self.charge, self.sigma), resistance_ohm=self.learned_ohm
            )
            now = self.clock.stamp()
            self.state, verdict = judge(
                self.state, reading, 0.0, battery, self.settings, now, clock_confirmed=True
            )
        return verdict


@pytest.fixture
def site(clock: FakeClock) -> Site:
    site = Site(clock)
    site.hold(10, 13.1, -2.0)
    return site


def test_a_surge_of_a_minute_at_a_sure_charge_stops_nothing(site: Site) -> None:
    """10.9 V at 120 A, 60 +- 3 %."""
    verdict = site.hold(60, 10.9, -120.0)
    assert (verdict.max_level, verdict.may_rise) == (EnergyLevel.FULL, False)
    after = site.hold(4, 13.0, -2.0)
    assert (after.max_level, after.may_rise) == (EnergyLevel.FULL, True)


def test_a_current_that_lasts_stops_the_loads_and_later_the_computer(site: Site) -> None:
    assert site.hold(298, 10.9, -120.0).max_level is EnergyLevel.FULL
    verdict = site.hold(1480, 10.9, -120.0)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert site.hold(60, 10.9, -120.0).power_off


def test_a_steady_large_current_does_not_stop_the_loads_of_a_charged_battery(site: Site) -> None:
    """60 A: 12.3 V measured, some 12.9 V of the cells. The voltage alone would be low."""
    assert site.hold(1500, 12.3, -60.0).max_level is EnergyLevel.FULL


@pytest.mark.parametrize(
    ("charge", "sigma", "amps"),
    [(60.0, 3.0, None), (60.0, 15.0, -120.0), (25.0, 3.0, -120.0), (60.0, 3.0, -900.0)],
)
def test_without_a_current_or_a_sure_count_the_voltage_is_what_it_is(
    clock: FakeClock, charge: float, sigma: float, amps: float | None
) -> None:
    site = Site(clock, charge=charge, sigma=sigma)
    site.hold(10, 13.1, -2.0)
    site.hold(2, 10.9, amps)
    assert site.hold(32, 10.9, amps).max_level <= EnergyLevel.HIBERNATE


def test_an_empty_cell_under_a_usual_current_stays_an_empty_cell(site: Site) -> None:
    site.hold(2, 11.9, -10.0)
    assert site.hold(32, 11.9, -10.0).power_off


def test_a_voltage_at_which_inverters_disconnect_is_not_explained_away(site: Site) -> None:
    site.hold(2, 10.1, -120.0)
    assert site.hold(32, 10.1, -120.0).power_off


def test_a_current_of_another_moment_explains_nothing(site: Site) -> None:
    old = {"battery_current_a": 8.0}
    site.hold(2, 10.9, -120.0, ages_s=old)
    assert site.hold(32, 10.9, -120.0, ages_s=old).power_off


def test_a_low_voltage_from_the_start_is_not_explained_away(clock: FakeClock) -> None:
    assert Site(clock).hold(2, 10.9, -120.0).max_level is EnergyLevel.HIBERNATE


@pytest.mark.parametrize(("cell", "held"), [(2.95, True), (2.70, False)])
def test_cells_of_a_bms_sag_by_their_own_resistance_only(
    site: Site, cell: float, held: bool
) -> None:
    site.hold(2, 12.2, -120.0, cell=cell)
    assert site.hold(32, 12.2, -120.0, cell=cell).power_off is not held


def test_a_single_weak_cell_under_a_large_current_is_an_empty_one(site: Site) -> None:
    site.hold(2, 13.0, -120.0, cell=2.95)
    assert site.hold(32, 13.0, -120.0, cell=2.95).power_off


def test_a_learned_resistance_comes_before_the_usual_one(clock: FakeClock) -> None:
    """5 mohm, as a BMS measures at its own terminals: 120 A take 0.5 V, not 1.2 V."""
    site = Site(clock, learned_ohm=0.005)
    site.hold(10, 13.1, -2.0)
    site.hold(2, 10.9, -120.0)
    assert site.hold(32, 10.9, -120.0).power_off


def test_a_voltage_that_was_low_before_a_surge_stays_low(site: Site) -> None:
    assert site.hold(310, 12.3, -5.0).max_level is EnergyLevel.HIBERNATE
    verdict = site.hold(120, 12.2, -120.0)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert site.hold(20, 12.55, -5.0).max_level is EnergyLevel.HIBERNATE
    assert site.hold(20, 12.7, -5.0).max_level is EnergyLevel.FULL


def build_site(clock: FakeClock, chemistry: Chemistry, times: int) -> Site:
    """A pack of 200 Ah (24 and 48 V: 100 Ah), and a sure count of 85 %."""
    cell_v = 3.2 if chemistry is Chemistry.LFP else 3.0
    volts, capacity_wh = 4 * cell_v * times, 2560.0 * max(1, times / 2)
    pack = BatterySettings(
        chemistry=chemistry, nominal_voltage_v=volts, capacity_wh=capacity_wh, resistance_ohm=None
    )
    return Site(clock, settings=Settings(battery=pack), charge=85.0)


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("chemistry", list(Chemistry))
@pytest.mark.parametrize("share", [0.6, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("c_rate", [0.3, 0.6, 1.0])
def test_a_surge_through_a_resistance_that_was_never_learned_stops_nothing(
    clock: FakeClock, chemistry: Chemistry, times: int, share: float, c_rate: float
) -> None:
    """Down to where inverters disconnect, the step into the current shows the resistance."""
    site = build_site(clock, chemistry, times)
    limits = derive_limits(site.settings.battery, site.settings.energy)
    rested_v = limits.cells * (3.3 if chemistry is Chemistry.LFP else 2.1)
    amps = c_rate * limits.capacity_ah
    surge_v = rested_v - share * limits.resistance_ohm * amps
    if surge_v < limits.deepest_sag_v:
        pytest.skip("an inverter may disconnect there")
    site.hold(10, rested_v, 0.02 * amps)
    verdict = site.hold(120, surge_v, -amps)
    assert verdict.max_level is EnergyLevel.FULL, verdict.reason


def test_a_fall_of_the_voltage_without_a_step_of_the_current_is_no_resistance(
    clock: FakeClock,
) -> None:
    site = Site(clock)
    site.hold(10, 13.1, -120.0)
    site.hold(2, 10.9 - 0.2, -121.0)
    assert site.hold(40, 10.9 - 0.2, -121.0).power_off


def test_a_surge_that_was_seen_too_late_shows_no_resistance(site: Site) -> None:
    site.clock.advance(40)
    site.hold(2, 10.7, -120.0)
    assert site.hold(40, 10.7, -120.0).power_off


def test_a_surge_from_a_low_voltage_shows_no_resistance(site: Site) -> None:
    site.hold(60, 12.5, -2.0)
    site.hold(2, 10.5, -120.0)
    assert site.hold(40, 10.5, -120.0).power_off


def test_what_a_charger_had_raised_the_voltage_by_is_not_its_fall_at_the_resistance(
    clock: FakeClock,
) -> None:
    """14.2 V in absorption, then 10.5 V: of that the step at the resistance is 3.0 V at most."""
    site = Site(clock)
    site.hold(10, 14.2, 5.0)
    site.hold(4, 10.5, -120.0)
    assert site.state.step_ohm == pytest.approx((13.48 - 10.5) / 125, rel=0.01)


def test_lead_acid_sags_too(clock: FakeClock) -> None:
    lead = Settings(battery=BatterySettings(chemistry=Chemistry.FLOODED, nominal_voltage_v=12))
    site = Site(clock, settings=lead)
    site.hold(10, 12.5, -2.0)
    assert site.hold(60, 11.0, -80.0).max_level is EnergyLevel.FULL


# --- the low-voltage disconnect of a load output -------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "lvd_v", "floor_v"),
    [
        (SETTINGS, None, 12.0),
        (SETTINGS, 11.1, 12.0),
        (SETTINGS, 12.0, 12.2),
        (SETTINGS, 12.85, 12.948),
        (SETTINGS, 13.0, 13.1),
        (SETTINGS, 14.0, 12.0),
        (SETTINGS, 0.0, 12.0),
        (SETTINGS, float("nan"), 12.0),
    ],
)
def test_the_floor_stays_above_the_disconnect_of_the_load_output(
    settings: Settings, lvd_v: float | None, floor_v: float
) -> None:
    cell = derive_limits(settings.battery, settings.energy, lvd_v).cell
    assert cell.floor_v * 4 == pytest.approx(floor_v)
    assert cell.floor_v < cell.low_v < cell.recovered_v


def test_lead_acid_shuts_down_before_a_sunsaver_disconnects_its_load(clock: FakeClock) -> None:
    """LVD 11.50 V, back at 12.60 V: a clean shutdown at 11.6 V, not a cut."""
    lead = Settings(battery=BatterySettings(chemistry=Chemistry.AGM, nominal_voltage_v=12))

    def powers_off(lvd_v: float | None, volts: float) -> bool:
        state, verdict = GuardState(), None
        for step in range(30):
            clock.advance(2)
            reading = replace(a_reading(clock, 12.6 if step < 5 else volts, -5.0), lvd_v=lvd_v)
            battery, now = a_state(clock, 90, 2), clock.stamp()
            state, verdict = judge(state, reading, 0.0, battery, lead, now, clock_confirmed=True)
        assert verdict is not None
        return verdict.power_off

    assert not powers_off(None, 11.64)
    assert powers_off(11.5, 11.64)
    assert not powers_off(11.5, 11.8)


def test_nothing_is_added_to_a_voltage_at_which_the_load_output_disconnects(site: Site) -> None:
    site.state = replace(site.state, lvd_v=11.5)
    site.hold(2, 11.6, -120.0)
    assert site.hold(32, 11.6, -120.0).power_off


# --- the promise, with a resistance that is wrong and sensors that lie ---------------------------


ANSWERS = Phase(1, 0, "answers", {})


@dataclass
class InverterWorld(World):
    """A world in which an inverter draws `c_rate` beside the unit's loads, and in which the voltage
    is measured behind wires of `wire_ohm`.
    """

    c_rate: float = 0.0
    wire_ohm: float = 0.0

    def report(self, phase: Phase, now: Flow) -> PowerReading | None:
        return super().report(
            phase, replace(now, battery_v=now.battery_v + now.battery_a * self.wire_ohm)
        )

    def pass_time(self, sun_w: float, load_w: float) -> Flow:
        return super().pass_time(sun_w, load_w + self.c_rate * self.settings.battery.capacity_wh)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(
    ("wrong", "wires", "c_rate"),
    [
        (0.5, 0, 0.6),
        (1.0, 0, 0.4),
        (2.0, 0, 0.2),
        (0.4, 0.6, 0.6),
        (0.5, 0.8, 0.5),
        (0.5, 1.5, 0.3),
    ],
)
@pytest.mark.parametrize("left", [0.3, 0.13])
@pytest.mark.parametrize("off_mv", [-12.5, 12.5])
def test_no_load_runs_on_a_battery_that_an_inverter_empties(
    name: str, wrong: float, wires: float, c_rate: float, left: float, off_mv: float
) -> None:
    """The count says 100 % and is sure; the resistance is not what the settings say, and the wires
    to where the voltage is measured have some too.
    """
    world = InverterWorld(UNITS[name], "voltage", left, 25.0, 10.0, off_mv, charge_from="full")
    usual_ohm = world.pack.resistance_ohm
    world.wire_ohm = wires * usual_ohm
    world.pack = replace(world.pack, resistance_ohm=usual_ohm * wrong)
    world.run(Phase(0.3, 0, "answers", {}))
    world.c_rate = c_rate
    while world.drawable_wh > 0 and world.clock.uptime_s < 50_000:
        world.step(ANSWERS)
    assert world.least_wh < 1e9
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("amps_c", [-0.15, -0.6, -1.0, -2.0])
def test_a_current_sensor_that_lies_lets_no_load_run_on_an_empty_battery(
    name: str, amps_c: float
) -> None:
    """Sun and inverter are far away; the voltage is true, count and current are not."""
    settings = UNITS[name]
    lie = {"battery_current_a": amps_c * settings.battery.capacity_wh / 12.8}
    lie["battery_current_a"] *= 12.8 / settings.battery.nominal_voltage_v
    world = World(settings, "voltage", 0.085, 25.0, 30.0, 12.5, charge_from="full")
    world.run(Phase(1, 0, "answers", {}))
    world.run(Phase(60, 0, "answers", dict(lie)))
    assert world.least_wh < 1e9
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("lvd_v", [0.0, 65535.0, 655.35, 57.6, -1.0])
def test_a_disconnect_voltage_that_no_such_battery_has_changes_nothing(
    site: Site, lvd_v: float
) -> None:
    site.state = replace(site.state, lvd_v=lvd_v)
    assert not site.hold(60, 10.9, -120.0).power_off
