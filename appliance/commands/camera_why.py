"""`unitctl cameras why`: a camera's mode at a moment, for which reason, and what was around it.

Reads: what appliance/status/camera_moment.py reads. Writes: standard output.
Never: guesses: where no row covers the moment, it says between which rows it lies.
"""

from datetime import datetime
from typing import Any

from appliance.commands.camera_cost import format_known
from appliance.commands.opening import WITH_YEAR, find_moment_utc, format_local
from appliance.commands.printing import BAD, DIM, Line, Section, show, show_json
from appliance.model import EnergyBudget, Fault
from appliance.model_cameras import CameraChange, CameraHint, CameraMotion, Event, SwitchOrder
from appliance.parsing.times import WrittenTime
from appliance.settings import Settings
from appliance.status.camera_holds import format_hold
from appliance.status.camera_moment import AROUND, CameraMoment, NoRowsError, find_moment
from appliance.status.intervals import NO_PICTURES
from appliance.store.rows import encode, encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from appliance.wording.counts import format_count, format_share

ROWS = {  # JSON key to attribute of CameraMoment
    "state": "state",
    "next_state": "next_state",
    "change": "change",
    "after": "next_change",
    "budget": "budget",
    "plan": "plan",
    "looks": "usage",
    "sleep": "sleep",
}
LISTS = ("motions", "hints", "events", "faults", "holds", "orders")


def show_moment(
    camera: str, wanted: WrittenTime | None, as_json: bool, settings: Settings, store: Store
) -> int:
    """Print it; raises `NoRowsError`."""
    now = store.clock.stamp().utc
    at = find_moment_utc(wanted, now, settings) or now
    if at > now:
        raise NoRowsError(f"{format_local(encode_time(at), settings, WITH_YEAR)} is in the future")
    moment = find_moment(store, camera, at, settings.site.timezone)
    if as_json:
        show_json(build_document(moment))
    else:
        show(build_sections(moment, settings))
    return 0


def build_document(moment: CameraMoment) -> dict[str, Any]:
    """The rows as they are stored, null where there is none."""
    rows = {key: getattr(moment, name) for key, name in ROWS.items()}
    return {
        "camera": moment.camera,
        "at": encode_time(moment.at),
        "reported": moment.reported,
        "restarted": moment.restarted,
        "funded": moment.budget_held,
        "planned": moment.plan_held,
        **{name: None if row is None else encode(row) for name, row in rows.items()},
        **{name: [encode(row) for row in getattr(moment, name)] for name in LISTS},
    }


def build_sections(moment: CameraMoment, settings: Settings) -> list[Section]:
    """The answer as a screen."""
    title = f"{moment.camera} at {format_time(moment.at, settings)} {settings.site.timezone}"
    span = f"{AROUND.total_seconds() / 60:.0f} minutes before and after"
    return [
        Section(
            title,
            [
                describe_mode(moment, settings),
                *describe_state(moment, settings),
                *(Line("held", format_hold(one, settings.site.timezone)) for one in moment.holds),
                describe_budget(moment, settings),
                describe_inference(moment, settings),
            ],
        ),
        Section(span, list_happenings(moment, settings)),
        Section("Faults then", [describe_fault(fault, settings) for fault in moment.faults], BAD),
        Section("After", describe_next(moment.next_change, settings)),
    ]


# --- the camera -----------------------------------------------------------------------------------


def describe_mode(moment: CameraMoment, settings: Settings) -> Line:
    """The mode, since when and why; or between which rows the moment lies."""
    if moment.sleep:
        slept = f"since {format_time(moment.sleep.stamp.utc, settings)}: {moment.sleep.reason}"
        return Line("mode", f"the unit slept, {moment.sleep.level.name} {slept}", BAD)
    if moment.reported and moment.state:
        return Line("mode", describe_reported(moment, settings))
    if moment.state is None and moment.change:
        return Line("mode", describe_change(moment, moment.change, settings), DIM)
    return Line("mode", describe_silence(moment, settings), BAD)


def describe_reported(moment: CameraMoment, settings: Settings) -> str:
    """The newest of the last state and the last change."""
    newest = moment.state
    assert newest is not None
    mode, reason = newest.mode, newest.reason
    change = moment.change
    if change and change.stamp.utc > newest.stamp.utc:
        mode, reason = change.mode, change.reason
    since = (
        f" since {format_time(change.stamp.utc, settings)}"
        if change and change.mode is mode
        else ""
    )
    return f"{mode.value}{since}: {reason}{describe_restart(moment, settings)}"


def describe_change(moment: CameraMoment, change: CameraChange, settings: Settings) -> str:
    """Older than the rows of each minute: only changes of mode are kept so long."""
    since = f"{change.mode.value} since {format_time(change.stamp.utc, settings)}: {change.reason}"
    return (
        f"{since}; whether its process ran in that minute is no longer known"
        f"{describe_restart(moment, settings)}"
    )


def describe_silence(moment: CameraMoment, settings: Settings) -> str:
    """A gap: the last row before it, and the first after it."""
    last = moment.state
    assert last is not None
    silent = f"has been silent since {format_time(last.stamp.utc, settings)}"
    if moment.next_state:
        until = format_time(moment.next_state.stamp.utc, settings)
        silent = f"was silent from {format_time(last.stamp.utc, settings)} until {until}"
    report = f"its last report, mode {last.mode.value}: {last.reason}"
    return f"not known: the camera {silent}; {report}{describe_restart(moment, settings)}"


