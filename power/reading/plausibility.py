"""Plausibility checks over time: values that jump, frozen devices, values that contradict.

Reads and writes: nothing; it keeps earlier values of each device.
Never: makes a value of its own. What it rejects is None and IMPLAUSIBLE, until the device has
reported it for a while (a jump) or the values change again (frozen).
"""

from dataclasses import dataclass, field, fields, replace
from math import inf
from typing import Any, TypeVar

from appliance.errors import BusError
from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality
from appliance.wording.sentence import say
from power.reading.freeze import COUNTED_AH, COUNTED_PCT, SUN_W, FreezeDetector
from power.reading.freeze_evidence import CHANGE_A, REST_A, Report

JUMP_C = 5.0  # a probe that comes loose or is torn off; cells move slower than this
JUMP_C_PER_S = 0.02
CONFIRMED_BY = 3  # readings in a row that agree with the new value
REPEAT_S = 1.0  # values less apart are one measurement, reported twice
DRIFT_PCT = 10.0  # of charge, against what flowed
DRIFT_WINDOW_S = 3600.0
LONGEST_GAP_S = 120.0  # a longer silence is not counted
FULL_PCT = 99.0  # a BMS sets its count right when it is full, and when it is empty
R = TypeVar("R", PowerReading, BatteryReading)


class ChargeContradiction(BusError):  # noqa: N818  (named for what it is)
    """A BMS's state of charge does not follow its own current."""

    code = "charge"


@dataclass
class JumpFilter:
    """The last accepted temperature, and how often another has been reported since."""

    value: float
    at_s: float
    other: float | None = None
    other_at_s: float = 0.0
    times: int = 0

    def accepts(self, value: float, now_s: float) -> bool:
        """Whether `value` may follow."""
        allowed = JUMP_C + JUMP_C_PER_S * (now_s - self.at_s)
        if abs(value - self.value) > allowed and not self._is_confirmed(value, now_s):
            return False
        self.value, self.at_s, self.other, self.times = value, now_s, None, 0
        return True

    def _is_confirmed(self, value: float, now_s: float) -> bool:
        near = self.other is not None and abs(value - self.other) <= JUMP_C
        if near and now_s - self.other_at_s < REPEAT_S:
            return False  # a value requested once a minute comes with each poll: no new measurement
        self.other, self.other_at_s = value, now_s
        self.times = self.times + 1 if near else 1
        return self.times >= CONFIRMED_BY


@dataclass(kw_only=True)
class ChargeWindow:
    """A BMS's state of charge at the start of a window, and the charge integrated since."""

    began_s: float
    reported_pct: float
    last_s: float
    integrated_pct: float = 0.0

    def agrees(self, reported_pct: float) -> bool:
        """Whether the reported change agrees with the integrated current."""
        return abs(reported_pct - self.reported_pct - self.integrated_pct) <= DRIFT_PCT


@dataclass
class PlausibilityFilter:
    """The checks and their state for each device, by its name."""

    freezes: FreezeDetector = field(default_factory=FreezeDetector)
    charge_faults: dict[str, ChargeContradiction] = field(default_factory=dict)
    _jumps: dict[str, JumpFilter] = field(default_factory=dict)
    _charges: dict[str, ChargeWindow] = field(default_factory=dict)

    def filter_charger(
        self,
        name: str,
        reading: PowerReading | None,
        *,
        measures_loads: bool = False,
        rejected: tuple[str, ...] = (),
    ) -> PowerReading | None:
        """The controller's reading without implausible values; all of a frozen one are.
        `rejected`: fields that others have found to be wrong.
        """
        key = f"charger {name}"
        if reading is None:
            self.freezes.forget(key)
            return None
        if self.freezes.is_frozen(report_charger(key, reading, measures_loads=measures_loads)):
            return mark_all_implausible(reading)
        reading = mark_implausible(reading, rejected)
        return self._reject_jump(key, reading, "battery_temperature_c")

    def filter_battery(
        self, name: str, reading: BatteryReading | None, *, rejected: tuple[str, ...] = ()
    ) -> BatteryReading | None:
        """The same for a battery: no charge is judged by a current that is rejected."""
        key = f"bms {name}"
        if reading is None:
            self.freezes.forget(key)
            return None
        if self.freezes.is_frozen(report_battery(key, reading)):
            return mark_all_implausible(reading)
        reading = self._check_charge(name, mark_implausible(reading, rejected))
        return self._reject_jump(key, reading, "lowest_temperature_c")

    def _reject_jump(self, key: str, reading: R, name: str) -> R:
        """Remove a temperature that jumps."""
        value = getattr(reading, name)
        now_s = reading.stamp.uptime_s - reading.ages_s.get(name, 0.0)
        if value is None:
            return reading
        if key not in self._jumps:
            self._jumps[key] = JumpFilter(value, now_s)
        return (
            reading
            if self._jumps[key].accepts(value, now_s)
            else mark_implausible(reading, (name,))
        )

    def _check_charge(self, name: str, reading: BatteryReading) -> BatteryReading:
        """Remove a state of charge that differs from the integrated current."""
        reported_pct, now_s = reading.state_of_charge_pct, reading.stamp.uptime_s
        if reported_pct is None:
            return reading
        window = self._charges.get(name)
        begun = ChargeWindow(began_s=now_s, reported_pct=reported_pct, last_s=now_s)
        # At both ends a BMS corrects its count. A 0 has passed the profile's check against the
        # cells.
        right = reported_pct >= FULL_PCT or reported_pct == 0
        if window is None or right or now_s - window.began_s > DRIFT_WINDOW_S:
            window = self._charges[name] = begun
        gap_s = now_s - window.last_s
        if reading.current_a is None or not reading.full_ah or gap_s > LONGEST_GAP_S:
            self._charges[name] = begun
            self.charge_faults.pop(name, None)
            return reading
        window.integrated_pct += reading.current_a * gap_s / 3600 / reading.full_ah * 100
        window.last_s = now_s
        if window.agrees(reported_pct):
            self.charge_faults.pop(name, None)
            return reading
        if name not in self.charge_faults:
            self.charge_faults[name] = make_charge_fault(name, window, reported_pct)
        return mark_implausible(reading, ("state_of_charge_pct",))


