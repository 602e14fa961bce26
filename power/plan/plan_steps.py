"""The days to come as people see them: the expected course, and the band in which it may lie.

Reads and writes: nothing; pure. power/plan/run.py brings the prospect and stores the steps.
Never: decides anything. It is shown, and compared with what came.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, Stamp
from appliance.settings import Follows
from power.plan.monte_carlo import Futures, Start, imagine
from power.plan.policy import Today, clear_at, hour_of
from power.plan.policy_planner import mean
from power.plan.prospect import Prospect, table_of
from power.plan.rollout import ByLadder, ByTable, Chooser, Lived, Piece, walk

STEP = timedelta(minutes=15)
STEP_H = STEP / timedelta(hours=1)
STEPS = 288  # three days
TABLE_DAYS = 5  # the steps begin up to a day after the outlook does
COLD = 0.5  # the chance from which a day is planned as one on which nothing is charged


def quarter(utc: datetime) -> datetime:
    """The start of the quarter of an hour that `utc` lies in."""
    utc = utc.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def plan_times(now: datetime) -> list[datetime]:
    """The starts of the plan's steps: whole quarters of an hour, the present one first."""
    start = quarter(now)
    return [start + STEP * number for number in range(STEPS)]


def plan_steps(
    prospect: Prospect,
    battery: BatteryState,
    previous: EnergyLevel | None,
    today: Today,
    now: Stamp,
    ladder: bool = False,
) -> list[EnergyPlanStep]:
    """One step for each of `plan_times(now.utc)`, if the sun does what is expected of each day.

    `today` knows today's sun so far. `ladder`: the ladder is followed, whatever the settings say.
    `pv_power_w` is the sun that is to be had; what the full battery cannot take is not kept.
    `state_of_charge_pct` is the charge at the start of the step; an unknown one counts as 0 %.
    """
    settings, table = prospect.settings, table_of(prospect, TABLE_DAYS)
    charge_pct, sigma_pct = battery.state_of_charge_pct or 0.0, battery.sigma_pct or 0.0
    skies = today.skies(table)
    pieces = expected(prospect, skies, battery.charge_blocked, now.utc)
    chooser: Chooser
    if ladder or settings.energy.follows == Follows.LADDER:
        chooser = ByLadder(settings, prospect.choices, sigma_pct, previous)
    else:
        chooser = ByTable(table, prospect.choices, settings.battery, today, sees=False)
    lived = walk(pieces, charge_pct, sigma_pct, chooser, prospect.choices, settings)
    hour = hour_of(table, quarter(now.utc))
    start = Start(hour, charge_pct, sigma_pct, skies, battery.charge_blocked)
    futures = imagine(prospect, start, STEPS * STEP_H / 24, STEP_H)
    return [step(now, place, one, futures) for place, one in enumerate(lived)]


def expected(
    prospect: Prospect, skies: Sequence[float], blocked: bool, now: datetime
) -> list[Piece]:
    """The plan's quarters of an hour under the sun that is to be expected; `skies` are today's."""
    outlook, table = prospect.outlook, table_of(prospect, TABLE_DAYS)
    shares = [mean(skies), *(mean(sky) for sky in outlook.skies[1:])]
    cold = [blocked, *(chance > COLD for chance in outlook.cold[1:])]
    hidden = {stretch.day: stretch.hidden_pct for stretch in outlook.stretches}
    found = []
    for starts in plan_times(now):
        hour = hour_of(table, starts)
        day = int(hour // 24)
        sun_w = clear_at(table, hour + STEP_H / 2) * shares[day]
        found.append(Piece(starts, hour, STEP_H, sun_w, cold[day], hidden[day]))
    return found


def step(now: Stamp, place: int, lived: Lived, futures: Futures) -> EnergyPlanStep:
    """The row of one step; the band always holds the expected course."""
    low, high = float(futures.low_pct[place]), float(futures.high_pct[place])
    return EnergyPlanStep(
        stamp=now,
        starts=lived.piece.starts,
        pv_power_w=lived.piece.sun_w,
        load_power_w=lived.option.power_w,
        state_of_charge_pct=lived.charge_pct,
        level=lived.option.level,
        low_charge_pct=min(low, lived.charge_pct),
        high_charge_pct=max(high, lived.charge_pct),
    )
