"""The time until the next sunrise: what the plan expects of it, from the charge as it is now.

Reads: the newest plan, the newest policy, the battery's state, the site. Writes: nothing.
Never: takes the plan's charge for the measured one: only its changes are taken from the plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep
from appliance.settings import Follows, Settings
from appliance.status.sleep_and_outlook import read_plan_ahead
from appliance.status.sunrise import find_next_sunrise
from appliance.store.decoding import decode_time
from appliance.store.plan_rows import read_policy_facts
from appliance.store.rows import Row, encode_time
from appliance.store.store import Store

DAY = timedelta(hours=24)
ASLEEP = (EnergyLevel.OFF.name, EnergyLevel.HIBERNATE.name)


@dataclass(frozen=True, slots=True)
class NightAhead:
    """What is expected until `ends`: the next `sunrise`, or in a day where there is none.

    `charge_pct` at its end and `low_pct`, which one case of ten falls below, are None without a
    plan or a charge. `empty_at`: when the charge falls below what the computer needs.
    `sleeps_at`: when the plan lets the computer sleep. `is_planned`: levels follow the plan, not
    the charge alone.
    """

    ends: datetime
    sunrise: datetime | None
    charge_pct: float | None = None
    low_pct: float | None = None
    empty_at: datetime | None = None
    sleeps_at: datetime | None = None
    is_planned: bool = False


def read_night_ahead(store: Store, settings: Settings, max_age_s: float) -> NightAhead:
    """The night ahead; `max_age_s` is how old the battery's state may be. Raises `StoreError`."""
    now = store.clock.stamp().utc
    site = settings.site
    sunrise = find_next_sunrise(
        now, latitude_deg=site.latitude_deg, longitude_deg=site.longitude_deg
    )
    ends = sunrise or now + DAY
    battery = store.latest(BatteryState, max_age_s)
    steps = read_steps(store, now, ends)
    night = NightAhead(ends, sunrise, is_planned=is_policy_in_force(store, settings, now))
    charge_pct = None if battery is None else battery.state_of_charge_pct
    if not steps or charge_pct is None:
        return night
    return foresee(steps, night, charge_pct, settings.energy.off_below_pct)


def read_steps(store: Store, now: datetime, until: datetime) -> Sequence[Row]:
    """The steps of the newest plan from the present one to the one at `until`; [] without it."""
    newest = store.last(EnergyPlanStep)
    plan = None if newest is None else read_plan_ahead(store, newest.stamp.utc, now)
    end = encode_time(until)
    if plan is None or plan.ends <= end:
        return []
    return [row for row in plan.rows if row["starts"] <= end]


def is_policy_in_force(store: Store, settings: Settings, now: datetime) -> bool:
    """Whether the levels follow a policy; a policy may say that the ladder is better."""
    if settings.energy.follows is not Follows.PLAN:
        return False
    facts = read_policy_facts(store, now)
    return facts is not None and not facts.get("ladder")


def foresee(
    steps: Sequence[Row], night: NightAhead, charge_pct: float, off_below_pct: float
) -> NightAhead:
    """The night by the plan's steps, moved to the charge as it is now."""
    moved_pct = charge_pct - steps[0]["state_of_charge_pct"]
    last = steps[-1]
    low_pct = last["low_charge_pct"]
    return replace(
        night,
        charge_pct=limit(last["state_of_charge_pct"] + moved_pct),
        low_pct=None if low_pct is None else limit(low_pct + moved_pct),
        empty_at=find_first(
            steps, lambda row: limit(row["state_of_charge_pct"] + moved_pct) < off_below_pct
        ),
        sleeps_at=find_first(steps[1:], lambda row: row["level"] in ASLEEP),
    )


def find_first(steps: Sequence[Row], holds: Callable[[Row], bool]) -> datetime | None:
    """When the first step begins of which it holds."""
    return next((decode_time(row["starts"]) for row in steps if holds(row)), None)


def limit(charge_pct: float) -> float:
    """A charge has its ends."""
    return min(100.0, max(0.0, charge_pct))