def make_charge_fault(name: str, window: ChargeWindow, reported_pct: float) -> ChargeContradiction:
    """The fault in words; its text stays while it lasts."""
    error = ChargeContradiction(
        say(
            "bms {name}: its state of charge went from {before_pct:.0f} to "
            "{reported_pct:.0f} %, while its current moved {integrated_pct:+.0f} %: the charge "
            "is not used for an hour. It may have set its count right; if this comes again, "
            "check the capacity that is set in it, and charge it fully",
            name=name,
            before_pct=window.reported_pct,
            reported_pct=reported_pct,
            integrated_pct=window.integrated_pct,
        )
    )
    error.code = f"charge-bms-{name}"
    return error


AT_CONSTANT_VOLTAGE = {ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE}
NO_MEASUREMENTS = {"stamp", "device", "quality", "ages_s"}


def report_charger(key: str, reading: PowerReading, *, measures_loads: bool) -> Report:
    """What a controller reports, for the freeze detector. At constant voltage, or where all sun
    goes into loads, the sun is throttled to what these take, and that may be steady.
    """
    lit = (reading.pv_power_w or 0.0) > SUN_W
    rests = measures_loads and abs(reading.battery_current_a or 0.0) <= REST_A
    throttled = lit and (rests or reading.charge_stage in AT_CONSTANT_VOLTAGE)
    return Report(
        device=key,
        at_s=reading.stamp.uptime_s,
        values=(
            reading.pv_power_w,
            reading.pv_voltage_v,
            reading.battery_voltage_v,
            reading.battery_current_a,
            reading.load_power_w,
        ),
        counted=(reading.yield_today_wh, reading.battery_temperature_c),
        current_a=reading.battery_current_a,
        voltage_v=reading.battery_voltage_v,
        flows=lit and not throttled,
        measures_loads=measures_loads,
        throttled=throttled,
    )


def report_battery(key: str, reading: BatteryReading) -> Report:
    """What a BMS reports. In steps of 0.1 V a steady load looks frozen all night; the charge
    counter has finer steps.
    """
    return Report(
        device=key,
        at_s=reading.stamp.uptime_s,
        values=(reading.voltage_v, reading.current_a, reading.lowest_cell_voltage_v),
        counted=(reading.remaining_ah, reading.state_of_charge_pct),
        current_a=reading.current_a,
        voltage_v=reading.voltage_v,
        flows=abs(reading.current_a or 0.0) > CHANGE_A,
        measures_loads=True,
        connected=is_connected(reading),
        counted_step_ah=find_counted_step_ah(reading),
    )


def find_counted_step_ah(reading: BatteryReading) -> float:
    """The charge after which its counter must have moved; without one nothing has to move soon."""
    if reading.remaining_ah is not None:
        return COUNTED_AH
    if reading.state_of_charge_pct is not None and reading.full_ah:
        return COUNTED_PCT / 100 * reading.full_ah
    return inf


def is_connected(pack: BatteryReading) -> bool:
    """Whether its BMS has not opened its MOSFETs."""
    return pack.charge_allowed is not False and pack.discharge_allowed is not False


def mark_implausible(reading: R, names: tuple[str, ...]) -> R:
    """The reading with these fields unknown, and marked so."""
    if not names:
        return reading
    nothing: dict[str, Any] = dict.fromkeys(names)
    marks = dict.fromkeys(names, Quality.IMPLAUSIBLE)
    return replace(reading, **nothing, quality={**reading.quality, **marks})


def mark_all_implausible(reading: R) -> R:
    """The reading of a device of which nothing is believed: every known value is unknown."""
    names = [one.name for one in fields(reading) if one.name not in NO_MEASUREMENTS]
    known = [name for name in names if getattr(reading, name) is not None]
    return mark_implausible(reading, tuple(known))