def describe_restart(moment: CameraMoment, settings: Settings) -> str:
    """Whether the unit started anew between the rows on both sides."""
    later = moment.next_state or moment.next_change
    if not moment.restarted or later is None:
        return ""
    began = datetime.fromtimestamp(
        later.stamp.utc.timestamp() - later.stamp.uptime_s, later.stamp.utc.tzinfo
    )
    return f"; the unit was restarted at {format_time(began, settings)}"


def describe_state(moment: CameraMoment, settings: Settings) -> list[Line]:
    """What it drew, what came, what could wake it."""
    state = moment.state
    if state is None or not moment.reported or moment.sleep:
        return []
    reported = f"reported {format_time(state.stamp.utc, settings)}"
    draw = format_known(state.power_w, "W", state.power_measured)
    stream = state.stream or "no video received"
    gates = f", movement detected by {state.gates}" if state.gates else ""
    return [Line("camera", f"{draw}, {stream}{gates} ({reported})")]


# --- energy and inference -------------------------------------------------------------------------


def describe_budget(moment: CameraMoment, settings: Settings) -> Line:
    """The level of that moment and its reason."""
    budget = moment.budget
    if budget is None:
        keeps = BY_ROW[EnergyBudget].keep_days
        text = f"no energy budget is known of that time (they are kept for {keeps:g} days)"
        return Line("energy", text, BAD)
    if moment.budget_held:
        draw = f"the loads were allowed {budget.power_w:g} W"
        return Line("energy", f"{budget.reason} ({draw})")
    ended = f"the last ended {format_time(budget.until, settings)}: {budget.reason}"
    return Line("energy", f"no energy budget held; {ended}", BAD)


def describe_inference(moment: CameraMoment, settings: Settings) -> Line:
    """What was analysed in that minute; where nothing was, why."""
    usage, plan = moment.usage, moment.plan
    if usage and usage.frames:
        cost = format_known(usage.power_w, "W", usage.energy_measured)
        frames = format_count(usage.frames, "frame")
        text = f"{frames} in {usage.duration_s:.0f} s, {usage.tier.value}, {cost}"
        return Line("inference", f"{text}: {plan.reason}" if plan and moment.plan_held else text)
    if plan is None:
        return Line("inference", "nothing is known of inference at that time", BAD)
    if not moment.plan_held:
        last = f"its last report, {format_time(plan.stamp.utc, settings)}: {plan.reason}"
        return Line("inference", f"inference was not running; {last}", BAD)
    if moment.reported and moment.state and moment.state.mode in NO_PICTURES:
        mode = moment.state.mode.value
        return Line("inference", f"nothing analysed: in mode {mode} the camera gives no pictures")
    if not plan.frames_per_s:
        return Line("inference", f"nothing analysed: {plan.reason}")
    return Line("inference", f"no frame of this camera analysed in that minute: {plan.reason}")


# --- around it ------------------------------------------------------------------------------------


def list_happenings(moment: CameraMoment, settings: Settings) -> list[Line]:
    """Motion, motion alarms and events, in the order of time."""
    found = [
        *((motion.stamp.utc, describe_motion(motion, settings)) for motion in moment.motions),
        *((hint.stamp.utc, describe_hint(hint, settings)) for hint in moment.hints),
        *((event.stamp.utc, describe_event(event, settings)) for event in moment.events),
        *((order.stamp.utc, describe_order(order, settings)) for order in moment.orders),
    ]
    if not found:
        return [Line("motion", "none is stored")]
    return [line for _, line in sorted(found, key=lambda one: one[0])]


def describe_motion(motion: CameraMotion, settings: Settings) -> Line:
    until = format_local(encode_time(motion.ended), settings, "%H:%M:%S")
    text = f"until {until}, noticed by {motion.woken_by}, score {motion.score:.1f}"
    return Line(f"{format_clock(motion.stamp.utc, settings)} motion", f"{text}; {motion.reason}")


def describe_hint(hint: CameraHint, settings: Settings) -> Line:
    what = "reports motion" if hint.active else "reports the end of motion"
    return Line(f"{format_clock(hint.stamp.utc, settings)} hint", f"{hint.source} {what}")


def describe_event(event: Event, settings: Settings) -> Line:
    rule = f", {event.rule}" if event.rule else ""
    text = f"{event.label} {format_share(event.confidence)}{rule}: {event.reason}"
    return Line(f"{format_clock(event.stamp.utc, settings)} event", text)


def describe_order(order: SwitchOrder, settings: Settings) -> Line:
    name = f"{format_clock(order.stamp.utc, settings)} switch"
    return Line(name, f"{order.switch}: {order.reason}")


def describe_fault(fault: Fault, settings: Settings) -> Line:
    until = f" to {format_time(fault.cleared, settings)}" if fault.cleared else ", still open"
    text = f"{fault.text} ({format_time(fault.stamp.utc, settings)}{until})"
    return Line(fault.source, text, BAD)


def describe_next(after: CameraChange | None, settings: Settings) -> list[Line]:
    """The next change of mode."""
    if after is None:
        return []
    return [Line(format_time(after.stamp.utc, settings), f"{after.mode.value}: {after.reason}")]


def format_clock(utc: datetime, settings: Settings) -> str:
    return format_local(encode_time(utc), settings, "%H:%M:%S")


def format_time(utc: datetime, settings: Settings) -> str:
    """A time as people at the site read it."""
    return format_local(encode_time(utc), settings, "%a %d %b %H:%M")
