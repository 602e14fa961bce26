"""The yield of the panels over days: energy, specific yield, performance ratio in clear hours.

    total = sum_up_days(store.rows(SolarDay, ...))
    total.describe(settings.panels.peak_w)    # {"yield_wh", "specific_yield_kwh_per_kwp", ...}

Reads: SolarDay, through the `Store` that it is given. Writes: nothing.
Never: counts cloudy or curtailed hours against the panels: the performance ratio is of clear hours
only, against a modelled irradiation (docs/energy.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from appliance.model import SolarDay
from appliance.store.store import Store

MOST_DAYS = 4000  # all that are kept
HOURS, MINUTE_DIGITS = frozenset(str(hour) for hour in range(24)), 4


@dataclass
class YieldSum:
    """Sums over some days; None where no day is known."""

    yield_wh: float | None = None
    curtailed_h: float | None = None
    clear_hours: float = 0.0
    clear_wh: float = 0.0
    reference_wh: float = 0.0

    @property
    def performance_ratio(self) -> float | None:
        """Measured over reference energy in clear hours; None without such hours."""
        return self.clear_wh / self.reference_wh if self.reference_wh > 0 else None

    def add(self, day: SolarDay) -> None:
        """Add what is known of that day."""
        self.add_sum(
            YieldSum(
                day.yield_wh,
                day.curtailed_h,
                day.clear_hours or 0.0,
                day.clear_hours_wh or 0.0,
                day.clear_hours_reference_wh or 0.0,
            )
        )

    def add_sum(self, other: "YieldSum") -> None:
        """Add the sums of other days."""
        self.yield_wh = add_known(self.yield_wh, other.yield_wh)
        self.curtailed_h = add_known(self.curtailed_h, other.curtailed_h)
        self.clear_hours += other.clear_hours
        self.clear_wh += other.clear_wh
        self.reference_wh += other.reference_wh

    def describe(self, peak_w: float) -> dict[str, Any]:
        """As documents give it; Wh over W is kWh over kWp."""
        ratio, yield_wh, held_h = self.performance_ratio, self.yield_wh, self.curtailed_h
        return {
            "yield_wh": None if yield_wh is None else round(yield_wh, 1),
            "specific_yield_kwh_per_kwp": None if yield_wh is None else round(yield_wh / peak_w, 3),
            "performance_ratio": None if ratio is None else round(ratio, 3),
            "clear_hours": self.clear_hours,
            "curtailed_h": None if held_h is None else round(held_h, 2),
        }


def add_known(total: float | None, more: float | None) -> float | None:
    """Their sum; what is not known adds nothing."""
    return total if more is None else (total or 0.0) + more


def sum_up_days(days: Iterable[SolarDay]) -> YieldSum:
    """The sums of these days."""
    total = YieldSum()
    for day in days:
        total.add(day)
    return total


def read_solar_days(store: Store, since: date) -> list[SolarDay]:
    """The stored days from that date on, oldest first. Raises `StoreError`."""
    first = datetime.combine(since, time(), UTC)
    newest = store.rows(SolarDay, limit=MOST_DAYS, newest_first=True)
    return [day for day in reversed(newest) if day.day >= first and is_readable(day)]


def is_readable(day: SolarDay) -> bool:
    """Whether the hours and minutes of a stored day are such: a row may be damaged."""
    minutes = (minute.removeprefix("-") for minute in day.steady_w)
    return HOURS.issuperset(day.hours) and all(
        minute.isascii() and minute.isdecimal() and len(minute) <= MINUTE_DIGITS
        for minute in minutes
    )
