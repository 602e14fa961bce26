"""`unitctl cameras why`: a camera's mode at a moment, for which reason, and what was around it.

Reads: what appliance/status/camera_moment.py reads. Writes: standard output.
Never: guesses: where no row tells of the moment, it says between which rows it lies.
"""

from datetime import datetime
from typing import Any

from appliance.commands.camera_cost import known
from appliance.commands.opening import local, moment
from appliance.commands.printing import BAD, DIM, Line, Section, show, show_json
from appliance.model import EnergyBudget, Fault
from appliance.model_cameras import CameraChange, CameraHint, CameraMotion, Event
from appliance.settings import Settings
from appliance.status.camera_moment import AROUND, Past, PastError, find
from appliance.status.intervals import NO_PICTURES
from appliance.store.rows import encode, text_of
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

ROWS = ("state", "next_state", "change", "after", "budget", "plan", "looks", "sleep")
LISTS = ("motions", "hints", "events", "faults")


def show_past(
    camera: str, at_text: str | None, as_json: bool, settings: Settings, store: Store
) -> int:
    """Print it; raises `PastError`, and `SettingsError` for a time that is none."""
    now = store.clock.stamp().utc
    at = now if at_text is None else moment(at_text, now, settings)
    if at > now:
        raise PastError(f"{said(at, settings)} is still to come")
    past = find(store, camera, at)
    if as_json:
        show_json(document(past))
    else:
        show(sections(past, settings))
    return 0


def document(past: Past) -> dict[str, Any]:
    """The rows as they are stored, null where there is none."""
    rows = {name: getattr(past, name) for name in ROWS}
    return {
        "camera": past.camera,
        "at": text_of(past.at),
        "reported": past.reported,
        "restarted": past.restarted,
        "funded": past.funded,
        "planned": past.planned,
        **{name: None if row is None else encode(row) for name, row in rows.items()},
        **{name: [encode(row) for row in getattr(past, name)] for name in LISTS},
    }


def sections(past: Past, settings: Settings) -> list[Section]:
    """The answer as a screen."""
    title = f"{past.camera} at {said(past.at, settings)} {settings.site.timezone}"
    span = f"{AROUND.total_seconds() / 60:.0f} minutes before and after"
    return [
        Section(
            title,
            [
                mode_line(past, settings),
                *state_lines(past, settings),
                energy_line(past, settings),
                looking_line(past, settings),
            ],
        ),
        Section(span, happened(past, settings)),
        Section("Faults then", [fault_line(fault, settings) for fault in past.faults], BAD),
        Section("After", after_lines(past.after, settings)),
    ]


# --- the camera -----------------------------------------------------------------------------------


def mode_line(past: Past, settings: Settings) -> Line:
    """The mode, since when and why; or between which rows the moment lies."""
    if past.sleep:
        slept = f"since {said(past.sleep.stamp.utc, settings)}: {past.sleep.reason}"
        return Line("mode", f"the unit slept, {past.sleep.level.name} {slept}", BAD)
    if past.reported and past.state:
        return Line("mode", told_text(past, settings))
    if past.state is None and past.change:
        return Line("mode", change_text(past, past.change, settings), DIM)
    return Line("mode", silence_text(past, settings), BAD)


def told_text(past: Past, settings: Settings) -> str:
    """The newest of the last state and the last change."""
    newest = past.state
    assert newest is not None
    mode, reason = newest.mode, newest.reason
    change = past.change
    if change and change.stamp.utc > newest.stamp.utc:
        mode, reason = change.mode, change.reason
    since = f" since {said(change.stamp.utc, settings)}" if change and change.mode is mode else ""
    return f"{mode.value}{since}: {reason}{restart_text(past, settings)}"


def change_text(past: Past, change: CameraChange, settings: Settings) -> str:
    """Older than the rows of each minute: only changes of mode are kept so long."""
    taken = f"{change.mode.value}, taken {said(change.stamp.utc, settings)}: {change.reason}"
    return (
        f"{taken}; whether its process was there in that minute is no longer known"
        f"{restart_text(past, settings)}"
    )


def silence_text(past: Past, settings: Settings) -> str:
    """A gap: what was the last before it, and who spoke first after it."""
    last = past.state
    assert last is not None
    silent = f"has been silent since {said(last.stamp.utc, settings)}"
    if past.next_state:
        until = said(past.next_state.stamp.utc, settings)
        silent = f"was silent from {said(last.stamp.utc, settings)} until {until}"
    word = f"its last word was {last.mode.value}: {last.reason}"
    return f"not known: the camera {silent}; {word}{restart_text(past, settings)}"


