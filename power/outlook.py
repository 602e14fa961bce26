"""The day-ahead plan: what sun, load and charge are to be expected if the ladder is followed.

Reads and writes: nothing; pure. power/plan.py brings the readings and stores the steps.
Never: decides anything. It is shown, and compared with what came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, PowerReading, Stamp
from appliance.settings import Settings
from power.ladder import TARGET_HELD, level_for
from power.voltage_curve import cell_of

STEP = timedelta(minutes=15)
STEP_H = STEP / timedelta(hours=1)
STEPS = 144  # 36 hours: through tonight and all of tomorrow
USUAL_CLEARNESS = 0.7
LEAST_CLEARNESS, MOST_CLEARNESS = 0.1, 1.0
EVIDENCE_PEAK_H = 1.0  # less clear-sky energy than an hour at the panels' peak proves nothing


def plan_times(now: datetime) -> list[datetime]:
    """The starts of the plan's steps: whole quarters of an hour, the present one first."""
    start = quarter(now)
    return [start + STEP * number for number in range(STEPS)]


def day_ahead(
    battery: BatteryState,
    previous: EnergyLevel | None,
    clear_sky_w: Sequence[float],
    clearness: float,
    settings: Settings,
    now: Stamp,
) -> list[EnergyPlanStep]:
    """One step for each of `plan_times(now.utc)`; `clear_sky_w` holds that many step averages (W).

    `pv_power_w` is the sun that is to be had; what the full battery cannot take is not kept.
    `state_of_charge_pct` is the charge at the start of the step; unknown counts as its floor.
    """
    charge_pct = battery.state_of_charge_pct or 0.0
    doubt_pct = settings.energy.sigma_weight * (battery.sigma_pct or 0.0)
    efficiency = cell_of(settings.battery).charge_efficiency
    level, steps = previous, []
    for starts, clear_w in zip(plan_times(now.utc), clear_sky_w, strict=True):
        level = planned_level(charge_pct - doubt_pct, level, settings)
        pv_w, load_w = clear_w * clearness, settings.power_w(level)
        steps.append(EnergyPlanStep(now, starts, pv_w, load_w, charge_pct, level))
        net_w = pv_w - load_w
        gained_wh = net_w * STEP_H * (efficiency if net_w > 0 else 1.0)
        gained_pct = gained_wh / settings.battery.capacity_wh * 100
        charge_pct = min(100.0, max(0.0, charge_pct + gained_pct))
    return steps


def planned_level(
    careful_pct: float, previous: EnergyLevel | None, settings: Settings
) -> EnergyLevel:
    """The ladder's level, and the guard's power-off below the floor."""
    if careful_pct < settings.energy.off_below_pct:
        return EnergyLevel.OFF
    return level_for(careful_pct, previous, settings.energy)


def measured_sun(readings: Iterable[PowerReading]) -> dict[datetime, float]:
    """Mean PV power (W) of each quarter of an hour that was measured and not curtailed.

    A controller that holds its target voltage throttles the panels: such a quarter says nothing
    about the sky.
    """
    powers: defaultdict[datetime, list[float]] = defaultdict(list)
    throttled = set()
    for reading in readings:
        start = quarter(reading.stamp.utc)
        if reading.charge_stage in TARGET_HELD:
            throttled.add(start)
        if reading.pv_power_w is not None:
            powers[start].append(reading.pv_power_w)
    return {
        start: sum(values) / len(values)
        for start, values in powers.items()
        if start not in throttled
    }


def learned_clearness(
    measured_w: Mapping[datetime, float], clear_sky_w: Mapping[datetime, float], peak_w: float
) -> float | None:
    """Measured over clear-sky energy, 0.1 to 1, by quarter of an hour; None where too little sun
    was measured to tell.
    """
    clear_wh = sum(clear_sky_w[start] for start in measured_w) * STEP_H
    if clear_wh < EVIDENCE_PEAK_H * peak_w:
        return None
    ratio = sum(measured_w.values()) * STEP_H / clear_wh
    return min(MOST_CLEARNESS, max(LEAST_CLEARNESS, ratio))


def quarter(utc: datetime) -> datetime:
    """The start of the quarter of an hour that `utc` lies in."""
    utc = utc.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)
