"""Finds a frozen device: it answers, but with exactly the same values while something changes.

Reads and writes: nothing; it keeps what each device has reported in the last half hour.
Never: calls a device frozen because nothing happens: at night, or with a rested battery, the same
values may be right for hours. Then only a change that another device, or the loads' own orders,
report and that this device would have to see counts.
"""

from dataclasses import dataclass, field
from typing import Any

from appliance.errors import BusError
from appliance.wording.sentence import join_sentences, say
from power.reading.freeze_evidence import (
    CHANGE_A,
    DEAD_BAND_A,
    FROZEN_DARK_S,
    FROZEN_S,
    REST_A,
    DeviceSample,
    Others,
    Report,
    describe_change,
    is_pack,
)

FROZEN_THROTTLED_S = 12 * 3600.0  # with sun that is throttled to a steady load
FROZEN_BESIDE_S = 600.0  # while something else shows that a change came
LAG_S = 600.0  # a BMS may report a mean of minutes: a change shows late
LOAD_SETTLES_S = 300.0  # until an ordered load has started or stopped
LEAST_REPORTS = 3  # after a silence, two equal reports are chance
SUN_W = 5.0  # of sun; at night a controller may report the same for hours
LOAD_CHANGE_A = 0.3  # of the ordered loads; a meter's last digit is 0.1 A or less
LOADS_KEPT = 8
NOMINAL_V = 12.0  # where the voltage is not known
COUNTED_AH, COUNTED_PCT = 1.5, 1.5  # no counter misses these: steps are 1 Ah, 1 % at most


class FrozenDevice(BusError):  # noqa: N818  (named for what it is)
    """A device repeats old values."""

    code = "frozen"


@dataclass
class Standstill:
    """Since when a device has reported exactly the same, and how often."""

    reported: tuple[Any, ...] = ()
    since_s: float = 0.0
    times: int = 0

    def follow(self, reported: tuple[Any, ...], now_s: float) -> float:
        """The uptime since when; now, until it was reported often enough to count."""
        if reported != self.reported:
            self.reported, self.since_s, self.times = reported, now_s, 0
        self.times += 1
        return self.since_s if self.times >= LEAST_REPORTS else now_s


@dataclass
class FreezeDetector:
    """What the devices have reported, and which of them are frozen, with the fault of each."""

    faults: dict[str, FrozenDevice] = field(default_factory=dict)
    _standstills: dict[str, Standstill] = field(default_factory=dict)
    _seen: dict[str, list[DeviceSample]] = field(default_factory=dict)
    _loads: list[tuple[float, float]] = field(default_factory=list)  # since when, W

    def note_load(self, power_w: float, now_s: float) -> None:
        """What the loads that are ordered on now draw at least; a change must be seen by meters."""
        if not self._loads or power_w != self._loads[-1][1]:
            self._loads.append((now_s, power_w))
            del self._loads[:-LOADS_KEPT]

    def is_frozen(self, report: Report) -> bool:
        """Whether the device is frozen; `faults` then has its fault, worded when it was found."""
        cause = self._find_cause(report)
        is_known = report.device in self.faults
        if is_known and self._is_still(report):
            return True
        if cause is None:
            self.faults.pop(report.device, None)
            self._observe(report)
        elif not is_known:
            self.faults[report.device] = make_fault(report, cause)
        return cause is not None

    def _is_still(self, report: Report) -> bool:
        """Whether nothing that it reports has changed yet: what was found stays so until then."""
        return self._standstills[f"{report.device} counted"].times > 1

    def forget(self, device: str) -> None:
        """The device did not answer: that is another fault."""
        self.faults.pop(device, None)

    def _find_cause(self, report: Report) -> str | None:
        """Why the device must be frozen; None where it may be right."""
        same_since_s = self._follow(report.device, report.values, report.at_s)
        all_since_s = self._follow(
            f"{report.device} counted", (*report.values, *report.counted), report.at_s
        )
        still_s, whole_s = report.at_s - same_since_s, report.at_s - all_since_s
        if still_s < FROZEN_BESIDE_S:
            return None
        if report.flows and whole_s >= report.longest_still_s:
            return say(
                "for {minutes:.0f} minutes and more, with sun or a current",
                minutes=report.longest_still_s / 60,
            )
        if report.throttled and whole_s >= FROZEN_THROTTLED_S:
            return say(
                "for {hours:.0f} hours and more, with sun",
                hours=FROZEN_THROTTLED_S / 3600,
            )
        if whole_s >= FROZEN_DARK_S and abs(report.current_a or 0.0) > CHANGE_A:
            return say(
                "for {hours:.0f} hours and more, with a current",
                hours=FROZEN_DARK_S / 3600,
            )
        return self._find_change(report, same_since_s)

    def _follow(self, key: str, reported: tuple[Any, ...], now_s: float) -> float:
        return self._standstills.setdefault(key, Standstill()).follow(reported, now_s)

    def _find_change(self, report: Report, since_s: float) -> str | None:
        """The first change since then that the device would have had to see, in words."""
        packs = len({report.device, *filter(is_pack, self._seen)})
        for other, seen in self._seen.items():
            if other != report.device:
                recent = [one for one in seen if one.at_s >= since_s]
                found = describe_change(report, Others(other, recent, since_s + LAG_S), packs)
                if found:
                    return found
        return self._find_load_change(report, since_s)

    def _find_load_change(self, report: Report, since_s: float) -> str | None:
        """The difference between the loads then and now, in words. What came and went again in
        between may have been missed.
        """
        least_a = DEAD_BAND_A if report.is_pack else REST_A
        measures_some = report.throttled or abs(report.current_a or 0.0) > least_a
        before = [power_w for at_s, power_w in self._loads if at_s <= since_s]
        if not (report.measures_loads and measures_some and before):
            return None
        at_s, power_w = self._loads[-1]
        change_w = power_w - before[-1]
        if report.at_s - at_s < LOAD_SETTLES_S:
            return None
        is_seen = abs(change_w) > LOAD_CHANGE_A * (report.voltage_v or NOMINAL_V)
        return (
            say("while the ordered loads changed by {change_w:+.0f} W", change_w=change_w)
            if is_seen
            else None
        )

    def _observe(self, report: Report) -> None:
        """Keep what was measured, to judge the others by."""
        seen = self._seen.setdefault(report.device, [])
        voltage_v = report.voltage_v if report.connected else None
        seen.append(DeviceSample(report.at_s, report.current_a, voltage_v, report.measures_loads))
        while report.at_s - seen[0].at_s > FROZEN_S:
            seen.pop(0)


def make_fault(report: Report, cause: str) -> FrozenDevice:
    """The fault in words; its text stays while it lasts."""
    shown = [say("{volts:.2f} V", volts=report.voltage_v)] if report.voltage_v is not None else []
    shown += [say("{amps:+.2f} A", amps=report.current_a)] if report.current_a is not None else []
    error = FrozenDevice(
        say(
            "{device} is frozen: it repeats exactly the same values ({shown}) {cause}. None of "
            "its values is used; switch it off and on, and check its cable and gateway: a "
            "gateway may repeat old answers",
            device=report.device,
            shown=join_sentences(", ", shown) or say("all of them"),
            cause=cause,
        )
    )
    error.code = f"frozen-{report.device.replace(' ', '-')}"
    return error
