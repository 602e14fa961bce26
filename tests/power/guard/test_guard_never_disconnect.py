"""No disconnect that is known beforehand takes the unit down uncleanly.

The world of power/guard's promise with three things that disconnect it beside an empty battery: the
LVD of a load output, the under-voltage protection of a BMS, and a BMS that denies discharge and
opens a minute later, beside a second pack that is silent.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appliance.model import EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, Settings
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.reading.connected import KnownPacks
from provisioning.simulated.plant.charging import Flow
from tests.power.guard.never_world import TRUE_MV, UNITS, Phase, World
from tests.power.guard.test_guard import a_reading, a_state
from tests.scenes.readings import battery_reading
from tests.stand_ins.fakes import FakeClock

ANSWERS, SILENT = Phase(1, 0, "answers", {}), Phase(1, 0, "silent", {})
OPENS_AFTER_S = 60.0


@dataclass
class DisconnectedWorld(World):
    """A world whose supply is disconnected below `cell_v` of a cell; `reports`: what is read of
    that, by the field of the reading.
    """

    cell_v: float = 0.0
    reports: dict[str, float] = field(default_factory=dict)
    is_cut: bool = False

    def pass_time(self, sun_w: float, load_w: float) -> Flow:
        now = super().pass_time(sun_w, load_w)
        self.is_cut = self.is_cut or now.battery_v < self.cell_v * self.pack.cells
        return now

    def report(self, phase: Phase, now: Flow) -> PowerReading | None:
        reading = super().report(phase, now)
        reports: dict[str, Any] = dict(self.reports)
        return reading and replace(reading, **reports)

    def run_until_off(self, phase: Phase) -> None:
        """Until it powers off or is disconnected."""
        while self.off_s <= 0 and not self.is_cut and self.clock.uptime_s < 3_000_000:
            self.step(phase)


def make_world(name: str, kind: str, cell_v: float, off_mv: float) -> DisconnectedWorld:
    cells = round(UNITS[name].battery.nominal_voltage_v / 3.2)
    reports = {"lvd_v": cell_v * cells} if kind == "LVD" else {"cell_uvp_v": cell_v}
    source = "voltage" if kind == "LVD" else "lowest cell"
    left = 0.5 if cell_v < 3.1 else 0.95
    world = DisconnectedWorld(UNITS[name], source, left, 25.0, 30.0, off_mv, charge_from="full")
    world.cell_v, world.reports = cell_v, reports
    world.hidden_w = UNITS[name].battery.capacity_wh / 25  # it empties the battery in hours
    return world


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("kind", ["LVD", "UVP"])
@pytest.mark.parametrize("cell_v", [2.9, 3.0, 3.05, 3.15, 3.2, 3.25])
@pytest.mark.parametrize("off_mv", [-TRUE_MV, TRUE_MV])
def test_a_unit_has_shut_down_before_it_is_disconnected(
    name: str, kind: str, cell_v: float, off_mv: float
) -> None:
    world = make_world(name, kind, cell_v, off_mv)
    world.run(Phase(0.2, 0, "answers", {}))
    assert world.level >= EnergyLevel.SENTINEL or cell_v > 3.1, "no load ran: this shows nothing"
    world.run_until_off(ANSWERS)
    assert world.off_s > 0
    assert not world.is_cut


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("cell_v", [3.0, 3.15, 3.25])
def test_no_load_is_on_when_a_silent_unit_is_disconnected(name: str, cell_v: float) -> None:
    """It falls silent with its loads on, as low as they may run."""
    world = make_world(name, "LVD", cell_v, TRUE_MV)
    low_v = derive_limits(world.settings.battery, world.settings.energy, world.reports["lvd_v"])
    while world.last is None or (world.last.battery_voltage_v or 0) > (
        low_v.cell.low_v * low_v.cells
    ):
        world.step(ANSWERS)
    while world.level >= EnergyLevel.SENTINEL:
        world.step(SILENT)
        assert not world.is_cut


# --- a BMS that denies and then opens ------------------------------------------------------------


@dataclass
class DenyingWorld(World):
    """Two packs: `two` disconnects after five minutes, and is silent from `silent_s` on. `one`
    denies from `denies_s` on and opens a minute later. All since the start.
    """

    silent_s: float | None = None
    denies_s: float = 3600.0
    starts_s: float = 0.0
    has_two: bool = True
    known: KnownPacks = field(default_factory=KnownPacks)

    def report(self, phase: Phase, now: Flow) -> PowerReading | None:
        reading = super().report(phase, now)
        at_s = self.clock.uptime_s - self.starts_s
        one = battery_reading(self.clock, discharge_allowed=at_s < self.denies_s)
        packs: dict[str, Any] = {"one": one}
        if self.has_two:
            is_silent = self.silent_s is not None and at_s >= self.silent_s
            two = battery_reading(self.clock, discharge_allowed=at_s < 300)
            packs["two"] = None if is_silent else two
        share = self.known.find_share(packs, at_s)
        if reading is None or share is None:
            both = [one for one in packs.values() if one is not None]
            on = sum(bool(one.discharge_allowed) for one in both) / len(both)
            value = on if len(both) == len(packs) else None
        else:
            value = share.value
        return reading and replace(reading, discharge_share=value)


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(
    ("has_two", "silent_s"),
    [(False, None), (True, None), (True, 120.0), (True, 600.0), (True, 3500.0)],
)
def test_a_unit_has_shut_down_before_the_last_pack_opens(
    name: str, has_two: bool, silent_s: float | None
) -> None:
    world = DenyingWorld(UNITS[name], "voltage", 0.9, 25.0, 10.0, 0.0)
    world.has_two, world.silent_s, world.starts_s = has_two, silent_s, world.clock.uptime_s
    while world.off_s <= 0:
        world.step(ANSWERS)
        assert world.clock.uptime_s - world.starts_s < world.denies_s + OPENS_AFTER_S
    assert world.clock.uptime_s - world.starts_s >= world.denies_s


# --- what is followed, and what is not -----------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize(
    ("chemistry", "lvd_v"),
    [
        (Chemistry.AGM, 12.2),
        (Chemistry.FLOODED, 12.2),
        (Chemistry.GEL, 12.5),
        (Chemistry.LFP, 12.9),
        (Chemistry.LFP, 13.0),
        (Chemistry.LFP, 13.2),
    ],
)
def test_no_load_runs_just_above_a_high_disconnect(
    clock: FakeClock, chemistry: Chemistry, lvd_v: float, times: int
) -> None:
    nominal_v = (12.8 if chemistry is Chemistry.LFP else 12.0) * times
    settings = Settings(battery=BatterySettings(chemistry=chemistry, nominal_voltage_v=nominal_v))
    state, verdict = GuardState(), None
    for step in range(60):
        clock.advance(2)
        volts = (13.3 if step < 5 else lvd_v + 0.05) * times
        reading = replace(a_reading(clock, volts, -5.0), lvd_v=lvd_v * times)
        battery, now = a_state(clock, 90, 2), clock.stamp()
        state, verdict = judge(state, reading, 0.0, battery, settings, now, clock_confirmed=True)
    assert verdict is not None
    assert verdict.power_off


@pytest.mark.parametrize("uvp_v", [0.0, 0.3, 3.6, 4.2, 65.535, float("nan"), float("inf"), None])
def test_a_protection_that_no_such_cell_has_changes_nothing(uvp_v: float | None) -> None:
    battery, energy = BatterySettings(), Settings().energy
    assert derive_limits(battery, energy, None, uvp_v).cell == derive_limits(battery, energy).cell


def test_a_protection_of_cells_leaves_the_voltage_under_a_surge_as_it_was() -> None:
    """The drop in the wires is none of the cells: 10.9 V of the whole is compensated as before."""
    battery, energy = BatterySettings(), Settings().energy
    followed = derive_limits(battery, energy, None, 3.05)
    assert followed.deepest_sag_v == derive_limits(battery, energy).deepest_sag_v
    assert followed.cell.floor_v == pytest.approx(3.10)
    assert followed.cell.disconnect_v == pytest.approx(3.10)
