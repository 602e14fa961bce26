"""One battery with its charger, wires and a day's sun, stepped in time.

Reads and writes: nothing.
Never: shows the unit its true charge.
"""

import math
from dataclasses import dataclass, field

from appliance.model import ChargeStage
from tests.bench.estimator.cells import Cell, LfpCell

STEP_S = 30.0
EFFICIENCY = 0.96
TAIL_C, ABSORB_MOST_S = 0.02, 3 * 3600.0
WAKES_W = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """Set-points of one cell at 25 C; it compensates by `per_c` where it does."""

    absorption_v: float
    float_v: float
    per_c: float = 0.0
    from_c: float = -50.0
    most_a: float = 60.0
    always: ChargeStage | None = None  # a wrong stage that it reports by day

    def limit_v(self, stage: ChargeStage, celsius: float) -> float:
        base_v = self.float_v if stage is ChargeStage.FLOAT else self.absorption_v
        return base_v + self.per_c * (celsius - 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What really stands there. `real_share`: of the rated capacity, what an old one has."""

    cell: Cell = field(default_factory=LfpCell)
    cells: int = 4
    rated_ah: float = 200.0
    real_share: float = 1.0
    charger: Charger
    peak_w: float = 500.0
    wires_ohm: float = 0.006
    mean_c: float = 20.0
    swing_c: float = 4.0
    charge: float = 0.6
    hysteresis_v: float = 0.006


@dataclass
class Plant:
    """The state: charge (0 to 1 of what it really has), what a current left behind, the stage."""

    setup: Setup
    charge: float = 0.6
    slow_v: float = 0.0
    lean_v: float = 0.0
    stage: ChargeStage = ChargeStage.OFF
    absorbed_s: float = 0.0
    current_a: float = 0.0
    pv_w: float = 0.0
    cell_v: float = 3.3
    is_cut: bool = False
    path_open: bool = False  # its BMS has disabled charging

    @property
    def real_ah(self) -> float:
        return self.setup.rated_ah * self.setup.real_share

    def measured_v(self) -> float:
        """At the controller's end of the wires."""
        if self.path_open and self.pv_w > 0 and self.current_a >= 0:
            return self.limit_v * self.setup.cells
        return self.cell_v * self.setup.cells + self.current_a * self.setup.wires_ohm

    def step(self, *, sun_w: float, load_w: float, celsius: float, extra_a: float = 0.0) -> None:
        """Half a minute; `extra_a`: the most that an unmeasured source gives."""
        setup, cell = self.setup, self.setup.cell
        self.limit_v = setup.charger.limit_v(self.stage, celsius)
        rested_v = cell.rested_v(self.charge, celsius) + self.slow_v + self.lean_v
        volts = max(1.0, rested_v * setup.cells)
        wanted_a = min(sun_w * EFFICIENCY / volts, setup.charger.most_a) - load_w / volts
        charging = wanted_a + extra_a > 0
        ohm = cell.resistance(self.charge, celsius, charging=charging) * setup.cells / self.real_ah
        held_a = (self.limit_v * setup.cells - volts) / (ohm + setup.wires_ohm)
        lit = sun_w >= WAKES_W
        takes = celsius >= setup.charger.from_c and not self.path_open
        most_a = max(0.0, held_a) if takes else 0.0
        at_limit = lit and takes and wanted_a > most_a and sun_w > load_w
        self.current_a = min(wanted_a, most_a) if lit else -load_w / volts
        self.pv_w = max(0.0, self.current_a + load_w / volts) * volts / EFFICIENCY if lit else 0.0
        room_a = (setup.charger.absorption_v * setup.cells - volts) / ohm - self.current_a
        through_a = self.current_a + max(0.0, min(extra_a, room_a))
        self.cell_v = (volts + through_a * ohm) / setup.cells
        self._flow(through_a, celsius)
        self._choose_stage(at_limit=at_limit, lit=lit)
        self.is_cut = self.cell_v < cell.cut_v and through_a < 0

    def _flow(self, through_a: float, celsius: float) -> None:
        rate = through_a / self.real_ah
        slow_ohm, tau_s = self.setup.cell.slow(celsius)
        self.slow_v += (rate * slow_ohm - self.slow_v) * min(1.0, STEP_S / tau_s)
        kept = rate - self.setup.cell.loss(self.cell_v, celsius) if rate > 0 else rate
        self.charge = min(
            self.setup.cell.most_charge, max(-0.05, self.charge + kept * STEP_S / 3600)
        )
        towards_v = math.copysign(self.setup.hysteresis_v, rate) if rate else 0.0
        self.lean_v += (towards_v - self.lean_v) * min(1.0, abs(rate) * STEP_S / 3600 / 0.02)

    def _choose_stage(self, *, at_limit: bool, lit: bool) -> None:
        if not lit:
            self.stage, self.absorbed_s = ChargeStage.OFF, 0.0
        elif self.stage in (ChargeStage.OFF, ChargeStage.BULK):
            self.stage = ChargeStage.ABSORPTION if at_limit else ChargeStage.BULK
        elif self.stage is ChargeStage.ABSORPTION:
            self.absorbed_s += STEP_S
            tail = at_limit and self.current_a < TAIL_C * self.setup.rated_ah
            if (tail and self.absorbed_s > 600) or self.absorbed_s >= ABSORB_MOST_S:
                self.stage = ChargeStage.FLOAT
            elif self.measured_v() < (self.limit_v - 0.1) * self.setup.cells:
                self.stage = ChargeStage.BULK
        elif self.measured_v() < 0.96 * self.setup.charger.float_v * self.setup.cells:
            self.stage = ChargeStage.BULK
