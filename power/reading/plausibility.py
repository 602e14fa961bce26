"""Plausibility checks over time: values that jump, that are frozen, that contradict each other.

Reads and writes: nothing; it keeps earlier values of each device.
Never: makes a value of its own. What it rejects is None and IMPLAUSIBLE, until the device has
reported it for a while (a jump) or the values change again (frozen).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality

JUMP_C = 5.0  # a probe that comes loose or is torn off; cells move slower than this
JUMP_C_PER_S = 0.02
CONFIRMED_BY = 3  # readings in a row that agree with the new value
REPEAT_S = 1.0  # values less apart are one measurement, reported twice
FROZEN_S = 1800.0  # with sun or current, no device reports exactly the same for so long
FROZEN_BESIDE_S = 600.0  # while another device saw the battery's current change
CHANGE_A = 1.0
SUN_W = 5.0  # of sun; at night a controller may report the same for hours
DRIFT_PCT = 10.0  # of charge, against what flowed
DRIFT_WINDOW_S = 3600.0
LONGEST_GAP_S = 120.0  # a longer silence is not counted
FULL_PCT = 99.0  # a BMS sets its count right when it is full, and when it is empty
VOLTAGE_TOLERANCE = 0.08  # of the voltage: long thin wires drop less
R = TypeVar("R", PowerReading, BatteryReading)


class Disagreement(BusError):  # noqa: N818  (named for what it is)
    """Two devices on one battery cannot both be right."""

    code = "disagreement"


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


@dataclass
class FreezeDetector:
    """Since when a device has reported exactly the same."""

    reported: tuple[Any, ...] = ()
    since_s: float = 0.0

    def measure_s(self, reported: tuple[Any, ...], now_s: float) -> float:
        if reported != self.reported:
            self.reported, self.since_s = reported, now_s
        return now_s - self.since_s


@dataclass
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

    _jumps: dict[str, JumpFilter] = field(default_factory=dict)
    _freezes: dict[str, FreezeDetector] = field(default_factory=dict)
    _charges: dict[str, ChargeWindow] = field(default_factory=dict)
    _currents: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def filter_charger(self, name: str, reading: PowerReading | None) -> PowerReading | None:
        """The controller's reading without implausible values."""
        if reading is None:
            return None
        reported = (
            reading.pv_power_w,
            reading.pv_voltage_v,
            reading.battery_voltage_v,
            reading.battery_current_a,
        )
        lit = (reading.pv_power_w or 0.0) > SUN_W
        reading = self._reject_frozen(
            f"charger {name}", reading, reported, lit, MEASURED_BY_CHARGERS
        )
        self._record_current(f"charger {name}", reading, reading.battery_current_a)
        return self._reject_jump(f"charger {name}", reading, "battery_temperature_c")

    def filter_battery(self, name: str, reading: BatteryReading | None) -> BatteryReading | None:
        """The battery's reading without implausible values."""
        if reading is None:
            return None
        reported = (reading.voltage_v, reading.current_a, reading.lowest_cell_voltage_v)
        # In steps of 0.1 V a steady load looks frozen all night; the charge counter has finer
        # steps.
        counted = (reading.remaining_ah, reading.state_of_charge_pct)
        flows = abs(reading.current_a or 0.0) > CHANGE_A
        names = MEASURED_BY_BATTERIES
        reading = self._reject_frozen(f"bms {name}", reading, reported, flows, names, counted)
        self._record_current(f"bms {name}", reading, reading.current_a)
        reading = self._check_charge(name, reading)
        return self._reject_jump(f"bms {name}", reading, "lowest_temperature_c")

    def find_disagreements(
        self,
        chargers: Sequence[PowerReading | None],
        batteries: Sequence[BatteryReading | None],
    ) -> list[BusError]:
        """Voltages of one battery that are too far apart. A pack that has cut (cold, full, empty)
        measures its cells, not what the others are connected to.
        """
        seen = {one.device: one.battery_voltage_v for one in chargers if one}
        seen |= {one.device: one.voltage_v for one in batteries if one and is_connected(one)}
        known = {device: volts for device, volts in seen.items() if volts is not None}
        if len(known) < 2:
            return []
        low, high = min(known, key=lambda one: known[one]), max(known, key=lambda one: known[one])
        if known[high] - known[low] <= VOLTAGE_TOLERANCE * known[high]:
            return []
        return [
            Disagreement(
                f"{low} reports {known[low]:.2f} V and {high} {known[high]:.2f} V, but they are "
                "on one battery: check `model` of both in the settings, and the wires between them"
            )
        ]

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

    def _reject_frozen(
        self,
        key: str,
        reading: R,
        reported: tuple[Any, ...],
        alive: bool,
        names: tuple[str, ...],
        counted: tuple[Any, ...] = (),
    ) -> R:
        """Remove values that are frozen. `alive`: there is sun or current, so they cannot stay
        the same for long; at rest, or under a BMS's dead band, they may. `counted`: what still
        moves where a load is steady; beside another device that moves, it is no excuse.
        """
        now_s = reading.stamp.uptime_s
        still_s = self._freezes.setdefault(key, FreezeDetector()).measure_s(reported, now_s)
        whole = self._freezes.setdefault(f"{key} counted", FreezeDetector())
        whole_s = whole.measure_s((*reported, *counted), now_s)
        if not alive or still_s < FROZEN_BESIDE_S:
            return reading
        frozen = whole_s >= FROZEN_S or self._have_others_changed(key, now_s - still_s)
        return mark_implausible(reading, names) if frozen else reading

    def _record_current(
        self, key: str, reading: PowerReading | BatteryReading, current_a: float | None
    ) -> None:
        """Remember the current for the frozen values of others."""
        moves, now_s = self._currents.setdefault(key, []), reading.stamp.uptime_s
        if current_a is not None:
            moves.append((now_s, current_a))
        while moves and now_s - moves[0][0] > FROZEN_S:
            moves.pop(0)

    def _have_others_changed(self, key: str, since_s: float) -> bool:
        """Whether another device has measured a change of the current since then."""
        for other, moves in self._currents.items():
            seen = [amps for at_s, amps in moves if at_s >= since_s]
            if other != key and seen and max(seen) - min(seen) > CHANGE_A:
                return True
        return False

    def _check_charge(self, name: str, reading: BatteryReading) -> BatteryReading:
        """Remove a state of charge that differs from the integrated current."""
        reported_pct, now_s = reading.state_of_charge_pct, reading.stamp.uptime_s
        if reported_pct is None:
            return reading
        window = self._charges.get(name)
        # At both ends a BMS corrects its count. A 0 has passed the profile's check against the
        # cells.
        right = reported_pct >= FULL_PCT or reported_pct == 0
        if window is None or right or now_s - window.began_s > DRIFT_WINDOW_S:
            window = self._charges[name] = ChargeWindow(now_s, reported_pct, now_s)
        gap_s = now_s - window.last_s
        if reading.current_a is None or not reading.full_ah or gap_s > LONGEST_GAP_S:
            self._charges[name] = ChargeWindow(now_s, reported_pct, now_s)
            return reading
        window.integrated_pct += reading.current_a * gap_s / 3600 / reading.full_ah * 100
        window.last_s = now_s
        agrees = window.agrees(reported_pct)
        return reading if agrees else mark_implausible(reading, ("state_of_charge_pct",))


MEASURED_BY_CHARGERS = (
    "pv_power_w",
    "pv_voltage_v",
    "battery_voltage_v",
    "battery_current_a",
    "load_power_w",
)
MEASURED_BY_BATTERIES = (
    "voltage_v",
    "current_a",
    "lowest_cell_voltage_v",
    "highest_cell_voltage_v",
)


def is_connected(pack: BatteryReading) -> bool:
    """Whether its BMS has not opened a switch."""
    return pack.charge_allowed is not False and pack.discharge_allowed is not False


def mark_implausible(reading: R, names: tuple[str, ...]) -> R:
    """The reading with these fields unknown, and marked so."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    marks = dict.fromkeys(names, Quality.IMPLAUSIBLE)
    return replace(reading, **nothing, quality={**reading.quality, **marks})
