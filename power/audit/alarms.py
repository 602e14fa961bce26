"""Alarms before the battery is damaged: what is happening to it now that it does not bear.

Reads and writes: nothing; pure, but for the times since when each thing has lasted.
Never: has a threshold of its own; each is of appliance/chemistry. What is not measured is no alarm.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.chemistry import (
    ChemistryProfile,
    compute_capacity_ah,
    count_cells,
    get_profile,
)
from appliance.errors import ApplianceError
from appliance.model import BatteryReading, ChargeStage, PowerReading
from appliance.settings import BatterySettings
from appliance.wording.sentence import say

CHARGING_C_RATE = 0.01  # C/100: a current sensor may be off by half of that
COLD_SLACK_C, HOT_SLACK_C = 0.5, 1.0  # of a probe
VOLTAGE_SLACK_V = 0.02  # of one cell, of meter and wires
# Without a probe a controller compensates by nothing, or by its own inside: warmer than that.
NO_PROBE_C = 10.0
ENDS_AFTER_S = 120.0  # what comes and goes is one alarm
SOON_S, LATER_S, LONG_S = 30.0, 60.0, 600.0


class BatteryAlarm(ApplianceError):  # noqa: N818  (named for what it is)
    """Something happens to the battery that damages it."""

    code = "battery-alarm"


class Alarm(NamedTuple):
    """One alarm as it is now. `holds_s`: how long it must last before it is told."""

    code: str
    text: str
    holds_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured of one battery: a pack by its BMS, or all of it by the charger.

    `share`: its part of the capacity. `cell_v`: the highest cell, or the mean of all where no cell
    is measured.
    """

    name: str
    share: float
    current_a: float | None
    coldest_c: float | None
    hottest_c: float | None
    cell_v: float | None


@dataclass
class BatteryAlarms:
    """The alarms of this battery: since when each lasts, and which are told."""

    battery: BatterySettings
    _since_s: dict[str, float] = field(default_factory=dict)
    _last_s: dict[str, float] = field(default_factory=dict)
    _told: dict[str, BatteryAlarm] = field(default_factory=dict)

    def follow(
        self, reading: PowerReading | None, packs: Sequence[BatteryReading], now_s: float
    ) -> list[BatteryAlarm]:
        """The alarms that last; the words of one stay as they were when it began."""
        for alarm in find_alarms(reading, packs, self.battery):
            since_s = self._since_s.setdefault(alarm.code, now_s)
            self._last_s[alarm.code] = now_s
            if now_s - since_s >= alarm.holds_s and alarm.code not in self._told:
                self._told[alarm.code] = make_fault(alarm)
        for code, last_s in tuple(self._last_s.items()):
            is_told = code in self._told
            if now_s > last_s and (not is_told or now_s - last_s >= ENDS_AFTER_S):
                del self._since_s[code], self._last_s[code]
                self._told.pop(code, None)
        return list(self._told.values())


def make_fault(alarm: Alarm) -> BatteryAlarm:
    fault = BatteryAlarm(alarm.text)
    fault.code = alarm.code
    return fault


def find_alarms(
    reading: PowerReading | None, packs: Sequence[BatteryReading], battery: BatterySettings
) -> Iterator[Alarm]:
    """All that is so now."""
    cell = get_profile(battery)
    if reading is not None and reading.charge_stage is ChargeStage.EQUALIZE and not cell.equalize_v:
        yield Alarm(
            "battery-equalize",
            say(
                "a charge controller equalizes, which harms {cell}. Switch equalization off in "
                "the controller, and set its battery type; `unitctl battery audit` shows what "
                "it is set to",
                cell=cell.title,
            ),
            0.0,
        )
    for one in list_measured(reading, packs, battery):
        yield from (alarm for rule in RULES for alarm in rule(one, cell, battery))


def list_measured(
    reading: PowerReading | None, packs: Sequence[BatteryReading], battery: BatterySettings
) -> Iterator[Measured]:
    """Each pack; and of the battery as a whole what no pack measures, and its mean cell."""
    for pack, share in zip(packs, compute_shares(packs), strict=True):
        yield Measured(
            say("bms {device}", device=pack.device),
            share,
            pack.current_a,
            pack.lowest_temperature_c,
            pack.highest_temperature_c,
            pack.highest_cell_voltage_v,
        )
    if reading is None:
        return
    has_current = any(one.current_a is not None for one in packs)
    has_probe = any(one.lowest_temperature_c is not None for one in packs)
    has_cells = any(one.highest_cell_voltage_v is not None for one in packs)
    volts, temperature_c = reading.battery_voltage_v, reading.battery_temperature_c
    probe_c = None if has_probe else temperature_c
    yield Measured(
        say("the battery"),
        1.0,
        reading.battery_current_a if not (has_current and has_probe) else None,
        probe_c,
        probe_c,
        None if has_cells or volts is None else volts / count_cells(battery),
    )


