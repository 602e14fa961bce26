"""The estimator's state, and which values of a reading are plausible for the battery at all.

Reads and writes: nothing; pure.
Never: uses a value that no battery of this kind can have.
"""

from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime

from appliance.chemistry import compute_capacity_ah, count_cells, get_profile
from appliance.model import ChargeStage, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.battery.unmeasured_flow import RunningSource, UnmeasuredFlow
from power.battery.voltage_curve import UNKNOWN_RESISTANCE, Resistance

COUNTED, FROM_VOLTAGE, FROM_BMS = "counted", "from voltage", "from the BMS"  # as stored

COUNT_SIGMA_LIMIT_PCT = 50.0  # a count this old is worth next to nothing
LOWEST_SHARE = 0.6  # of the nominal voltage: no computer would run to see less
HIGHEST_C_RATE = 2.0  # a current of more than 2 C is a reading error
NO_PROBE_C = 25.0  # exactly: LibreSolar's firmware and others say so where no probe is connected
HOLDING = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)  # a charger's voltage
UNKNOWN_CAPACITY_SIGMA = 0.35  # of the rated one: batteries are used down to 60 % of it
UNKNOWN_DRIFT_SIGMA = 2.5  # % a day, one sigma: a dead band of 0.1 to 0.5 A on 100 Ah


@dataclass(frozen=True, slots=True)
class Drift:
    """The drift of the current sensor: what it counts too much (% of the capacity a day).

    `covariance` is that of charge and drift (% x % a day). Below 0: were the drift larger, the
    charge would be less. What corrects the charge corrects the drift in proportion to it.
    """

    pct_per_day: float = 0.0
    sigma_pct_per_day: float = UNKNOWN_DRIFT_SIGMA
    _: KW_ONLY
    covariance: float = 0.0


@dataclass(frozen=True, slots=True)
class CountCapacity:
    """The capacity that the count takes for 100 %: `share` of the rated one, `sigma` one standard
    deviation over itself, and the `covariance` of charge and that (%): below 0 after a discharge,
    of which a smaller capacity makes more.
    """

    share: float = 1.0
    sigma: float = UNKNOWN_CAPACITY_SIGMA
    _: KW_ONLY
    covariance: float = 0.0


@dataclass(frozen=True, slots=True)
class SignEvidence:
    """The measured current beside that of sun and load: by how much it (`as_is_ah`) and its mirror
    image (`mirrored_ah`) have differed from it, over the last hours in which it was clear.
    """

    as_is_ah: float = 0.0
    mirrored_ah: float = 0.0
    flowed_ah: float = 0.0
    is_mirrored: bool = False


NO_EVIDENCE = SignEvidence()


