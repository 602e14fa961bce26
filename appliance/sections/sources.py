"""Section of the other sources of energy, beside the sun: [source.NAME].

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.sections.field import setting


class SourceKind(Enum):
    """What gives the energy."""

    GENERATOR = "generator"
    FUEL_CELL = "fuel-cell"
    SHORE = "shore"


class SourceStart(Enum):
    """What starts it, beside the guard and a test run."""

    PLAN = "plan"
    CHARGE = "charge"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """A second source: a generator, a fuel cell, shore power. The one named first is used first.

    With `switch` the unit starts and stops it; without, it is there or it is not.
    """

    kind: SourceKind = setting(SourceKind.GENERATOR, "What it is")
    switch: str = setting(
        "", "The NAME of the [switch.NAME] that starts and stops it; '' where nothing does"
    )
    power_w: float = setting(500.0, "Power that it gives at the battery, W", 1, 100_000)
    starts_by: SourceStart = setting(
        SourceStart.PLAN,
        "What starts it: `plan`, where its energy is worth more than it costs; `charge`, below "
        "start_below_pct; `never`, only the guard and the test run",
    )
    start_below_pct: float = setting(
        25.0, "SOC in % below which it starts by `charge`, or where there is no plan", 10, 95
    )
    stop_above_pct: float = setting(
        80.0, "SOC in % at which it stops, whatever started it", 20, 100
    )
    guard_may_start: bool = setting(
        True, "Whether it starts before the guard stops the last loads, whatever the plan says"
    )
    guard_ignores_quiet_hours: bool = setting(
        False, "Whether it may then start in the quiet hours as well"
    )
    quiet_from_h: float | None = setting(
        None,
        "Quiet hours begin, hour of the site's day, such as 22; without it there are none",
        0,
        24,
    )
    quiet_until_h: float = setting(6.0, "Quiet hours end, hour of the site's day", 0, 24)
    least_run_s: float = setting(1800.0, "It runs for so many seconds at least", 0, 86_400)
    most_run_s: float = setting(28_800.0, "It runs for so many seconds at most", 60, 604_800)
    rest_s: float = setting(900.0, "It rests for so many seconds before it starts again", 0, 86_400)
    warm_up_s: float = setting(60.0, "Seconds from its start until it gives anything", 0, 3600)
    gives_within_s: float = setting(
        300.0, "Seconds after that in which its power must be seen at the battery", 30, 3600
    )
    most_tries: int = setting(
        3,
        "So many starts in a row may give nothing; then it is locked until a person unlocks it",
        1,
        10,
    )
    tank_kwh: float | None = setting(
        None,
        "Energy at the battery from a full tank, kWh; without it, tank_l or no count",
        0.01,
        1e6,
    )
    tank_l: float | None = setting(None, "The same in litres, with kwh_per_l", 0.01, 1e6)
    kwh_per_l: float = setting(
        1.5,
        "Energy at the battery from a litre, kWh: petrol and diesel 1 to 2.5, methanol 1",
        0.01,
        20,
    )
    kept_kwh: float = setting(
        0.0, "Of the tank, kWh that are kept for the guard: the plan does not use them", 0, 1e6
    )
    cost_per_kwh: float = setting(
        2.0,
        "What a kWh at the battery costs: fuel, wear and the way there, in the currency of "
        "[energy] worth_of_full_hour",
        0,
        1e6,
    )
    start_cost: float = setting(1.0, "What each start costs beside that", 0, 1e6)
    test_every_days: float = setting(
        0.0, "It runs for test_run_s after so many days without a run; 0: never", 0, 3650
    )
    test_run_s: float = setting(600.0, "How long a test run lasts", 60, 86_400)
    sense_path: Path | None = setting(
        None, "A file that shows whether it gives power, such as that of an input pin"
    )
    sense_on: str = setting("1", "What that file shows while it does")
    stops_with_service: bool = setting(
        True, "Whether it is stopped when the power service ends; else it runs on until it is back"
    )

    @property
    def full_tank_kwh(self) -> float | None:
        """Energy at the battery from a full tank; None where it is not counted."""
        if self.tank_kwh is not None:
            return self.tank_kwh
        return None if self.tank_l is None else self.tank_l * self.kwh_per_l
