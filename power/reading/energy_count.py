"""Energy that has flowed, counted from readings: sun, into and out of the battery, to the loads.

    count = EnergyCount()
    count.add(reading)                     # after each poll
    count.resume(stored)                   # what was counted before the start, whenever it comes
    count.list_totals(now)

Reads and writes: nothing; power/row_writer.py stores the totals.
Never: counts what was not measured: between two readings that are more than `MOST_APART_S` apart,
of two boots, or without that power, nothing is added. A total never falls.
"""

from collections.abc import Iterable, Mapping
from math import isfinite

from appliance.model import EnergyTotal, PowerReading, Stamp

SUN, BATTERY_IN, BATTERY_OUT, LOAD = "sun", "battery-in", "battery-out", "load"
MOST_APART_S = 180.0
MOST_W = 100_000.0  # more is no power of such a unit
MOST_WH = 1e10  # a stored total above it is damaged
HOUR_S = 3600.0
Powers = Mapping[str, float]


class EnergyCount:
    """The counts of one unit, Wh by meter."""

    def __init__(self) -> None:
        self._last: tuple[Stamp, Powers] | None = None
        self._counted_wh: dict[str, float] = {}

    def resume(self, stored: Iterable[EnergyTotal]) -> None:
        """Go on from what was stored; what was counted before it came is added."""
        for one in stored:
            if isfinite(one.energy_wh) and 0 <= one.energy_wh <= MOST_WH:
                own_wh = self._counted_wh.get(one.meter, 0.0)
                self._counted_wh[one.meter] = own_wh + one.energy_wh

    def add(self, reading: PowerReading) -> None:
        """Count what has flowed since the reading before."""
        powers = measure_powers(reading)
        before, self._last = self._last, (reading.stamp, powers)
        for meter in powers:
            self._counted_wh.setdefault(meter, 0.0)
        if before is None:
            return
        apart_s = measure_apart_s(before[0], reading.stamp)
        for meter, power_w in powers.items():
            if meter in before[1]:
                mean_w = (before[1][meter] + power_w) / 2
                self._counted_wh[meter] += mean_w * apart_s / HOUR_S

    def list_totals(self, now: Stamp) -> tuple[EnergyTotal, ...]:
        """What was counted, a row for each meter that was ever measured."""
        return tuple(EnergyTotal(now, meter, wh) for meter, wh in self._counted_wh.items())


def measure_apart_s(before: Stamp, after: Stamp) -> float:
    """The time that two readings cover; 0 where nothing is known of what lies between."""
    apart_s = after.uptime_s - before.uptime_s
    is_known = before.boot_id == after.boot_id and 0 < apart_s <= MOST_APART_S
    return apart_s if is_known else 0.0


def measure_powers(reading: PowerReading) -> Powers:
    """The powers of a reading that are known and can be, W, none negative."""
    voltage_v = get_sure(reading, "battery_voltage_v")
    current_a = get_sure(reading, "battery_current_a")
    flow_w = None if voltage_v is None or current_a is None else voltage_v * current_a
    found = {
        SUN: get_sure(reading, "pv_power_w"),
        BATTERY_IN: None if flow_w is None else max(0.0, flow_w),
        BATTERY_OUT: None if flow_w is None else max(0.0, -flow_w),
        LOAD: get_sure(reading, "load_power_w"),
    }
    return {name: max(0.0, w) for name, w in found.items() if w is not None and w <= MOST_W}


def get_sure(reading: PowerReading, name: str) -> float | None:
    """A value of good quality; None where it is none."""
    value: float | None = None if name in reading.quality else getattr(reading, name)
    return value if value is not None and isfinite(value) else None
