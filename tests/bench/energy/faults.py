"""Faulty sensors: what lies between the true readings of the plant and the unit's real code.

Reads: true readings. Writes: nothing. The faults are a function of seed and time alone; only what
a frozen device repeats, and where a BMS's count has drifted to, are remembered.
Never: gives a value a type or a quality that no driver gives, or stamps a reading anew.

What each kind does to the unit's reading (a whole device answers, or fails, at once):

    drift      the current sensor is off by 2 % of the capacity a day; its sign holds for 3 weeks
    wander     the same error, wandering between -2 and +2 % a day
    dropout    no reading at all
    zero       0 for "no value": drivers make None of a 0 V battery and of the current beside it;
               in every other spell the current stays 0.0, as of those whose range has a 0.
               The sun and the loads stay 0.0: that may be so
    frozen     each value is the last one before, the stamps go on
    soc-606    a BMS says 606 % or 0 %
    torn       one value of one reading was put together of two instants' words
    no-probe   no battery temperature, or 25.0 C all the time
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from appliance.model import PowerReading, Quality

HOUR_S, DAY_S, WEEK_S = 3600.0, 86_400.0, 604_800.0
OFF_PCT_PER_DAY = 2.0  # of the capacity: 0.17 A of 200 Ah, the dead band of a usual sensor
SIGN_HOLDS_S = 3 * WEEK_S
WANDERS_OVER_S = 1.5 * DAY_S  # from one random error to the next
FULL_PCT = 99.0  # here a BMS sets its own count right
LONGEST_STEP_S = HOUR_S  # a longer silence adds no drift to a BMS's count
CARRY = 655.36  # 65536 hundredths: the low word wrapped between the reads of the two words
MINUS_ONE_W = 42_949_672.95  # -0.01 W, read as unsigned
PROBE_MISSING_C = 25.0


class Kind(StrEnum):
    """What is wrong with the sensors."""

    DRIFT = "drift"
    WANDER = "wander"
    DROPOUT = "dropout"
    ZERO = "zero"
    FROZEN = "frozen"
    SOC_606 = "soc-606"
    TORN = "torn"
    NO_PROBE = "no-probe"


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a kind strikes, and for how long; between the two lengths all are as likely."""

    per_week: float
    shortest_h: float
    longest_h: float


# fmt: off
RATES = {
    #                   per week  from h    to h
    Kind.DROPOUT:  Rate(1,        1,        6),
    Kind.ZERO:     Rate(1,        0.1,      2),
    Kind.FROZEN:   Rate(0.5,      1,        8),
    Kind.SOC_606:  Rate(3,        0.1,      12),
    Kind.TORN:     Rate(20,       0,        0),
    Kind.NO_PROBE: Rate(0.07,     14 * 24,  42 * 24),
}
# fmt: on
ALL = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Spell:
    """A period in which a kind is at work; `draw` (0 to 1) chooses among its forms."""

    starts_s: float
    ends_s: float
    draw: float

    def holds(self, at_s: float) -> bool:
        return self.starts_s <= at_s < self.ends_s


