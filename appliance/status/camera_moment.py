"""What is known of one camera at one moment: its mode and why, the energy, inference, motion.

Reads: CameraState, CameraChange, CameraMotion, CameraHint, CameraHold, CameraUsage, InferencePlan,
Event, EnergyBudget, Sleep, Wake, Fault. Writes: nothing.
Never: guesses. Where no row covers the moment, the answer says between which rows it lies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.errors import ApplianceError
from appliance.model import EnergyBudget, Fault, Sleep, Wake
from appliance.model_cameras import (
    CameraChange,
    CameraHint,
    CameraHold,
    CameraMotion,
    CameraState,
    CameraUsage,
    Event,
    InferencePlan,
    SwitchOrder,
)
from appliance.store.camera_holds import find_holds_at
from appliance.store.store import Store
from appliance.store.tables import BY_ROW, get_fresh_s
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time

AROUND = timedelta(minutes=10)  # motion so long before and after is listed
MAX_ROWS = 20  # of motion segments, events or motion alarms


class NoRowsError(ApplianceError):
    """Nothing is known of that time."""

    code = "past"


@dataclass(frozen=True, slots=True)
class CameraMoment:
    """What the rows say about `at`; None where none does.

    `reported`: a `CameraState` covers that moment. `state` and `next_state` are the rows on
    both sides of it, `change` the last change of mode, `next_change` the first one later.
    `budget` and `plan` (of inference) are the last before it; `budget_held` and `plan_held`: it
    held at that moment. `usage` covers a time in which the moment lies. `sleep`: the unit slept
    then. `holds`: what people had taken from the camera. `orders`: to
    switches, for the events of any camera.
    """

    camera: str
    at: datetime
    reported: bool
    state: CameraState | None
    next_state: CameraState | None
    change: CameraChange | None
    next_change: CameraChange | None
    budget: EnergyBudget | None
    budget_held: bool
    plan: InferencePlan | None
    plan_held: bool
    usage: CameraUsage | None
    sleep: Sleep | None
    motions: list[CameraMotion]
    hints: list[CameraHint]
    events: list[Event]
    faults: list[Fault]
    holds: list[CameraHold]
    orders: list[SwitchOrder]

    @property
    def restarted(self) -> bool:
        """Whether the unit started anew between the rows on both sides."""
        before, later = self.state or self.change, self.next_state or self.next_change
        return bool(before and later and before.stamp.boot_id != later.stamp.boot_id)


def find_moment(store: Store, camera: str, at: datetime, zone: str = "UTC") -> CameraMoment:
    """What is known of `at`. Raises `NoRowsError` where nothing is (times in it are in the time
    zone `zone`), and `StoreError`.
    """
    state = store.before(CameraState, at, camera=camera)
    next_state = store.after(CameraState, at, camera=camera)
    change = store.before(CameraChange, at, camera=camera)
    if state is None and change is None:
        raise NoRowsError(explain_missing(store, camera, at, zone))
    around = (at - AROUND, at + AROUND)
    events = store.list_lasting(Event, *around, ends="last_seen", limit=MAX_ROWS, camera=camera)
    budget, plan = store.before(EnergyBudget, at), store.before(InferencePlan, at)
    return CameraMoment(
        camera=camera,
        at=at,
        reported=is_reported(state, next_state, at),
        state=state,
        next_state=next_state,
        change=change,
        next_change=store.after(CameraChange, at, camera=camera),
        budget=budget,
        budget_held=bool(budget and at < budget.until),
        plan=plan,
        plan_held=bool(plan and was_fresh(plan, at)),
        usage=find_usage(store, camera, at),
        sleep=find_sleep(store, at),
        motions=store.list_lasting(
            CameraMotion, *around, ends="ended", limit=MAX_ROWS, camera=camera
        ),
        hints=store.list_lasting(CameraHint, *around, ends="at", limit=MAX_ROWS, camera=camera),
        events=events,
        faults=store.list_faults_at(at, f"camera@{camera}", "inference"),
        holds=find_holds_at(store, camera, at),
        orders=store.list_lasting(SwitchOrder, *around, ends="at", limit=MAX_ROWS),
    )


def was_fresh(row: CameraState | CameraUsage | InferencePlan, at: datetime) -> bool:
    """Whether a row written before `at` was still fresh then."""
    return at - row.stamp.utc <= timedelta(seconds=get_fresh_s(type(row)))


def is_reported(state: CameraState | None, next_state: CameraState | None, at: datetime) -> bool:
    """Whether the camera's process was there: a row just before says so, or a later row covers the
    time.
    """
    if state and was_fresh(state, at):
        return True
    covered_s = next_state.duration_s if next_state else None
    return bool(
        next_state and covered_s and next_state.stamp.utc - timedelta(seconds=covered_s) <= at
    )


def explain_missing(store: Store, camera: str, at: datetime, zone: str) -> str:
    """Why there is no row before that moment."""
    first = store.after(CameraChange, at, camera=camera)
    if first is None:
        return say(
            "camera {camera} has never reported; see what its service says (`journalctl -t "
            "camera@{camera}`)",
            camera=camera,
        )
    since = format_site_time(first.stamp.utc, zone, "%a %d %b %Y %H:%M")
    return say(
        "nothing is known of camera {camera} before {since}, the time of its first row "
        "(changes of mode are kept for {keep_days:g} days)",
        camera=camera,
        since=since,
        keep_days=BY_ROW[CameraChange].keep_days,
    )


def find_sleep(store: Store, at: datetime) -> Sleep | None:
    """The sleep that the unit was in."""
    sleep, wake = store.before(Sleep, at), store.before(Wake, at)
    return None if sleep and wake and wake.stamp.utc >= sleep.stamp.utc else sleep


def find_usage(store: Store, camera: str, at: datetime) -> CameraUsage | None:
    """What was analysed in the minute of that moment."""
    next_row = store.after(CameraUsage, at, camera=camera)
    if next_row and next_row.stamp.utc - timedelta(seconds=next_row.duration_s) <= at:
        return next_row
    last = store.before(CameraUsage, at, camera=camera)
    return last if last and next_row is None and was_fresh(last, at) else None