def restart_text(past: Past, settings: Settings) -> str:
    """Whether the unit started anew between the rows on both sides."""
    later = past.next_state or past.after
    if not past.restarted or later is None:
        return ""
    began = datetime.fromtimestamp(
        later.stamp.utc.timestamp() - later.stamp.uptime_s, later.stamp.utc.tzinfo
    )
    return f"; the unit was started anew at {said(began, settings)}"


def state_lines(past: Past, settings: Settings) -> list[Line]:
    """What it drew, what came, what could wake it."""
    state = past.state
    if state is None or not past.reported or past.sleep:
        return []
    told = f"told {said(state.stamp.utc, settings)}"
    draw = known(state.power_w, "W", state.power_measured)
    comes = state.stream or "nothing came"
    gates = f", woken by {state.gates}" if state.gates else ""
    return [Line("camera", f"{draw}, {comes}{gates} ({told})")]


# --- energy and inference -------------------------------------------------------------------------


def energy_line(past: Past, settings: Settings) -> Line:
    """The level of that moment and its reason."""
    budget = past.budget
    if budget is None:
        keeps = BY_ROW[EnergyBudget].keep_days
        text = f"no energy budget is known of that time (they are kept for {keeps:g} days)"
        return Line("energy", text, BAD)
    if past.funded:
        draw = f"the loads might draw {budget.power_w:g} W"
        return Line("energy", f"{budget.reason} ({draw})")
    ended = f"the last ended {said(budget.until, settings)}: {budget.reason}"
    return Line("energy", f"no energy budget held; {ended}", BAD)


def looking_line(past: Past, settings: Settings) -> Line:
    """What was looked at in that minute; where nothing was, why."""
    looks, plan = past.looks, past.plan
    if looks and looks.frames:
        cost = known(looks.power_w, "W", looks.energy_measured)
        text = f"{looks.frames} frames in {looks.duration_s:.0f} s, {looks.tier.value}, {cost}"
        return Line("looking", f"{text}: {plan.reason}" if plan and past.planned else text)
    if plan is None:
        return Line("looking", "nothing is known of inference at that time", BAD)
    if not past.planned:
        last = f"its last word, {said(plan.stamp.utc, settings)}: {plan.reason}"
        return Line("looking", f"inference was not running; {last}", BAD)
    if past.reported and past.state and past.state.mode in NO_PICTURES:
        return Line("looking", f"no: in {past.state.mode.value} the camera gives no pictures")
    if not plan.frames_per_s:
        return Line("looking", f"no: {plan.reason}")
    return Line("looking", f"no frame of this camera in that minute: {plan.reason}")


# --- around it ------------------------------------------------------------------------------------


def happened(past: Past, settings: Settings) -> list[Line]:
    """What moved, was hinted and was found, in the order of time."""
    told = [
        *((motion.stamp.utc, motion_line(motion, settings)) for motion in past.motions),
        *((hint.stamp.utc, hint_line(hint, settings)) for hint in past.hints),
        *((event.stamp.utc, event_line(event, settings)) for event in past.events),
    ]
    if not told:
        return [Line("moved", "nothing, as far as rows tell")]
    return [line for _, line in sorted(told, key=lambda one: one[0])]


def motion_line(motion: CameraMotion, settings: Settings) -> Line:
    until = local(text_of(motion.ended), settings, "%H:%M:%S")
    text = f"until {until}, noticed by {motion.woken_by}, score {motion.score:.1f}"
    return Line(f"{clock(motion.stamp.utc, settings)} moved", f"{text}; {motion.reason}")


def hint_line(hint: CameraHint, settings: Settings) -> Line:
    what = "says that something moves" if hint.active else "says that nothing moves"
    return Line(f"{clock(hint.stamp.utc, settings)} hint", f"{hint.source} {what}")


def event_line(event: Event, settings: Settings) -> Line:
    rule = f", {event.rule}" if event.rule else ""
    text = f"{event.label} {event.confidence:.2f}{rule}: {event.reason}"
    return Line(f"{clock(event.stamp.utc, settings)} event", text)


def fault_line(fault: Fault, settings: Settings) -> Line:
    until = f" to {said(fault.cleared, settings)}" if fault.cleared else ", still open"
    text = f"{fault.text} ({said(fault.stamp.utc, settings)}{until})"
    return Line(fault.source, text, BAD)


def after_lines(after: CameraChange | None, settings: Settings) -> list[Line]:
    """The next change of mode."""
    if after is None:
        return []
    return [Line(said(after.stamp.utc, settings), f"{after.mode.value}: {after.reason}")]


def clock(utc: datetime, settings: Settings) -> str:
    return local(text_of(utc), settings, "%H:%M:%S")


def said(utc: datetime, settings: Settings) -> str:
    """A time as people at the site read it."""
    return local(text_of(utc), settings, "%a %d %b %H:%M")
