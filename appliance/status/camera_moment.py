"""What is known of one camera at one moment: its mode and why, the energy, inference, what moved.

Reads: CameraState, CameraChange, CameraMotion, CameraHint, CameraUsage, InferencePlan, Event,
EnergyBudget, Sleep, Wake, Fault. Writes: nothing.
Never: guesses. Where no row tells of the moment, the answer says between which rows it lies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.errors import ApplianceError
from appliance.model import EnergyBudget, Fault, Sleep, Wake
from appliance.model_cameras import (
    CameraChange,
    CameraHint,
    CameraMotion,
    CameraState,
    CameraUsage,
    Event,
    InferencePlan,
)
from appliance.store.rows import text_of
from appliance.store.store import Store
from appliance.store.tables import BY_ROW, fresh_s

AROUND = timedelta(minutes=10)  # what moved so long before and after is told
MOST = 20  # of what moved, was found or was hinted


class PastError(ApplianceError):
    """Nothing is known of that time."""

    code = "past"


@dataclass(frozen=True, slots=True)
class Past:
    """What the rows say of `at`; None where none does.

    `reported`: a `CameraState` tells of that very moment. `state` and `next_state` are the rows on
    both sides of it, `change` the mode that was taken last, `after` the first one taken later.
    `budget` is the last before it, `funded` whether it held then; so `plan` of inference and
    `planned`. `looks` tells of a time in which the moment lies. `sleep`: the unit slept then.
    """

    camera: str
    at: datetime
    reported: bool
    state: CameraState | None
    next_state: CameraState | None
    change: CameraChange | None
    after: CameraChange | None
    budget: EnergyBudget | None
    funded: bool
    plan: InferencePlan | None
    planned: bool
    looks: CameraUsage | None
    sleep: Sleep | None
    motions: list[CameraMotion]
    hints: list[CameraHint]
    events: list[Event]
    faults: list[Fault]

    @property
    def restarted(self) -> bool:
        """Whether the unit started anew between the rows on both sides."""
        before, later = self.state or self.change, self.next_state or self.after
        return bool(before and later and before.stamp.boot_id != later.stamp.boot_id)


def find(store: Store, camera: str, at: datetime) -> Past:
    """What is known of `at`. Raises `PastError` where nothing is, and `StoreError`."""
    state = store.before(CameraState, at, camera=camera)
    next_state = store.after(CameraState, at, camera=camera)
    change = store.before(CameraChange, at, camera=camera)
    if state is None and change is None:
        raise PastError(nothing_known(store, camera, at))
    around = (at - AROUND, at + AROUND)
    budget, plan = store.before(EnergyBudget, at), store.before(InferencePlan, at)
    return Past(
        camera=camera,
        at=at,
        reported=reports(state, next_state, at),
        state=state,
        next_state=next_state,
        change=change,
        after=store.after(CameraChange, at, camera=camera),
        budget=budget,
        funded=bool(budget and at < budget.until),
        plan=plan,
        planned=bool(plan and held_at(plan, at)),
        looks=looks_at(store, camera, at),
        sleep=sleep_at(store, at),
        motions=store.lasting(CameraMotion, *around, "ended", MOST, camera=camera),
        hints=store.lasting(CameraHint, *around, "at", MOST, camera=camera),
        events=store.lasting(Event, *around, "last_seen", MOST, camera=camera),
        faults=store.faults_at(at, f"camera@{camera}", "inference"),
    )


def held_at(row: CameraState | CameraUsage | InferencePlan, at: datetime) -> bool:
    """Whether a row written before `at` was still fresh then."""
    return at - row.stamp.utc <= timedelta(seconds=fresh_s(type(row)))


def reports(state: CameraState | None, next_state: CameraState | None, at: datetime) -> bool:
    """Whether the camera's process was there: it had just said so, or said later that it had."""
    if state and held_at(state, at):
        return True
    told_s = next_state.duration_s if next_state else None
    return bool(next_state and told_s and next_state.stamp.utc - timedelta(seconds=told_s) <= at)


def nothing_known(store: Store, camera: str, at: datetime) -> str:
    """Why there is no row before that moment."""
    first = store.after(CameraChange, at, camera=camera)
    if first is None:
        return (
            f"camera {camera} has never reported; see what its service says "
            f"(`systemctl status appliance-camera@{camera}`)"
        )
    return (
        f"nothing is known of camera {camera} before {text_of(first.stamp.utc)}, its first row "
        f"(changes of mode are kept for {BY_ROW[CameraChange].keep_days:g} days)"
    )


def sleep_at(store: Store, at: datetime) -> Sleep | None:
    """The sleep that the unit was in."""
    sleep, wake = store.before(Sleep, at), store.before(Wake, at)
    return None if sleep and wake and wake.stamp.utc >= sleep.stamp.utc else sleep


def looks_at(store: Store, camera: str, at: datetime) -> CameraUsage | None:
    """What was looked at in the minute of that moment."""
    next_row = store.after(CameraUsage, at, camera=camera)
    if next_row and next_row.stamp.utc - timedelta(seconds=next_row.duration_s) <= at:
        return next_row
    last = store.before(CameraUsage, at, camera=camera)
    return last if last and next_row is None and held_at(last, at) else None
