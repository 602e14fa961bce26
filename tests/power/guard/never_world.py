"""A true battery, the devices that report it well or badly, and the unit's own code on it.

The battery's figures are the simulator's (provisioning/simulated/plant), not those of the chemistry
that the guard uses; it may hold less than the settings say and have more resistance. The unit is
its own code: estimator, guard, ladder, arbiter. `World.check` is the promise.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading, Stamp
from appliance.settings import BatterySettings, EnergySettings, Settings
from power.act.arbiter import ArbiterState, arbitrate
from power.battery import estimator
from power.battery.estimate import Estimate, find_plausible_voltage_v
from power.guard.guard import judge
from power.guard.limits import NO_RISE_AFTER_S
from power.guard.observations import GuardState
from power.plan.ladder import Ladder
from provisioning.simulated.plant.charging import ChargingState, Flow, compute_flow, update_charging
from provisioning.simulated.plant.pack import compute_usable_share, make_pack
from tests.stand_ins.fakes import FakeClock

HOUR_S = 3600.0
CLEAN_S = 120.0
TRUE_MV = 12.5  # a cell's voltage is reported this well: 50 mV of four cells
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
class Phase:
    """Some hours of one weather and one behaviour of the devices.

    `behaviour`: "answers", "silent", "frozen" (fresh stamps, old values), "late" (old readings
    again), "zeros" (0 for absent), "no cells" (the BMS is silent, the charger answers) or
    "flickers". `lies` are the values of fields that are not the true source.
    """

    hours: float
    sun: float
    behaviour: str
    lies: dict[str, Any]
    ends: str = ""  # "restart" of the service, "reboot" of the computer, or "lost": the disk too


@dataclass
class World:
    """A true battery, and the unit on it.

    `health`: what the battery holds of the capacity that is set; `ohm_times`: its resistance over
    the one that is set; `sign`: of the measured current, -1 for a shunt mounted the wrong way
    round. `hidden_w`: a load on the battery that nobody measures.
    """

    settings: Settings
    true_source: str
    left: float  # of the capacity, that can be drawn at the start
    celsius: float
    step_s: float
    off_mv: float
    charge_from: str = "the estimator"  # or "full": always 100 %
    health: float = 1.0
    ohm_times: float = 1.0
    sign: float = 1.0
    hidden_w: float = 0.0
    clock: FakeClock = field(default_factory=FakeClock)
    random: Random = field(default_factory=lambda: Random(1))
    level: EnergyLevel = EnergyLevel.SENTINEL
    off_s: float = 0.0
    guard: GuardState = field(default_factory=GuardState)
    estimate: Estimate | None = None
    arbiter: ArbiterState = field(default_factory=ArbiterState)
    last_reading: PowerReading | None = None
    state: BatteryState | None = None
    last: PowerReading | None = None
    charging: ChargingState = field(default_factory=ChargingState)
    least_wh: float = 1e9
    counted: tuple[float, Stamp] | None = None
    error_pct: float = 0.0
    sigma_pct: float = 2.0

    def __post_init__(self) -> None:
        pack = make_pack(self.settings.battery)
        self.pack = replace(
            pack,
            capacity_ah=self.health * pack.capacity_ah,
            resistance_ohm=self.ohm_times * pack.resistance_ohm,
        )
        self.planner = Ladder(self.settings)
        self.charge = min(1.0, self.left + 1 - compute_usable_share(self.celsius))

    # --- the truth -------------------------------------------------------------------------------

    @property
    def true_wh(self) -> float:
        """What the battery really holds when it is full, at 3.2 V a cell."""
        return self.health * self.settings.battery.capacity_wh

    @property
    def drawable_wh(self) -> float:
        """What can really be drawn in this cold."""
        return (self.charge - 1 + compute_usable_share(self.celsius)) * self.true_wh

    @property
    def blind(self) -> bool:
        """Whether this boot has had no reading: it may listen for an hour, whatever is left."""
        was_read = (
            self.last_reading is not None and self.clock.age_s(self.last_reading.stamp) is not None
        )
        return not was_read and self.true_source != "charge"

    def run(self, phase: Phase) -> None:
        for _ in range(max(1, round(phase.hours * HOUR_S / self.step_s))):
            self.step(phase)
        if phase.ends == "restart":
            self.restart()
        elif phase.ends:
            self.reboot(lost=phase.ends == "lost")

    def step(self, phase: Phase) -> None:
        load_w = 0.0 if self.off_s > 0 else self.settings.get_level_power_w(self.level)
        now = self.pass_time(phase.sun * self.settings.battery.capacity_wh / 4, load_w)
        if self.off_s > 0:
            self.off_s -= self.step_s
            if self.off_s <= 0:
                self.reboot(lost=False)
            return
        if self.level >= EnergyLevel.SENTINEL and not self.blind:
            self.check(now)
        self.cycle(self.report(phase, now))

    def pass_time(self, sun_w: float, load_w: float) -> Flow:
        rated_a = self.pack.capacity_ah / 4
        now = compute_flow(
            self.pack,
            self.charging,
            charge=self.charge,
            temperature_c=self.celsius,
            available_w=sun_w,
            wanted_w=load_w + self.hidden_w,
            rated_a=rated_a,
            connected=True,
            step_s=self.step_s,
        )
        self.charge += now.battery_a * self.step_s / HOUR_S / self.pack.capacity_ah
        self.charge = min(1.0, max(0.0, self.charge))
        self.charging = update_charging(self.charging, self.pack, now, self.step_s)
        self.clock.advance(self.step_s)
        return now

    def check(self, now: Flow) -> None:
        """The promise: with a load on, there is more left than a clean shutdown takes."""
        clean_wh = self.settings.energy.full_power_w * CLEAN_S / HOUR_S
        self.least_wh = min(self.least_wh, self.drawable_wh - clean_wh)
        assert now.connected
        assert self.drawable_wh > clean_wh, (self.level, self.state, self.guard)

    # --- what is reported ----------------------------------------------------------------------

    def report(self, phase: Phase, now: Flow) -> PowerReading | None:
        """The reading that reaches the unit: lies over the truth, but for the true source."""
        stamp = self.clock.stamp()
        if phase.behaviour == "silent" or (
            phase.behaviour == "flickers" and self.random.random() < 0.5
        ):
            return None
        if phase.behaviour == "late" and self.last is not None:
            return self.last
        if phase.behaviour == "frozen" and self.last is not None:
            return replace(self.last, stamp=stamp)
        if phase.behaviour == "zeros":
            return PowerReading(stamp, "test", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None, 0.0)
        cell_v = now.battery_v / self.pack.cells + self.off_mv / 1000
        noise = self.random.uniform(0.999, 1.001)
        hidden_a = self.hidden_w / max(1.0, now.battery_v)
        values: dict[str, Any] = {
            "pv_power_w": now.pv_w * noise,
            "pv_voltage_v": 36.0 * noise,
            "battery_voltage_v": cell_v * self.pack.cells,
            "battery_current_a": self.sign * (now.battery_a + hidden_a) * noise,
            "battery_temperature_c": self.celsius,
            "load_power_w": (now.load_w - self.hidden_w) * noise,
            "charge_stage": self.charging.stage,
            "yield_today_wh": 100.0,
            **phase.lies,
        }
        if self.true_source == "voltage":
            values["battery_voltage_v"] = cell_v * self.pack.cells
        if self.true_source == "lowest cell":
            values["lowest_cell_voltage_v"] = cell_v
        if self.true_source == "lowest cell" and phase.behaviour == "no cells":
            values["lowest_cell_voltage_v"] = None
            values["battery_voltage_v"] = cell_v * self.pack.cells
        if self.true_source == "charge":
            values["battery_temperature_c"] = self.celsius
        self.last = PowerReading(stamp, "test", **values)
        return self.last

    # --- the unit --------------------------------------------------------------------------------

    def cycle(self, reading: PowerReading | None) -> None:
        """What power/cycle.py does of it."""
        pack, now = self.settings.battery, self.clock.stamp()
        if reading and find_plausible_voltage_v(reading, pack) is not None:
            self.last_reading = reading
        self.estimate = estimator.update(self.estimate, reading, pack)
        self.state = estimator.report_state(self.estimate, reading, pack, now)
        if self.true_source == "charge":
            self.state = self.honest_state(reading, now)
        elif self.charge_from == "full":
            capacity_wh = pack.capacity_wh
            self.state = BatteryState(
                now, 100, 1, capacity_wh, capacity_wh, None, charge_blocked=False, method=""
            )
        age_s = self.clock.age_s(self.last_reading.stamp) if self.last_reading else None
        fresh = self.last_reading if age_s is not None and age_s <= NO_RISE_AFTER_S else None
        self.guard, verdict = judge(
            self.guard,
            fresh,
            age_s,
            self.state,
            self.settings,
            now,
            clock_confirmed=True,
            ordered=self.arbiter.level,
        )
        assert verdict.reason
        proposal = self.planner.propose(self.state, fresh, self.arbiter.level)
        self.arbiter, budget = arbitrate(self.arbiter, verdict, proposal, self.settings, now)
        self.level = budget.level
        if verdict.power_off:
            self.off_s = OFF_H * HOUR_S

    def honest_state(self, reading: PowerReading | None, now: Stamp) -> BatteryState:
        """A count that is right within its sigma, however the voltage lies; it grows in a silence
        as the estimator's does.
        """
        if reading is not None or self.counted is None or self.counted[1].boot_id != now.boot_id:
            self.counted = (100 * self.health * self.charge, now)
        charge_pct, at = self.counted
        sigma_pct = self.sigma_pct + (now.uptime_s - at.uptime_s) / HOUR_S
        reported_pct = min(100.0, max(0.0, charge_pct + self.error_pct))
        capacity_wh = self.settings.battery.capacity_wh
        hidden_pct = 100 * self.health * (1 - compute_usable_share(self.celsius))
        energy_wh = max(0.0, reported_pct - hidden_pct) / 100 * capacity_wh
        return BatteryState(
            now,
            reported_pct,
            sigma_pct,
            energy_wh,
            capacity_wh,
            None,
            charge_blocked=False,
            method="counted",
        )

    def restart(self) -> None:
        """The power service starts anew: its state is what is stored."""
        self.guard, self.arbiter = GuardState(), ArbiterState(self.arbiter.level)
        now = self.clock.stamp()
        self.estimate = (
            estimator.restore(self.state, now, clock_went_on=True) if self.state else None
        )

    def reboot(self, *, lost: bool) -> None:
        """The computer starts anew; nothing of the boot before counts as fresh."""
        self.clock.reboot(60)
        self.off_s, self.last_reading, self.level = 0.0, None, EnergyLevel.HIBERNATE
        self.restart()
        self.arbiter = ArbiterState()
        if lost:
            self.estimate = None


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
        "battery_current_a": st.one_of(wild, st.floats(-120, 30)),
        "battery_temperature_c": st.one_of(wild, st.sampled_from([25.0, -40.0])),
        "load_power_w": wild,
        "charge_stage": stages,
        "lowest_cell_voltage_v": st.one_of(wild, st.floats(2.5, 3.6)),
        "charge_allowed": st.sampled_from([None, True, False]),
    },
)


BEHAVIOURS = ("answers", "silent", "flickers", "late", "frozen", "zeros", "no cells")


@st.composite
def sequences(draw: st.DrawFn) -> list[Phase]:
    """Up to some days. A meter does not freeze around a start of the service: no source could show
    it.
    """
    phases: list[Phase] = []
    anew = False
    for _ in range(draw(st.integers(1, 8))):
        behaviour = draw(st.sampled_from(BEHAVIOURS))
        behaviour = "answers" if anew and behaviour == "frozen" else behaviour
        ends = draw(st.sampled_from(["", "", "", "restart", "reboot", "lost"]))
        ends = "" if behaviour == "frozen" else ends
        anew = bool(ends) or (anew and behaviour != "answers")
        hours = draw(st.sampled_from([0.1, 0.5, 1, 3, 8, 24, 48]))
        sun = draw(st.sampled_from([0, 0, 0, 0.02, 0.2, 1]))
        phases.append(Phase(hours, sun, behaviour, draw(lies), ends))
    return phases


worlds = st.builds(
    World,
    settings=st.sampled_from(list(UNITS.values())),
    true_source=st.sampled_from(["voltage", "lowest cell", "charge"]),
    left=st.sampled_from([0.08, 0.12, 0.2, 0.3, 0.5, 1.0]),
    health=st.sampled_from([1.0, 0.6]),
    ohm_times=st.sampled_from([1.0, 3.0]),
    sign=st.sampled_from([1.0, 1.0, -1.0]),
    charge_from=st.sampled_from(["the estimator", "full"]),
    celsius=st.sampled_from([25.0, 15.0, 2.0, -8.0, -20.0]),
    step_s=st.sampled_from([60.0, 300.0]),
    off_mv=st.sampled_from([0.0, TRUE_MV, -TRUE_MV]),
    error_pct=st.floats(-8, 8),
    sigma_pct=st.floats(8, 10),
)