def compute_shares(packs: Sequence[BatteryReading]) -> list[float]:
    """The part of the capacity that each pack has; equal parts where not all report theirs."""
    known_ah = [pack.full_ah for pack in packs if pack.full_ah is not None and pack.full_ah > 0]
    if len(known_ah) < len(packs):
        return [1 / len(packs)] * len(packs)
    return [ah / sum(known_ah) for ah in known_ah]


def find_frost(one: Measured, cell: ChemistryProfile, battery: BatterySettings) -> Iterator[Alarm]:
    """Charged below its lowest temperature."""
    limit_c = cell.charge_from_c
    if one.coldest_c is None or one.coldest_c >= limit_c - COLD_SLACK_C:
        return
    if is_charged(one, battery):
        yield Alarm(
            f"battery-cold-{slug(one)}",
            say(
                "{name} is charged with {current_a:.0f} A at {coldest_c:.0f} C: below "
                "{limit_c:.0f} C charging damages {cell}. Switch off its charger until it is "
                "warmer, and set the charger or the BMS to disable charging in the cold",
                name=one.name,
                current_a=one.current_a,
                coldest_c=one.coldest_c,
                limit_c=limit_c,
                cell=cell.title,
            ),
            LATER_S,
        )


def find_heat(one: Measured, cell: ChemistryProfile, battery: BatterySettings) -> Iterator[Alarm]:
    """Too hot, or too hot to be charged."""
    hot_c = one.hottest_c
    if hot_c is None:
        return
    charged = hot_c > cell.charge_until_c + HOT_SLACK_C and is_charged(one, battery)
    if charged or hot_c > cell.hottest_c + HOT_SLACK_C:
        doing = say("is charged at") if charged else say("has")
        yield Alarm(
            f"battery-hot-{slug(one)}",
            say(
                "{name} {doing} {hot_c:.0f} C: {cell} may be charged up to {charge_until_c:.0f} "
                "C and be {hottest_c:.0f} C at most. Shade and ventilate it, look for a hot "
                "terminal or cell, and lower the charging current",
                name=one.name,
                doing=doing,
                hot_c=hot_c,
                cell=cell.title,
                charge_until_c=cell.charge_until_c,
                hottest_c=cell.hottest_c,
            ),
            LATER_S,
        )


def find_overcharge(
    one: Measured, cell: ChemistryProfile, battery: BatterySettings
) -> Iterator[Alarm]:
    """A cell above its highest voltage at this temperature."""
    highest_v = find_highest_v(cell, one.coldest_c)
    if one.cell_v is not None and one.cell_v > highest_v + VOLTAGE_SLACK_V:
        yield Alarm(
            f"battery-high-{slug(one)}",
            say(
                "{name} has a cell at {cell_v:.2f} V: more than {highest_v:.2f} V damages "
                "{cell}. Lower absorption and equalization of the charger (`unitctl battery "
                "audit` shows them), and check `cells` in the settings ({cells})",
                name=one.name,
                cell_v=one.cell_v,
                highest_v=highest_v,
                cell=cell.title,
                cells=count_cells(battery),
            ),
            SOON_S,
        )


def find_highest_v(cell: ChemistryProfile, celsius: float | None) -> float:
    """The most that the cell bears there: in the cold with the strongest compensation that suits
    it, in the heat with the weakest.
    """
    limits, colder_by = cell.charger, 25.0 - (NO_PROBE_C if celsius is None else celsius)
    strongest, weakest = limits.compensation_strongest_v_per_c, limits.compensation_weakest_v_per_c
    if not cell.has_acid:
        return cell.highest_v
    return cell.highest_v - colder_by * (strongest if colder_by > 0 else weakest)


def find_overcurrent(
    one: Measured, cell: ChemistryProfile, battery: BatterySettings
) -> Iterator[Alarm]:
    """Charged faster than its makers allow."""
    most_a = cell.charger.charge_c_rate_most * compute_capacity_ah(battery) * one.share
    if one.current_a is not None and one.current_a > most_a:
        yield Alarm(
            f"battery-current-{slug(one)}",
            say(
                "{name} is charged with {current_a:.0f} A: makers of {cell} allow {most_a:.0f} "
                "A for this capacity. Lower the highest charging current of the controller, or "
                "check `capacity_wh` in the settings",
                name=one.name,
                current_a=one.current_a,
                cell=cell.title,
                most_a=most_a,
            ),
            LONG_S,
        )


def is_charged(one: Measured, battery: BatterySettings) -> bool:
    """Whether a current flows into it for certain."""
    least_a = CHARGING_C_RATE * compute_capacity_ah(battery) * one.share
    return one.current_a is not None and one.current_a > least_a


def slug(one: Measured) -> str:
    """Its name in a fault's code."""
    return one.name.replace("the battery", "whole").replace(" ", "-")


RULES: tuple[Callable[[Measured, ChemistryProfile, BatterySettings], Iterator[Alarm]], ...] = (
    find_frost,
    find_heat,
    find_overcharge,
    find_overcurrent,
)
