"""`unitctl energy outlook`: autonomy without sun, and the plan of three days.

Reads: BatteryState, the newest EnergyPlanStep rows, EnergyPolicy. Writes: standard output.
Never: makes a plan; it shows what the last plan stored, and says when that was.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from appliance.commands.opening import format_local, get_timezone, open_unit
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, EnergyPolicy
from appliance.settings import Settings
from appliance.status.sources import describe_sources
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.counts import format_count
from power.commands.autonomy import Autonomy, compute_autonomy
from power.commands.sources import build_section
from power.plan.problem import CHARGE_AGE_S

BLOCK_H = 6
STEP = timedelta(minutes=15)
STEP_H = 0.25


class OutlookError(ApplianceError):
    """There is no plan to show."""

    code = "outlook"


def run(arguments: argparse.Namespace) -> int:
    """Print it; raises `OutlookError`."""
    with open_unit(arguments) as (settings, store):
        now = store.clock.stamp().utc
        battery = store.latest(BatteryState, CHARGE_AGE_S)
        confirmed = store.clock.is_synchronized()
        left = compute_autonomy(battery, settings, clock_confirmed=confirmed) if battery else None
        steps = [step for step in read_newest_plan(store) if step.starts + STEP > now]
        policy = store.last(EnergyPolicy)
        sources = describe_sources(store, settings)
    if not steps:
        raise OutlookError(
            "there is no plan that reaches beyond now; start one with "
            "`systemctl start appliance-plan`, and see what it says"
        )
    if arguments.json:
        show_json(build_document(left, steps, policy) | {"sources": sources})
    else:
        told = [build_section(sources, settings)] if sources else []
        show([*build_sections(left, steps, policy, settings), *told])
    return 0


def read_newest_plan(store: Store) -> list[EnergyPlanStep]:
    """The steps of the plan that was made last."""
    last = store.last(EnergyPlanStep)
    if last is None:
        return []
    made = last.stamp
    return [step for step in store.rows(EnergyPlanStep, since=made.utc) if step.stamp == made]


def build_document(
    left: Autonomy | None, steps: Sequence[EnergyPlanStep], policy: EnergyPolicy | None
) -> dict[str, Any]:
    """The same as JSON. Days of autonomy are null while the charge is unknown."""
    return {
        "made": encode_time(steps[0].stamp.utc),
        "reason": policy.reason if policy else None,
        "autonomy": {
            "listening_days": round(left.listening_days, 2) if left else None,
            "hibernating_days": round(left.hibernating_days, 2) if left else None,
        },
        "step_s": STEP.total_seconds(),
        "steps": [
            {
                "starts": encode_time(step.starts),
                "level": step.level.name,
                "pv_power_w": step.pv_power_w,
                "load_power_w": step.load_power_w,
                "source_power_w": step.source_power_w,
                "state_of_charge_pct": step.state_of_charge_pct,
                "low_charge_pct": step.low_charge_pct,
                "high_charge_pct": step.high_charge_pct,
            }
            for step in steps
        ],
    }


def build_sections(
    left: Autonomy | None,
    steps: Sequence[EnergyPlanStep],
    policy: EnergyPolicy | None,
    settings: Settings,
) -> list[Section]:
    """Autonomy, and one line for each quarter of a day."""
    made = format_local(encode_time(steps[0].stamp.utc), settings, "%a %d %b %H:%M")
    about = [Line("plan", policy.reason)] if policy else []
    return [
        Section("Without any sun from now on", describe_autonomy(left)),
        Section(
            f"Expected, {settings.site.timezone} (planned {made}; charge with its 8-of-10 band)",
            [*about, *[format_block(block, settings) for block in group_blocks(steps, settings)]],
        ),
    ]


def describe_autonomy(left: Autonomy | None) -> list[Line]:
    if left is None:
        return [Line("not known", "the charge of the battery is not known now")]
    return [
        Line(
            "at SENTINEL",
            f"{format_count(left.listening_days, 'day', '.1f')} until the guard stops the cameras",
        ),
        Line(
            "at HIBERNATE",
            f"{format_count(left.hibernating_days, 'day', '.0f')} until the unit powers off",
        ),
    ]


def group_blocks(steps: Sequence[EnergyPlanStep], settings: Settings) -> list[list[EnergyPlanStep]]:
    """The steps by quarter of a day at the site."""
    here = get_timezone(settings)

    def block_of(at: datetime) -> tuple[int, int]:
        there = at.astimezone(here)
        return there.toordinal(), there.hour // BLOCK_H

    found: dict[tuple[int, int], list[EnergyPlanStep]] = {}
    for step in steps:
        found.setdefault(block_of(step.starts), []).append(step)
    return list(found.values())


def format_block(block: Sequence[EnergyPlanStep], settings: Settings) -> Line:
    """When, how much sun and load, the charge at the end, and which levels for how long."""
    first, last = block[0], block[-1]
    begins = format_local(encode_time(first.starts), settings, "%a %d %b %H:%M")
    ends = format_local(encode_time(last.starts + STEP), settings, "%H:%M")
    sun_wh = sum(step.pv_power_w for step in block) * STEP_H
    load_wh = sum(step.load_power_w for step in block) * STEP_H
    source_wh = sum(step.source_power_w or 0.0 for step in block) * STEP_H
    source = f"source {source_wh:5.0f} Wh  " if source_wh else ""
    band = ""
    if last.low_charge_pct is not None and last.high_charge_pct is not None:
        band = f" ({last.low_charge_pct:.0f} to {last.high_charge_pct:.0f})"
    charge = f"then {last.state_of_charge_pct:.0f} %{band}"
    return Line(
        f"{begins} to {ends}",
        f"PV {sun_wh:5.0f} Wh  loads {load_wh:5.0f} Wh  {source}{charge:<20}  "
        f"{format_levels(block)}",
    )


def format_levels(block: Sequence[EnergyPlanStep]) -> str:
    """The levels of a block in words, the longest first."""
    counted = Counter(step.level for step in block).most_common()
    return ", ".join(f"{EnergyLevel(level).name} {count * STEP_H:g} h" for level, count in counted)
