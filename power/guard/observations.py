"""The guard's observations: what it uses of one reading, and what it remembers of all of them.

Reads and writes: nothing; pure.
Never: takes an old value for a new one, or one that no battery can have for evidence.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from appliance.model import BatteryState, ChargeStage, PowerReading, Stamp
from power.guard.limits import LOWEST_SHARE, Limits
from power.guard.proven_charge import NOTHING_PROVEN, ProvenCharge

OLDEST_FIELD_S = 180.0  # what is asked once a minute is known for three
EMPTY_FOR_S, LOW_FOR_S = 30.0, 300.0
LONGEST_SUMMED_S = 15.0  # between two readings: a longer time shows nothing of what lay between
CELL_LOST_S = 600.0  # so long a cell that was low stays low while only the mean of all is reported
CARRYING = ("pv_power_w", "battery_current_a")
CARRIED_SHARE = 0.1  # of C/100: what a dark sensor may say of no current
TARGET_HELD = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)


class Observation(NamedTuple):
    """A usable reading: the lowest voltage per cell, whether it is the mean of all because no
    single cell was reported (`mean_only`), the uptime at which it was measured, and `values`: what
    stays the same where a meter is frozen.
    """

    cell_v: float
    mean_only: bool
    at_s: float
    values: tuple[Any, ...]


class Sag(NamedTuple):
    """What a current takes of the voltage of a cell (V), where it is measured: at the battery's
    wires, over the mean of all cells, and at the cells themselves.
    """

    mean_v: float
    cell_v: float


NO_SAG = Sag(0.0, 0.0)


class Moment(NamedTuple):
    """Voltage (V, at the battery's wires) and current (A) of one moment, in uptime."""

    voltage_v: float
    current_a: float
    at_s: float


@dataclass(frozen=True, slots=True)
class GuardState:
    """What the guard remembers, in uptimes: since when the voltage is low and the cell empty as
    far as readings show, whether `LOW_FOR_S` of low or `EMPTY_FOR_S` of empty readings have
    `confirmed` it, and when a BMS last reported a low cell. `low_sum_s` and `empty_sum_s`: the
    same without a beginning, of a load that comes and goes: time below the limit, less time above.
    `was_good`: the voltage was good once.
    `observed_s` is the last usable reading, `values` what stays the same where a meter is frozen,
    and `unchanged_since_s` since when it is the same. `share` of the batteries' capacity may be
    discharged, as far as is known; `disconnected_since_s`: since when none of it may,
    `disconnected_seen_s` when that was last reported; `was_connected`: some was, once.
    `contradicted_since_s`: since when the battery supplies the unit all the same,
    `is_contradicted`: for so long that the report is not followed.
    `denied_sum_s`: for how long none might, less a part of the time in which some might, at
    `share_seen_s` when that was last reported; `is_denied_often`: too long, and not over yet.
    `sag_since_s`: since when a large current holds the voltage low, `deep_sag_since_s` below the
    floor (power/guard/sag.py); `before_sag`: the last sound moment before, `step_ohm` what the step
    from it shows of the resistance. `lvd_v`: where a load output
    disconnects, `cell_uvp_v`: where a BMS does, as last reported.
    `proven`: what the battery holds at least (power/guard/dead_reckoning.py).
    """

    low_since_s: float | None = None
    empty_since_s: float | None = None
    confirmed: bool = False
    cell_low_s: float | None = None
    was_good: bool = False
    observed_s: float | None = None
    values: tuple[Any, ...] = ()
    unchanged_since_s: float = 0.0
    share: float = 1.0
    disconnected_since_s: float | None = None
    disconnected_seen_s: float = 0.0
    was_connected: bool = False
    contradicted_since_s: float | None = None
    is_contradicted: bool = False
    denied_sum_s: float = 0.0
    share_seen_s: float | None = None
    is_denied_often: bool = False
    sag_since_s: float | None = None
    deep_sag_since_s: float | None = None
    before_sag: Moment | None = None
    step_ohm: float | None = None
    lvd_v: float | None = None
    cell_uvp_v: float | None = None
    low_sum_s: float = 0.0
    empty_sum_s: float = 0.0
    proven: ProvenCharge = NOTHING_PROVEN

    @property
    def may_lose_power(self) -> bool:
        """Whether the battery itself shows that it is empty, or that its BMS may disconnect."""
        denied = self.disconnected_since_s is not None or self.is_denied_often
        return self.confirmed or (denied and not self.is_contradicted)


def observe(
    reading: PowerReading | None, limits: Limits, now: Stamp, sag: Sag = NO_SAG
) -> Observation | None:
    """What the guard uses of `reading`; None where it has no voltage, or is from another boot or
    the future. `sag` is added to the voltages.
    """
    if reading is None or not is_of_now(reading, now):
        return None
    ages_s = reading.ages_s
    mean_v, lowest_v = mean_cell_v(reading, limits), lowest_cell_v(reading, limits)
    if ages_s:
        mean_v = mean_v if is_recent(reading, "battery_voltage_v") else None
        lowest_v = lowest_v if is_recent(reading, "lowest_cell_voltage_v") else None
    values = list_moving_values(reading)
    if sag is not NO_SAG:
        lowest_v = add_to_lowest(lowest_v, mean_v, sag, limits)
        mean_v = None if mean_v is None else mean_v + sag.mean_v
    measured = {"battery_voltage_v": mean_v, "lowest_cell_voltage_v": lowest_v}
    known = {name: volts for name, volts in measured.items() if volts is not None}
    if not known:
        return None
    cell_v = min(known.values())
    bad_v = find_threshold_above(cell_v, limits)
    at_s = max(
        measured_at_s(reading, name) for name, v in known.items() if v == cell_v or v < bad_v
    )
    return Observation(cell_v, mean_only=lowest_v is None, at_s=at_s, values=values)


def add_to_lowest(
    lowest_v: float | None, mean_v: float | None, sag: Sag, limits: Limits
) -> float | None:
    """The lowest cell without its sag; as it is where its BMS would disconnect, or where it is a
    weak one: the same current flows through all of them.
    """
    if lowest_v is None or mean_v is None or lowest_v < limits.cell.disconnect_v:
        return lowest_v
    return lowest_v + sag.cell_v if mean_v - lowest_v <= limits.cell.spread_v else lowest_v


def is_of_now(reading: PowerReading, now: Stamp) -> bool:
    """Whether the reading is of this boot, and not of the future."""
    return reading.stamp.boot_id == now.boot_id and reading.stamp.uptime_s <= now.uptime_s


def find_threshold_above(cell_v: float, limits: Limits) -> float:
    """The limit that this voltage is below; where it is good, itself. What else is below it was
    measured as low: of two such measurements the newer counts.
    """
    thresholds_v = (limits.cell.floor_v, limits.cell.low_v)
    return next((limit_v for limit_v in thresholds_v if cell_v < limit_v), cell_v)


def mean_cell_v(reading: PowerReading, limits: Limits) -> float | None:
    """The battery's voltage over its cells; None where no battery can have it (0 V for absent)."""
    voltage_v = reading.battery_voltage_v
    if voltage_v is None or not limits.lowest_v <= voltage_v <= limits.highest_v:
        return None
    return voltage_v / limits.cells


def lowest_cell_v(reading: PowerReading, limits: Limits) -> float | None:
    """The lowest cell that a BMS sees; None where no living cell can have that voltage."""
    cell_v = reading.lowest_cell_voltage_v
    cell, least_v = limits.cell, LOWEST_SHARE * limits.cell.nominal_v
    if cell_v is None or not least_v <= cell_v <= cell.plausible_v:
        return None
    return cell_v


def measured_at_s(reading: PowerReading, name: str) -> float:
    """The uptime at which that field was measured."""
    return reading.stamp.uptime_s - (reading.ages_s.get(name, 0.0) if reading.ages_s else 0.0)


def is_recent(reading: PowerReading, name: str) -> bool:
    """Whether that field is new enough; an age that is no number is none."""
    return 0.0 <= reading.ages_s.get(name, 0.0) <= OLDEST_FIELD_S


def list_moving_values(reading: PowerReading) -> tuple[Any, ...]:
    """What cannot stay exactly the same: the battery's voltage, current and temperature. While the
    sun holds a full battery at its target voltage these may; then what the panels give may not.
    """
    battery = (
        drop_nan(reading.battery_voltage_v),
        drop_nan(reading.lowest_cell_voltage_v),
        drop_nan(reading.battery_current_a),
        drop_nan(reading.battery_temperature_c),
    )
    sun_w = reading.pv_power_w
    if reading.charge_stage not in TARGET_HELD or sun_w is None or not sun_w > 0:
        return battery
    return (*battery, sun_w, drop_nan(reading.pv_voltage_v), drop_nan(reading.load_power_w))


def drop_nan(value: float | None) -> float | None:
    """None for what is no number: it would differ from itself, and so seem to move."""
    return value if value == value else None  # noqa: PLR0124


def is_charging(reading: PowerReading | None, battery: BatteryState | None, limits: Limits) -> bool:
    """Whether clearly more flows into the battery than out; an unknown current is none.

    A battery that cannot be charged (too cold, or its BMS says so) is not: a current into it
    is a sensor's error, and the sun on the panels is no income.
    """
    if reading is None or reading.battery_current_a is None:
        return False
    if reading.charge_allowed is False or (battery is not None and battery.charge_blocked):
        return False
    celsius = reading.battery_temperature_c
    if celsius is not None and celsius < 0 and not limits.charges_below_zero:
        return False
    if reading.ages_s and not is_recent(reading, "battery_current_a"):
        return False
    return reading.battery_current_a > limits.charging_a


def is_carried_by_sun(reading: PowerReading | None, limits: Limits) -> bool:
    """Whether the panels feed what runs now and the battery gives next to nothing.

    A battery that is too cold to be charged need not be asked then: the cameras may listen by day.
    """
    if reading is None or not all(is_recent(reading, name) for name in CARRYING):
        return False
    sun_w, current_a = reading.pv_power_w, reading.battery_current_a
    if sun_w is None or current_a is None or not math.isfinite(current_a):
        return False
    return sun_w > 0 and current_a >= -CARRIED_SHARE * limits.charging_a


def is_discharging(reading: PowerReading | None, limits: Limits) -> bool:
    """Whether clearly more flows out of the battery than a sensor may say of no current."""
    if reading is None or reading.battery_current_a is None:
        return False
    is_new = is_recent(reading, "battery_current_a")
    return is_new and reading.battery_current_a < -CARRIED_SHARE * limits.charging_a


def find_deadline_s(state: GuardState) -> float | None:
    """The uptime from which on a reading confirms what waits to be confirmed; None: nothing."""
    ends_s = []
    if state.low_since_s is not None and not state.confirmed:
        ends_s.append(state.low_since_s + LOW_FOR_S)
        if state.empty_since_s is not None:
            ends_s.append(state.empty_since_s + EMPTY_FOR_S)
    since_s = state.disconnected_since_s
    if since_s is not None and state.disconnected_seen_s - since_s < EMPTY_FOR_S:
        ends_s.append(since_s + EMPTY_FOR_S)
    return min(ends_s, default=None)


def update_state(state: GuardState, observation: Observation | None, limits: Limits) -> GuardState:
    """Note since when the voltage is low; only a better voltage ends that, no silence, and for a
    weak cell not the mean of all, where a poll did not bring the cells.
    """
    if observation is None:
        return state
    same = observation.values == state.values
    state = replace(
        note_voltage(sum_low_times(state, observation, limits), observation, limits),
        observed_s=observation.at_s,
        values=observation.values,
        unchanged_since_s=state.unchanged_since_s if same else observation.at_s,
    )
    return replace(state, was_good=state.was_good or state.low_since_s is None)


def sum_low_times(state: GuardState, observation: Observation, limits: Limits) -> GuardState:
    """Add the time since the last reading where it and this one are low, take it off where this
    one is good: a load that is on for more than half of the time hides no empty battery.
    """
    if state.observed_s is None:
        return state
    passed_s = min(max(0.0, observation.at_s - state.observed_s), LONGEST_SUMMED_S)

    def add(sum_s: float, limit_v: float, *, was_below: bool) -> float:
        if observation.cell_v >= limit_v:
            return max(0.0, sum_s - passed_s)
        return sum_s + passed_s if was_below else sum_s

    low, empty = state.low_since_s is not None, state.empty_since_s is not None
    return replace(
        state,
        low_sum_s=add(state.low_sum_s, limits.cell.low_v, was_below=low),
        empty_sum_s=add(state.empty_sum_s, limits.cell.floor_v, was_below=empty),
    )


def note_voltage(state: GuardState, observation: Observation, limits: Limits) -> GuardState:
    """Since when the voltage is low and the cell empty, and whether that is confirmed."""
    cell_v, mean_only, at_s, _ = observation
    cell = limits.cell
    cell_low_s = state.cell_low_s
    is_cell_hidden = mean_only and cell_low_s is not None and at_s - cell_low_s < CELL_LOST_S
    if is_cell_hidden and cell_v >= cell.floor_v:
        return state
    if cell_v >= (cell.recovered_v if state.confirmed else cell.low_v):
        return replace(
            state, low_since_s=None, empty_since_s=None, confirmed=False, cell_low_s=None
        )
    low_s = at_s if state.low_since_s is None else state.low_since_s
    confirmed = state.confirmed or max(at_s - low_s, state.low_sum_s) >= LOW_FOR_S
    empty_s = None
    if cell_v < cell.floor_v:
        empty_s = at_s if state.empty_since_s is None else state.empty_since_s
        confirmed = confirmed or max(at_s - empty_s, state.empty_sum_s) >= EMPTY_FOR_S
    return replace(
        state,
        low_since_s=low_s,
        empty_since_s=empty_s,
        confirmed=confirmed,
        cell_low_s=cell_low_s if mean_only else at_s,
    )