@dataclass(frozen=True, slots=True)
class EstimatorInputs:
    """The usable values of the last reading. `reported_v` and `reported_a` are what it reported,
    `unchanged_since_s` the uptime since when it has reported exactly that. `current_measured`
    False: the current is derived from sun and load. `draw_pct_per_h`: what the loads took when
    that was last known. `sign`: whether the current's sign agrees with sun and load.
    `is_turned`: it is counted with the other sign.
    """

    voltage_v: float | None = None
    current_a: float | None = None
    current_measured: bool = True
    reported_v: float | None = None
    reported_a: float | None = None
    unchanged_since_s: float = 0.0
    draw_pct_per_h: float = 0.0
    sign: SignEvidence = NO_EVIDENCE
    is_turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncConditions:
    """The uptimes since when each condition for synchronising has held without a break: a small
    tail current at full voltage, float, an empty cell. `inflow_s`: for how long a charging current
    has been measured there that becomes small, `inflow_at_s`: when it was last.
    """

    tail_since_s: float | None = None
    float_since_s: float | None = None
    empty_since_s: float | None = None
    inflow_s: float = 0.0
    inflow_at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestWindow:
    """The charges that all voltages of a while leave possible, the current being small."""

    since_s: float
    until_s: float
    least_pct: float
    most_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A rise of a cell's voltage from `from_v`, at `from_a` and the uptime `from_s`, that no
    measured current explains, to `top_v`: `since_s` when it stands, None where it does not;
    `is_found`: for long enough to be an unmeasured source.
    """

    from_v: float
    from_a: float
    from_s: float
    since_s: float | None = None
    top_v: float = 0.0
    is_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentPacks:
    """The packs that have left: their charge, one standard deviation of the charge of all packs
    when the last one left, and that of the others just after it. `others_corrected`: the charge of
    the others was corrected since, so that it shows nothing of the absent ones any more.
    """

    charge_pct: float
    whole_sigma_pct: float
    left_sigma_pct: float
    others_corrected: bool = False


@dataclass(frozen=True, slots=True)
class Moves:
    """By how much voltages have moved the count since it was set (`moved_pct`), when that was
    (uptime), and what charge, sigma and drift it had then.
    """

    since_s: float = 0.0
    charge_pct: float = 100.0
    sigma_pct: float = 30.0
    drift_pct_per_day: float = 0.0
    moved_pct: float = 0.0


NO_MOVES = Moves()
NO_INPUTS, NO_CONDITIONS, DRIFT_UNKNOWN = EstimatorInputs(), SyncConditions(), Drift()
UNKNOWN_CAPACITY = CountCapacity()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the estimator carries from reading to reading.

    `counted_at`: the moment up to which charge is counted, `current_a` the current then.
    `clamped_pct`: what the count went beyond 0 or 100 % since the last correction. `full_at`: when
    it was last full. `bms_used_s`: the uptime at which a BMS's charge was last used.
    `after_long_silence`: there was no reading for hours, so one voltage alone may correct it.
    `mean_draw_pct_per_h`: what the loads took, over the last hour, as far as it was known.
    `share`: the part of the battery that is connected, and so estimated; `absent`: the rest.
    `resistance`: what steps of the current have shown of it. `rise`: of the voltage, that no
    measured current explains. `capacity`: what the count takes for 100 %. `moves`:
    by how much voltages have moved the count since it was set. `flow`: what the balance of the
    charge has found that the measured current lacks. `source`: one beside the sun that is on, as
    of the uptime `source_at_s`.
    """

    counted_at: Stamp
    charge_pct: float
    sigma_pct: float
    method: str
    current_a: float | None = None
    temperature_c: float | None = None
    drift: Drift = DRIFT_UNKNOWN
    inputs: EstimatorInputs = NO_INPUTS
    conditions: SyncConditions = NO_CONDITIONS
    rest: RestWindow | None = None
    clamped_pct: float = 0.0
    full_at: datetime | None = None
    bms_used_s: float | None = None
    after_long_silence: bool = False
    mean_draw_pct_per_h: float | None = None
    share: float = 1.0
    absent: AbsentPacks | None = None
    resistance: Resistance = UNKNOWN_RESISTANCE
    rise: Rise | None = None
    capacity: CountCapacity = UNKNOWN_CAPACITY
    moves: Moves = NO_MOVES
    flow: UnmeasuredFlow | None = None
    source: RunningSource | None = None
    source_at_s: float = 0.0

    @property
    def absent_corrected(self) -> AbsentPacks | None:
        """The absent packs after a correction of the others."""
        return self.absent and replace(self.absent, others_corrected=True)

    @property
    def has_unmeasured_source(self) -> bool:
        return self.rise is not None and self.rise.is_found


def find_plausible_voltage_v(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery voltage, or None where no battery of this kind can have it (0 V for absent)."""
    voltage_v = reading.battery_voltage_v
    if voltage_v is None:
        return None
    profile, cell_v = get_profile(settings), voltage_v / count_cells(settings)
    plausible = LOWEST_SHARE * profile.nominal_v <= cell_v <= profile.plausible_v
    return voltage_v if plausible else None


def find_plausible_current_a(reading: PowerReading, settings: BatterySettings) -> float | None:
    """The battery current, or None where it is beyond what any battery of this size takes.

    0 A beside a voltage that cannot be is no current either: both stand for "absent".
    """
    current_a = reading.battery_current_a
    if current_a is None or not abs(current_a) <= HIGHEST_C_RATE * compute_capacity_ah(settings):
        return None
    if current_a == 0 and find_plausible_voltage_v(reading, settings) is None:
        return None
    return current_a


def is_too_cold_to_charge(temperature_c: float | None, settings: BatterySettings) -> bool:
    """Whether the cells are too cold to be charged. An unknown temperature blocks nothing."""
    if temperature_c is None or not get_profile(settings).is_harmed_by_frost:
        return False
    return temperature_c < 0


def find_measured_temperature_c(celsius: float | None) -> float | None:
    """The temperature, unless it is the one that many controllers say without a probe."""
    return None if celsius == NO_PROBE_C else celsius
