"""What devices report and see, and which change another one would have had to see too.

Reads and writes: nothing; pure.
Never: decides that a device is frozen; power/reading/freeze.py does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from appliance.wording.sentence import say

CHANGE_A = 1.0  # of another device's current
PACK_CHANGE_A = 2.0  # the same beside a pack with a little current of its own
REST_A = 0.05  # less is rest
DEAD_BAND_A = 3.0  # of one BMS: JBD up to 0.5 A, large Daly boards more than 2 A
COARSE_STEP_V = 0.1  # the resolution of Renogy and Daly
FINE_CHANGE_V, COARSE_CHANGE_V = 0.15, 0.3  # of another device's voltage, by the own resolution
LAG_SHARE = 0.2  # of a change: so much of it a BMS that reports a mean of minutes may show late
FROZEN_S = 1800.0  # with sun or current, no device reports exactly the same for so long
FROZEN_DARK_S = 6 * 3600.0  # with a current, but no sun: a load may be steady for some hours


@dataclass(frozen=True, slots=True)
class Report:
    """What one device reports in one poll.

    `values` are those that a change of the battery changes, `counted` those that still move where a
    load is steady. `flows`: sun or a current, so that the values cannot stay the same for long.
    `throttled`: there is sun, but no more of it is taken than a load needs.
    `measures_loads`: its current is the battery's. `connected`: its voltage is the battery's.
    `counted_step_ah`: the charge after which `counted` must have moved; 0 where it always moves.
    """

    device: str  # "charger main"
    at_s: float
    values: tuple[Any, ...]
    counted: tuple[Any, ...]
    current_a: float | None
    voltage_v: float | None
    flows: bool
    measures_loads: bool
    connected: bool = True
    throttled: bool = False
    counted_step_ah: float = 0.0

    @property
    def is_pack(self) -> bool:
        return is_pack(self.device)

    @property
    def longest_still_s(self) -> float:
        """How long a sound device may report all the same while current flows: a coarse BMS with a
        small steady load repeats itself until its counter moves.
        """
        counted_s = 3600 * self.counted_step_ah / max(REST_A, abs(self.current_a or 0.0))
        return min(FROZEN_DARK_S, max(FROZEN_S, counted_s))


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """Current and voltage of one device at one moment."""

    at_s: float
    current_a: float | None
    voltage_v: float | None
    measures_loads: bool


def is_pack(device: str) -> bool:
    return device.startswith("bms ")


@dataclass(frozen=True, slots=True)
class Others:
    """What another device saw since the standstill began. What it saw before `settled_s` may be the
    late end of an earlier change: some BMSs report the mean of minutes.
    """

    device: str
    seen: Sequence[DeviceSample]
    settled_s: float

    @property
    def measure_battery(self) -> bool:
        return bool(self.seen) and all(one.measures_loads for one in self.seen)

    @property
    def amps(self) -> list[float]:
        """Its currents since it has settled."""
        settled = [one.current_a for one in self.seen if one.at_s >= self.settled_s]
        return [one for one in settled if one is not None]

    @property
    def change_a(self) -> float:
        """How much its current changed since then; 0 where that is what is left of a change."""
        change_a = measure_spread(self.amps)
        whole_a = measure_spread([one.current_a for one in self.seen if one.current_a is not None])
        return change_a if change_a > LAG_SHARE * whole_a else 0.0

    @property
    def change_v(self) -> float:
        settled = [one.voltage_v for one in self.seen if one.at_s >= self.settled_s]
        return measure_spread([one for one in settled if one is not None])


def describe_change(report: Report, others: Others, packs: int) -> str | None:
    """What they saw that this device would have had to see too, in words; None if nothing."""
    if others.change_a > find_seen_change_a(report, others, packs):
        return say(
            "while {device} saw its current change by {change_a:.1f} A",
            device=others.device,
            change_a=others.change_a,
        )
    if is_beyond_dead_band(report, others, packs):
        return say(
            "while {device} saw up to {amps:.1f} A",
            device=others.device,
            amps=max(map(abs, others.amps)),
        )
    if report.voltage_v is None or not report.connected:
        return None
    coarse = abs(report.voltage_v / COARSE_STEP_V - round(report.voltage_v / COARSE_STEP_V)) < 1e-3
    if others.change_v > (COARSE_CHANGE_V if coarse else FINE_CHANGE_V):
        return say(
            "while {device} saw the battery's voltage change by {change_v:.2f} V",
            device=others.device,
            change_v=others.change_v,
        )
    return None


def find_seen_change_a(report: Report, others: Others, packs: int) -> float:
    """The change of the others' current beyond which this device's values change too: there is sun
    or current in it, or it measures the loads at night as the battery does. A pack that reports a
    little current has no dead band there; it may have steps of 1 A, and others beside it.
    """
    if report.flows:
        return CHANGE_A
    at_rest = abs(report.current_a or 0.0) <= REST_A
    if at_rest or not (report.measures_loads and others.measure_battery):
        return inf
    return PACK_CHANGE_A * packs if report.is_pack else CHANGE_A


def is_beyond_dead_band(report: Report, others: Others, packs: int) -> bool:
    """Whether a pack that reports no current has had one that no dead band hides: its share of what
    a controller measures. How packs share a current among themselves is not known.
    """
    rests = report.current_a is not None and abs(report.current_a) <= REST_A
    if not (report.is_pack and report.connected and rests and others.measure_battery):
        return False
    amps = sorted(map(abs, others.amps))
    return not is_pack(others.device) and len(amps) > 1 and amps[-2] > packs * DEAD_BAND_A


def measure_spread(values: Sequence[float]) -> float:
    """Highest minus lowest; of four and more without one at each end, which may be wild."""
    ordered = sorted(values)
    if len(ordered) >= 4:
        ordered = ordered[1:-1]
    return ordered[-1] - ordered[0] if ordered else 0.0
