"""No sequence of readings, absent, frozen, torn or lying, lets a load run on an empty battery.

A true battery, hypothesis between it and the unit, and the unit's own code: estimator, guard,
ladder, arbiter. Whatever is said, one witness tells the truth when it speaks: the voltage, the
lowest cell, or the charge. See power/guard/guard.py for what is promised.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from hypothesis import event, given, settings, target
from hypothesis import strategies as st

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading, Stamp
from appliance.settings import BatterySettings, EnergySettings, Settings
from power.act.arbiter import ArbiterState, arbitrate
from power.battery import estimator
from power.battery.estimate import Estimate, plausible_voltage_v
from power.guard.guard import judge
from power.guard.limits import NO_RISE_AFTER_S
from power.guard.observations import GuardState
from power.plan.ladder import Ladder
from provisioning.simulated.plant.charging import Charging, Flow, flow, next_charging
from provisioning.simulated.plant.pack import pack_of, usable_share
from tests.stand_ins.fakes import FakeClock

HOUR_S = 3600.0
CLEAN_S = 120.0
TRUE_MV = 12.5  # a cell's voltage is told this well: 50 mV of four cells
OFF_H = 3.0  # until somebody presses the button of a unit that has powered off


def unit(capacity_wh: float, volts: float, full: float, eco: float, listen: float) -> Settings:
    battery = BatterySettings(capacity_wh=capacity_wh, nominal_voltage_v=volts, resistance_ohm=0.02)
    return Settings(
        battery=battery,
        energy=EnergySettings(full_power_w=full, eco_power_w=eco, sentinel_power_w=listen),
    )


UNITS = {
    "trailer": unit(2560, 12.8, 25, 12, 6),
    "small": unit(640, 12.8, 25, 12, 6),
    "container": unit(40_000, 51.2, 1230, 400, 70),
}


@dataclass(frozen=True, slots=True)
class Spell:
    """Some hours of one weather and one way of speaking.

    `speech`: "answers", "silent", "frozen" (fresh stamps, old values), "late" (old readings again)
    or "flickers". `lies` are the values of fields that are not the witness.
    """

    hours: float
    sun: float
    speech: str
    lies: dict[str, Any]
    ends: str = ""  # "restart" of the service, "reboot" of the computer, or "lost": the disk too


@dataclass
class World:
    """A true battery, and the unit on it."""

    settings: Settings
    witness: str
    left: float  # of the capacity, that can be drawn at the start
    celsius: float
    step_s: float
    off_mv: float
    believes: str = "the estimator"  # or that it is full
    clock: FakeClock = field(default_factory=FakeClock)
    random: Random = field(default_factory=lambda: Random(1))
    level: EnergyLevel = EnergyLevel.SENTINEL
    off_s: float = 0.0
    guard: GuardState = field(default_factory=GuardState)
    belief: Estimate | None = None
    ruling: ArbiterState = field(default_factory=ArbiterState)
    heard: PowerReading | None = None
    state: BatteryState | None = None
    last: PowerReading | None = None
    charging: Charging = field(default_factory=Charging)
    least_wh: float = 1e9
    counted: tuple[float, Stamp] | None = None
    error_pct: float = 0.0
    sigma_pct: float = 2.0

    def __post_init__(self) -> None:
        self.pack = pack_of(self.settings.battery)
        self.planner = Ladder(self.settings)
        self.charge = min(1.0, self.left + 1 - usable_share(self.celsius))

    # --- the truth -------------------------------------------------------------------------------

    @property
    def drawable_wh(self) -> float:
        """What can really be drawn in this cold, at 3.2 V a cell."""
        hidden = 1 - usable_share(self.celsius)
        return (self.charge - hidden) * self.settings.battery.capacity_wh

    @property
    def blind(self) -> bool:
        """Whether this boot has not heard a word: it may listen for an hour, whatever is left."""
        heard = self.heard is not None and self.clock.age_s(self.heard.stamp) is not None
        return not heard and self.witness != "charge"

    def live(self, spell: Spell) -> None:
        for _ in range(max(1, round(spell.hours * HOUR_S / self.step_s))):
            self.step(spell)
        if spell.ends == "restart":
            self.restart()
        elif spell.ends:
            self.reboot(lost=spell.ends == "lost")

    def step(self, spell: Spell) -> None:
        load_w = 0.0 if self.off_s > 0 else self.settings.power_w(self.level)
        now = self.pass_time(spell.sun * self.settings.battery.capacity_wh / 4, load_w)
        if self.off_s > 0:
            self.off_s -= self.step_s
            if self.off_s <= 0:
                self.reboot(lost=False)
            return
        if self.level >= EnergyLevel.SENTINEL and not self.blind:
            self.check(now)
        self.cycle(self.speak(spell, now))

    def pass_time(self, sun_w: float, load_w: float) -> Flow:
        rated_a = self.pack.capacity_ah / 4
        now = flow(
            self.pack,
            self.charge,
            self.celsius,
            self.charging,
            sun_w,
            load_w,
            rated_a,
            True,
            self.step_s,
        )
        self.charge += now.battery_a * self.step_s / HOUR_S / self.pack.capacity_ah
        self.charge = min(1.0, max(0.0, self.charge))
        self.charging = next_charging(self.charging, self.pack, now, self.step_s)
        self.clock.advance(self.step_s)
        return now

    def check(self, now: Flow) -> None:
        """The promise: with a load on, there is more left than a clean shutdown takes."""
        clean_wh = self.settings.energy.full_power_w * CLEAN_S / HOUR_S
        self.least_wh = min(self.least_wh, self.drawable_wh - clean_wh)
        assert now.connected
        assert self.drawable_wh > clean_wh, (self.level, self.state, self.guard)

    # --- what is said of it ----------------------------------------------------------------------

    def speak(self, spell: Spell, now: Flow) -> PowerReading | None:
        """The reading that reaches the unit: lies over the truth, but for the witness."""
        stamp = self.clock.stamp()
        if spell.speech == "silent" or (spell.speech == "flickers" and self.random.random() < 0.5):
            return None
        if spell.speech == "late" and self.last is not None:
            return self.last
        if spell.speech == "frozen" and self.last is not None:
            return replace(self.last, stamp=stamp)
        cell_v = now.battery_v / self.pack.cells + self.off_mv / 1000
        noise = self.random.uniform(0.999, 1.001)
        told: dict[str, Any] = {
            "pv_power_w": now.pv_w * noise,
            "pv_voltage_v": 36.0 * noise,
            "battery_voltage_v": cell_v * self.pack.cells,
            "battery_current_a": now.battery_a * noise,
            "battery_temperature_c": self.celsius,
            "load_power_w": now.load_w * noise,
            "charge_stage": self.charging.stage,
            "yield_today_wh": 100.0,
            **spell.lies,
        }
        if self.witness == "voltage":
            told["battery_voltage_v"] = cell_v * self.pack.cells
        if self.witness == "lowest cell":
            told["lowest_cell_voltage_v"] = cell_v
        if self.witness == "charge":
            told["battery_temperature_c"] = self.celsius
        self.last = PowerReading(stamp, "test", **told)
        return self.last

    # --- the unit --------------------------------------------------------------------------------

    def cycle(self, reading: PowerReading | None) -> None:
        """What power/cycle.py does of it."""
        pack, now = self.settings.battery, self.clock.stamp()
        if reading and plausible_voltage_v(reading, pack) is not None:
            self.heard = reading
        self.belief = estimator.update(self.belief, reading, pack)
        self.state = estimator.report_state(self.belief, reading, pack, now)
        if self.witness == "charge":
            self.state = self.honest_state(reading, now)
        elif self.believes == "full":
            capacity_wh = pack.capacity_wh
            self.state = BatteryState(now, 100, 1, capacity_wh, capacity_wh, None, False, "")
        age_s = self.clock.age_s(self.heard.stamp) if self.heard else None
        fresh = self.heard if age_s is not None and age_s <= NO_RISE_AFTER_S else None
        self.guard, verdict = judge(self.guard, fresh, age_s, self.state, self.settings, now)
        assert verdict.reason
        proposal = self.planner.propose(self.state, fresh, self.ruling.level)
        self.ruling, budget = arbitrate(self.ruling, verdict, proposal, self.settings, now)
        self.level = budget.level
        if verdict.power_off:
            self.off_s = OFF_H * HOUR_S

    def honest_state(self, reading: PowerReading | None, now: Stamp) -> BatteryState:
        """A count that is right within its sigma, however the voltage lies; it grows in a silence
        as the estimator's does.
        """
        if reading is not None or self.counted is None or self.counted[1].boot_id != now.boot_id:
            self.counted = (100 * self.charge, now)
        charge_pct, at = self.counted
        sigma_pct = self.sigma_pct + (now.uptime_s - at.uptime_s) / HOUR_S
        said_pct = min(100.0, max(0.0, charge_pct + self.error_pct))
        capacity_wh = self.settings.battery.capacity_wh
        hidden_pct = 100 * (1 - usable_share(self.celsius))
        energy_wh = max(0.0, said_pct - hidden_pct) / 100 * capacity_wh
        return BatteryState(
            now, said_pct, sigma_pct, energy_wh, capacity_wh, None, False, "counted"
        )

    def restart(self) -> None:
        """The power service starts anew: what it knows is what is stored."""
        self.guard, self.ruling = GuardState(), ArbiterState(self.ruling.level)
        now = self.clock.stamp()
        self.belief = estimator.restore(self.state, now) if self.state else None

    def reboot(self, lost: bool) -> None:
        """The computer starts anew; nothing of the boot before counts as fresh."""
        self.clock.reboot(60)
        self.off_s, self.heard, self.level = 0.0, None, EnergyLevel.HIBERNATE
        self.restart()
        self.ruling = ArbiterState()
        if lost:
            self.belief = None


# --- hypothesis ----------------------------------------------------------------------------------

wild = st.sampled_from(
    [None, 0.0, -0.01, 0.01, 5.0, -655.36, 655.35, 4e7, float("nan"), float("inf")]
)
volts = st.one_of(wild, st.floats(7, 18))
stages = st.sampled_from([None, *ChargeStage])
lies = st.fixed_dictionaries(
    {},
    optional={
        "pv_power_w": wild,
        "pv_voltage_v": wild,
        "battery_voltage_v": volts,
        "battery_current_a": st.one_of(wild, st.floats(-30, 30)),
        "battery_temperature_c": st.one_of(wild, st.sampled_from([25.0, -40.0])),
        "load_power_w": wild,
        "charge_stage": stages,
        "lowest_cell_voltage_v": st.one_of(wild, st.floats(2.5, 3.6)),
        "charge_allowed": st.sampled_from([None, True, False]),
    },
)


@st.composite
def stories(draw: st.DrawFn) -> list[Spell]:
    """Up to some days. A meter does not freeze around a start of the service: nobody could see."""
    said: list[Spell] = []
    anew = False
    for _ in range(draw(st.integers(1, 8))):
        speech = draw(st.sampled_from(["answers", "silent", "flickers", "late", "frozen"]))
        speech = "answers" if anew and speech == "frozen" else speech
        ends = draw(st.sampled_from(["", "", "", "restart", "reboot", "lost"]))
        ends = "" if speech == "frozen" else ends
        anew = bool(ends) or (anew and speech != "answers")
        hours = draw(st.sampled_from([0.1, 0.5, 1, 3, 8, 24]))
        sun = draw(st.sampled_from([0, 0, 0, 0.02, 0.2, 1]))
        said.append(Spell(hours, sun, speech, draw(lies), ends))
    return said


def play(world: World, story: list[Spell]) -> None:
    for spell in story:
        world.live(spell)
    target(-min(world.least_wh, 1e6) / world.settings.battery.capacity_wh)
    event(f"{world.witness}: ended at {world.level.name}")


worlds = st.builds(
    World,
    settings=st.sampled_from(list(UNITS.values())),
    witness=st.sampled_from(["voltage", "lowest cell", "charge"]),
    left=st.sampled_from([0.08, 0.2, 0.5]),
    believes=st.sampled_from(["the estimator", "full"]),
    celsius=st.sampled_from([25.0, 15.0, 2.0, -8.0, -20.0]),
    step_s=st.sampled_from([60.0, 300.0]),
    off_mv=st.sampled_from([0.0, TRUE_MV, -TRUE_MV]),
    error_pct=st.floats(-8, 8),
    sigma_pct=st.floats(8, 10),
)


@settings(max_examples=30, deadline=None)
@given(worlds, stories())
def test_no_story_lets_a_load_run_on_an_empty_battery(world: World, story: list[Spell]) -> None:
    play(world, story)


# --- stories that go wrong without one rule or another -------------------------------------------

DARK = Spell(60, 0, "answers", {})
CLOSE = 0.085  # of the capacity: a little above the voltage at which loads stop
STORIES = {
    "the charger falls silent": [Spell(1, 0, "answers", {}), replace(DARK, speech="silent")],
    "the meter freezes": [Spell(1, 0, "answers", {}), replace(DARK, speech="frozen")],
    "it says the same old thing": [Spell(1, 0, "answers", {}), replace(DARK, speech="late")],
    "it answers once in ten hours": [
        Spell(0.1, 0, "answers", {}),
        Spell(10, 0, "silent", {}),
    ]
    * 6,
    "the night is long": [DARK],
    "it freezes whenever it is believed": [
        Spell(0.5, 0, "answers", {}),
        Spell(8, 0, "frozen", {}),
    ]
    * 6,
    "it says that the sun charges": [
        replace(DARK, lies={"battery_current_a": 20.0, "charge_stage": ChargeStage.FLOAT})
    ],
    "the BMS sees sound cells": [replace(DARK, lies={"lowest_cell_voltage_v": 3.3})],
    "the voltage is lost": [
        Spell(1, 0, "answers", {}),
        replace(DARK, lies={"battery_voltage_v": 0.0, "lowest_cell_voltage_v": None}),
    ],
    "the service starts anew again and again": [Spell(0.1, 0, "answers", {}, "restart")] * 200,
    "the computer starts anew again and again": [Spell(0.2, 0, "answers", {}, "lost")] * 200,
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("celsius", [25.0, -20.0])
@pytest.mark.parametrize("story", STORIES)
def test_a_load_never_runs_on_an_empty_battery_that_is_believed_full(
    story: str, celsius: float, name: str
) -> None:
    world = World(UNITS[name], "voltage", CLOSE, celsius, 300.0, TRUE_MV, believes="full")
    for spell in STORIES[story]:
        world.live(spell)
    assert world.least_wh < 1e9, "no load ever ran: this shows nothing"
    assert world.level <= EnergyLevel.HIBERNATE


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("lie", [None, 13.3, 14.4, 0.0])
def test_an_honest_count_is_enough_where_the_voltage_lies(name: str, lie: float | None) -> None:
    per_cell = None if lie is None else lie / 12.8 * UNITS[name].battery.nominal_voltage_v
    lies = {"battery_voltage_v": per_cell, "lowest_cell_voltage_v": 3.3}
    world = World(UNITS[name], "charge", 0.3, -8.0, 300.0, 0.0, error_pct=8, sigma_pct=8)
    for speech in ("answers", "flickers", "silent", "answers"):
        world.live(Spell(48, 0, speech, lies))
    assert world.least_wh > 0
    assert world.level <= EnergyLevel.HIBERNATE


def test_a_unit_with_sun_and_sensors_works() -> None:
    """What promises the rest is worth something: an honest unit is not held down."""
    world = World(UNITS["trailer"], "voltage", 0.5, 15.0, 300.0, 0.0)
    world.live(Spell(6, 1, "answers", {}))
    assert world.level is EnergyLevel.FULL
