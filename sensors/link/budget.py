"""Whether the month's volume is used up. Pure.

    budget = judge_budget(traffic, date(2026, 12, 1), settings.link)
    budget.is_used_up                   # what is not urgent waits

Reads and writes: nothing.
Never: keeps an alarm or a report back: only updates and pictures ask.
"""

from dataclasses import dataclass
from datetime import date

from appliance.sections.link import LinkSettings
from sensors.link.traffic import Traffic, find_beginning

MB = 1_000_000
WARN_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Budget:
    """`most_bytes`: None where there is no budget. `begins`: the day of the present month's."""

    used_bytes: int
    most_bytes: int | None
    begins: date

    @property
    def is_used_up(self) -> bool:
        return self.most_bytes is not None and self.used_bytes >= self.most_bytes

    @property
    def is_scarce(self) -> bool:
        return self.most_bytes is not None and self.used_bytes >= WARN_SHARE * self.most_bytes


def judge_budget(traffic: Traffic, today: date, own: LinkSettings) -> Budget:
    """What was used since the budget's day, and what may be used."""
    begins = find_beginning(today, own.reset_day)
    most = int(own.budget_mb_per_month * MB) if own.budget_mb_per_month else None
    return Budget(traffic.sum_since(begins), most, begins)