class Faults:
    """The faults of one unit's sensors. `capacity_ah` is the battery's, for the size of a drift.

    Time is `uptime_s` counted from the run's start; it must not begin anew with a boot.
    """

    def __init__(self, seed: int, kinds: Iterable[Kind] = ALL, capacity_ah: float = 200.0) -> None:
        self._seed = seed
        self._kinds = frozenset(kinds)
        self._capacity_ah = capacity_ah
        self._weeks: dict[tuple[Kind, int], list[Spell]] = {}
        self._shares: dict[tuple[Kind, int], float] = {}
        self._now: dict[Kind, tuple[float, float, Spell | None]] = {}
        self._last_s: float | None = None
        self._counted_pct = 0.0  # how far the BMS's own count is off
        self._before: tuple[PowerReading, float | None] | None = None
        self._held: tuple[Spell, PowerReading, float | None] | None = None

    def apply(
        self, reading: PowerReading | None, reported_pct: float | None, uptime_s: float
    ) -> tuple[PowerReading | None, float | None]:
        """What the unit gets of a true reading and of the charge that a BMS says."""
        since_s = uptime_s if self._last_s is None else self._last_s
        self._last_s = uptime_s
        bias_a = self.bias_a(uptime_s)
        reported_pct = self._miscounted(reported_pct, bias_a, uptime_s - since_s)
        if reading is not None:
            reading = self._measured(reading, bias_a, uptime_s)
        if spell := self.at_work(Kind.SOC_606, uptime_s):
            reported_pct = None if reported_pct is None else (606.0 if spell.draw < 0.5 else 0.0)
        reading, reported_pct = self._frozen(reading, reported_pct, uptime_s)
        if reading is None or self.at_work(Kind.DROPOUT, uptime_s):
            return None, None
        for moment in self._torn_between(since_s, uptime_s):
            reading = tear_reading(reading, moment)
        if spell := self.at_work(Kind.ZERO, uptime_s):
            return zero_reading(reading, spell), None if reported_pct is None else 0.0
        return reading, reported_pct

    def bias_a(self, at_s: float) -> float:
        """By how much the current sensor is off: read minus true."""
        pct_per_day = 0.0
        if Kind.DRIFT in self._kinds:
            pct_per_day += self._drift_pct_per_day(at_s)
        if Kind.WANDER in self._kinds:
            pct_per_day += self._wander_pct_per_day(at_s)
        return pct_per_day / 100 * self._capacity_ah * HOUR_S / DAY_S

    def at_work(self, kind: Kind, at_s: float) -> Spell | None:
        """The spell of that kind at that time."""
        if kind not in self._kinds:
            return None
        since_s, until_s, spell = self._now.get(kind, (0.0, 0.0, None))
        if not since_s <= at_s < until_s:
            spells = self._spells(kind, at_s)
            spell = next((one for one in spells if one.holds(at_s)), None)
            self._now[kind] = (at_s, find_next_change_s(spells, at_s), spell)
        return spell

    # --- when ----------------------------------------------------------------------------------

    def _spells(self, kind: Kind, at_s: float) -> list[Spell]:
        """Those that may be at work in the week of that time; a long one began weeks before."""
        week = int(at_s // WEEK_S)
        if (kind, week) not in self._weeks:
            first = week - int(RATES[kind].longest_h * HOUR_S // WEEK_S) - 1
            self._weeks[kind, week] = [
                spell
                for number in range(max(0, first), week + 1)
                for spell in draw_spells(self._random(kind, number), RATES[kind], number)
                if spell.ends_s >= week * WEEK_S
            ]
        return self._weeks[kind, week]

    def _torn_between(self, after_s: float, until_s: float) -> Iterator[Spell]:
        """The torn reads since the last reading: they spoil this one."""
        if Kind.TORN in self._kinds:
            for spell in self._spells(Kind.TORN, until_s):
                if after_s < spell.starts_s <= until_s:
                    yield spell

    def _share(self, kind: Kind, number: int) -> float:
        """A chance number (-1 to 1) for each period of a kind."""
        if (kind, number) not in self._shares:
            self._shares[kind, number] = self._random(kind, number).uniform(-1, 1)
        return self._shares[kind, number]

    def _random(self, kind: Kind, number: int) -> random.Random:
        return random.Random(f"{self._seed} {kind} {number}")

    # --- what ----------------------------------------------------------------------------------

    def _drift_pct_per_day(self, at_s: float) -> float:
        return math.copysign(OFF_PCT_PER_DAY, self._share(Kind.DRIFT, int(at_s // SIGN_HOLDS_S)))

    def _wander_pct_per_day(self, at_s: float) -> float:
        number, part = divmod(at_s, WANDERS_OVER_S)
        left, right = (self._share(Kind.WANDER, int(number) + more) for more in (0, 1))
        return OFF_PCT_PER_DAY * (left + (right - left) * part / WANDERS_OVER_S)

    def _miscounted(self, reported_pct: float | None, bias_a: float, past_s: float) -> float | None:
        """A BMS counts with the same kind of sensor, and sets itself right when it is full."""
        if 0 < past_s <= LONGEST_STEP_S:
            self._counted_pct += bias_a * past_s / HOUR_S / self._capacity_ah * 100
        if reported_pct is None:
            return None
        if reported_pct >= FULL_PCT:
            self._counted_pct = 0.0
        return min(100.0, max(0.0, reported_pct + self._counted_pct))

    def _measured(self, reading: PowerReading, bias_a: float, at_s: float) -> PowerReading:
        if bias_a and reading.battery_current_a is not None:
            reading = replace(reading, battery_current_a=reading.battery_current_a + bias_a)
        if spell := self.at_work(Kind.NO_PROBE, at_s):
            if spell.draw < 0.5:
                return remove_values(reading, Quality.ABSENT, "battery_temperature_c")
            return replace(reading, battery_temperature_c=PROBE_MISSING_C)
        return reading

    def _frozen(
        self, reading: PowerReading | None, reported_pct: float | None, at_s: float
    ) -> tuple[PowerReading | None, float | None]:
        """The values before the spell began; where there are none, the first ones in it."""
        spell = self.at_work(Kind.FROZEN, at_s)
        if reading is None:
            return None, reported_pct
        if spell is None:
            self._held, self._before = None, (reading, reported_pct)
            return reading, reported_pct
        if self._held is None or self._held[0] != spell:
            before, before_pct = self._before or (reading, reported_pct)
            self._held = (spell, before, before_pct)
        _, held, held_pct = self._held
        return replace(held, stamp=reading.stamp), held_pct


def find_next_change_s(spells: Iterable[Spell], at_s: float) -> float:
    """Until when what is at work stays the same; no later than the end of the week."""
    ends_s = (at_s // WEEK_S + 1) * WEEK_S
    changes_s = (edge_s for spell in spells for edge_s in (spell.starts_s, spell.ends_s))
    return min(ends_s, *(edge_s for edge_s in changes_s if edge_s > at_s), math.inf)


def draw_spells(source: random.Random, rate: Rate, week: int) -> list[Spell]:
    """The spells that begin in that week: the whole part of the rate, and by chance one more."""
    times = int(rate.per_week) + (source.random() < rate.per_week % 1)
    spells = []
    for _ in range(times):
        starts_s = (week + source.random()) * WEEK_S
        lasts_s = source.uniform(rate.shortest_h, rate.longest_h) * HOUR_S
        spells.append(Spell(starts_s, starts_s + lasts_s, source.random()))
    return spells


def zero_reading(reading: PowerReading, spell: Spell) -> PowerReading:
    """What drivers make of a device that answers 0 for each value it does not have."""
    gone = ["battery_voltage_v", "lowest_cell_voltage_v"]
    gone = [name for name in gone if getattr(reading, name) is not None]
    zeros = ["pv_power_w", "pv_voltage_v", "load_power_w"]
    (gone if spell.draw < 0.5 else zeros).append("battery_current_a")
    known: dict[str, Any] = {name: 0.0 for name in zeros if getattr(reading, name) is not None}
    return remove_values(replace(reading, **known), Quality.IMPLAUSIBLE, *gone, "charge_stage")


def remove_values(reading: PowerReading, quality: Quality, *names: str) -> PowerReading:
    """The reading with these fields unknown, and why."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    marks = dict.fromkeys(names, quality)
    return replace(reading, **nothing, quality={**reading.quality, **marks})


# Each takes the true value. Drivers check ranges and P against V x I; these are what a driver of a
# controller without such a check, or of a large one, lets through.
TORN: tuple[tuple[str, Callable[[float], float]], ...] = (
    ("battery_current_a", lambda true: true * 65_536),  # the two words swapped
    ("battery_current_a", lambda true: true + CARRY),
    ("battery_current_a", lambda _: -CARRY),
    ("pv_power_w", lambda _: MINUS_ONE_W),
    ("pv_power_w", lambda true: true + CARRY),
    ("load_power_w", lambda true: true + CARRY),
)


def tear_reading(reading: PowerReading, spell: Spell) -> PowerReading:
    """The reading with one wild value; what is unknown stays so."""
    name, wild = TORN[int(spell.draw * len(TORN))]
    true = getattr(reading, name)
    if true is None:
        return reading
    torn_value: dict[str, Any] = {name: wild(true)}
    return replace(reading, **torn_value)
