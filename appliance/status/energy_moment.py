"""What is known of the unit's energy at one moment: level and reason, battery, sun, loads, cameras.

    moment = find_energy_moment(store, at, now=now, zone="Europe/Berlin")

Reads: EnergyBudget, BatteryState, PowerReading, Sleep, Wake, and what the loads reported. Writes:
nothing.
Never: guesses: where no row says it, the answer is that nothing is known of that time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.errors import ApplianceError
from appliance.model import (
    BatteryState,
    EnergyBudget,
    EnvironmentReading,
    PowerReading,
    Sleep,
    Wake,
)
from appliance.model_cameras import InferenceRun
from appliance.status.camera_moment import CameraMoment, NoRowsError, find_moment
from appliance.status.loads import LoadPower
from appliance.store.store import Store
from appliance.store.tables import BY_ROW, get_fresh_s
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time

WITH_YEAR = "%a %d %b %Y %H:%M"


class WhyError(ApplianceError):
    """Nothing is known of that time."""

    code = "why"


@dataclass(frozen=True, slots=True)
class EnergyMoment:
    """What is known of `at`. `budget` None: none held then; `before` and `after` are the last one
    of another level before it, and the first one after. `sleep`: the unit slept then; `wake` ended
    that. `battery` and `reading` are the last before it, however old.
    """

    at: datetime
    budget: EnergyBudget | None
    ended: EnergyBudget | None
    battery: BatteryState | None
    reading: PowerReading | None
    before: EnergyBudget | None
    after: EnergyBudget | None
    sleep: Sleep | None
    wake: Wake | None


def find_energy_moment(store: Store, at: datetime, *, now: datetime, zone: str) -> EnergyMoment:
    """What the rows say of `at`; raises `WhyError`, with times in the time zone `zone`."""
    if at > now:
        raise WhyError(
            say(
                "{site_time} is in the future; `unitctl energy outlook` shows what is expected",
                site_time=format_site_time(at, zone, WITH_YEAR),
            )
        )
    sleep = store.before(Sleep, at)
    wake = store.after(Wake, sleep.stamp.utc) if sleep else None
    if wake and wake.stamp.utc <= at:
        sleep = wake = None
    last = store.before(EnergyBudget, at)
    if last is None and sleep is None:
        raise WhyError(explain_missing(store, at, zone))
    same = {"level": last.level.name if last else ""}
    holds = last is not None and at < last.until
    return EnergyMoment(
        at=at,
        budget=last if holds else None,
        ended=None if holds else last,
        battery=store.before(BatteryState, at),
        reading=store.before(PowerReading, at),
        before=store.before(EnergyBudget, at, excluding=same) if last else None,
        after=store.after(EnergyBudget, at, excluding=same) if last else None,
        sleep=sleep,
        wake=wake,
    )


def explain_missing(store: Store, at: datetime, zone: str) -> str:
    """Why there is no row."""
    first = store.after(EnergyBudget, datetime.min.replace(tzinfo=UTC))
    keeps = BY_ROW[EnergyBudget].keep_days
    if first is None:
        return say(
            "there is no energy budget at all yet; see what the power service says "
            "(`systemctl status appliance-power`)"
        )
    return say(
        "nothing is known of {site_time}: the budgets go back to {first} (they are "
        "kept for {keeps:g} days)",
        site_time=format_site_time(at, zone, WITH_YEAR),
        first=format_site_time(first.stamp.utc, zone, WITH_YEAR),
        keeps=keeps,
    )


def find_cameras_then(
    store: Store, cameras: tuple[str, ...], at: datetime, zone: str
) -> list[CameraMoment]:
    """Each camera at that moment; those of which nothing is known are missing."""
    found = []
    for name in cameras:
        try:
            found.append(find_moment(store, name, at, zone))
        except NoRowsError:
            continue
    return found


def find_loads_then(
    store: Store, cameras: list[CameraMoment], at: datetime
) -> tuple[LoadPower, ...]:
    """What drew power at that moment, as read_loads has it of now."""
    loads = []
    computer = store.before(EnvironmentReading, at)
    if computer and was_fresh(computer, at):
        measured = computer.computer_power_measured
        loads.append(LoadPower("computer", computer.computer_power_w, measured))
    for one in cameras:
        if one.reported and one.state:
            name = f"camera {one.camera}"
            loads.append(LoadPower(name, one.state.power_w, one.state.power_measured))
    run = store.before(InferenceRun, at)
    if run and was_fresh(run, at):
        loads.append(LoadPower("inference", run.power_w, run.energy_measured))
    return tuple(loads)


def was_fresh(
    row: BatteryState | PowerReading | EnvironmentReading | InferenceRun, at: datetime
) -> bool:
    """Whether a row written before `at` was still fresh then."""
    return at - row.stamp.utc <= timedelta(seconds=get_fresh_s(type(row)))
