"""`unitctl alarms list|test|ack|why`: what was sent to whom, what waits and why; a test; "seen".

Reads: the settings, alarms and their messages. Writes: `AlarmOrder` rows, standard output.
Never: sends anything itself, or shows a channel's address.
"""

import argparse
import time
from collections.abc import Iterator
from typing import Any

from appliance.alarms.escalation import find_steps
from appliance.alarms.rules import find_mismatch
from appliance.alarms.streams import from_event
from appliance.commands.opening import format_local, get_timezone, load_unit_settings, open_unit
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.media.erasing import find_user_name
from appliance.model_alarms import Alarm, AlarmOrder, AlarmOrderKind
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.nearest import advise
from appliance.parsing.values import parse_count
from appliance.process.alarm_wake import ORDERS, make_wake
from appliance.settings import Settings
from appliance.status import alarms
from appliance.status.freshness import Document
from appliance.store import alarm_rows
from appliance.store.alarm_orders import add_order
from appliance.store.event_pages import find_event
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.counts import format_count

HELP = "list alarms, what was sent to whom and what waits; test, acknowledge, ask why"
UNITCTL = "unitctl"
LIMIT = make_type(parse_count, 1, 1000)
STYLES = {"sent": GOOD, "acknowledged": GOOD, "dropped": BAD, "waiting": PLAIN, "sending": PLAIN}
TAKEN_S, LOOK_EVERY_S = 5.0, 0.1  # real seconds; the service starts in one or two
NOT_TAKEN = (
    f"not taken in {TAKEN_S:g} s: until it is, others may be told; see `unitctl alarms list` "
    "and `systemctl status appliance-alarm`"
)
WHICH = "the number of an alarm (`unitctl alarms list`), or its id"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(act=list_alarms, limit=20, json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    one = add_action(actions, "list", "list the newest alarms with their messages", list_alarms)
    one.add_argument("--limit", type=LIMIT, default=20, metavar="N", help="at most N (20)")
    one.add_argument("--json", action="store_true", help="print a JSON list")
    one = add_action(actions, "test", "send a test to one recipient, or to all", order_test)
    one.add_argument("recipient", nargs="?", type=NAME, metavar="RECIPIENT", help="who gets it")
    one = add_action(actions, "ack", "say that an alarm was seen: nobody else is told", acknowledge)
    one.add_argument("alarm", nargs="?", type=NAME, metavar="ALARM", help=WHICH)
    one.add_argument("--all", dest="all_alarms", action="store_true", help="all of them")
    one = add_action(actions, "why", "why an alarm came, or an event made none", explain)
    one.add_argument("alarm", type=NAME, metavar="ALARM", help=f"{WHICH}, or that of an event")


def add_action(actions: Any, word: str, text: str, act: Any) -> argparse.ArgumentParser:
    """One action with what all of them take."""
    action: argparse.ArgumentParser = actions.add_parser(word, help=text, description=text)
    action.set_defaults(act=act)
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return action


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


# --- list -----------------------------------------------------------------------------------------


def list_alarms(arguments: argparse.Namespace) -> int:
    """The newest first; 1 where a message waits that its channel did not take."""
    with open_unit(arguments) as (settings, store):
        found = alarms.list_alarms(store, arguments.limit)
        document = alarms.describe_alarms(store, settings)
    if arguments.json:
        show_json(found)
    else:
        sections = [describe_alarm(one, settings) for one in found]
        show([*sections, Section("Waiting", [Line("", document["sentence"])])])
    is_stuck = any(one["attempts"] for one in list_waiting(found))
    return 1 if is_stuck else 0


def list_waiting(found: list[Document]) -> Iterator[Document]:
    for alarm in found:
        yield from (one for one in alarm["deliveries"] if one["state"] in ("waiting", "sending"))


def describe_alarm(alarm: Document, settings: Settings) -> Section:
    """One alarm and its messages."""
    at = format_local(alarm["at"], settings)
    times = format_count(alarm["occurrences"], "occurrence")
    seen = f"; acknowledged by {alarm['acknowledged_by']}" if alarm["acknowledged_by"] else ""
    title = f"{alarm['sequence']}  {at}  {alarm['text']} ({alarm['priority']}, {times}{seen})"
    return Section(title, [describe_delivery(one, settings) for one in alarm["deliveries"]])


def describe_delivery(delivery: Document, settings: Settings) -> Line:
    """One message in one line."""
    name = f"{delivery['recipient']} by {delivery['channel']}"
    if delivery["state"] == "sent":
        return Line(name, f"sent at {format_local(delivery['sent'], settings)}", GOOD)
    text = f"{delivery['state']}: {delivery['reason']}"
    if delivery["not_before"]:
        text += f"; tried at {format_local(delivery['not_before'], settings)} at the earliest"
    return Line(name, text, STYLES[delivery["state"]])


# --- orders ---------------------------------------------------------------------------------------


def order_test(arguments: argparse.Namespace) -> int:
    """A message that says that it is a test."""
    settings = load_unit_settings(arguments)
    name = arguments.recipient
    if not settings.recipient:
        raise SettingsError("the settings have no [recipient.NAME]: there is nobody to tell")
    if name is not None and name not in settings.recipient:
        advice = advise(name, list(settings.recipient))
        raise SettingsError(f"there is no recipient {name!r}; {advice}")
    order(settings, AlarmOrderKind.TEST, recipient=name or "")
    to = name or "all recipients"
    print(f"a test to {to} is ordered: `unitctl alarms list` says what became of it")
    return 0


def acknowledge(arguments: argparse.Namespace) -> int:
    """What waits of it is not sent any more."""
    if arguments.all_alarms is (arguments.alarm is not None):
        raise SettingsError("it needs the number of one alarm, or --all; nothing was changed")
    with open_unit(arguments) as (settings, store):
        alarm_id = require_alarm(store, arguments.alarm).alarm_id if arguments.alarm else ""
    order(settings, AlarmOrderKind.ACKNOWLEDGE, alarm_id=alarm_id)
    what, verb = (f"alarm {arguments.alarm}", "is") if arguments.alarm else ("all alarms", "are")
    with open_unit(arguments) as (settings, store):
        is_taken = wait_until_taken(store, alarm_rows.find_newest_id(store, AlarmOrder) or 0)
    if is_taken:
        print(f"{what} {verb} acknowledged by {find_user_name()}: nobody else is told")
    else:
        print(f"that {what} {verb} acknowledged is stored, but {NOT_TAKEN}")
    return 0 if is_taken else 1


def wait_until_taken(store: Store, order_id: int) -> bool:
    """Whether the service has stored what an order makes of its alarms; it may have to be started
    for it. Raises `StoreError`.
    """
    ends_s = time.monotonic() + TAKEN_S
    while alarm_rows.read_positions(store).get(ORDERS, 0) < order_id:
        if time.monotonic() >= ends_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def order(
    settings: Settings, kind: AlarmOrderKind, *, alarm_id: str = "", recipient: str = ""
) -> None:
    clock = settings.make_clock()
    row = AlarmOrder(clock.stamp(), kind, alarm_id, recipient, find_user_name(), UNITCTL)
    add_order(settings.database, clock, row, make_wake(settings.alarm_socket))


def require_alarm(store: Store, name: str) -> Alarm:
    """Raises `SettingsError`."""
    found = alarm_rows.find_alarm(store, name)
    if found is None:
        raise SettingsError(f"there is no alarm {name!r}: `unitctl alarms list` names them")
    return found


# --- why ------------------------------------------------------------------------------------------


def explain(arguments: argparse.Namespace) -> int:
    """The rule, the messages, and who is next; of an event, which rules it does not meet."""
    with open_unit(arguments) as (settings, store):
        alarm = alarm_rows.find_alarm(store, arguments.alarm)
        if alarm is None:
            sections = explain_event(store, settings, arguments.alarm)
        else:
            sections = explain_alarm(store, settings, alarm)
    show(sections)
    return 0


def explain_alarm(store: Store, settings: Settings, alarm: Alarm) -> list[Section]:
    deliveries = alarm_rows.list_deliveries(store, alarm.alarm_id)
    document = alarms.describe_alarm(alarm, deliveries)
    why = [Line("because", alarm.reason)]
    rule = settings.alarm.get(alarm.rule)
    if rule is not None:
        steps = find_steps(alarm, rule, settings.recipient, deliveries)
        for step in steps:
            at = format_local(encode_time(step.due), settings)
            why.append(Line("next", f"{step.recipient} at {at}: {step.reason}", DIM))
    section = describe_alarm(document, settings)
    return [Section(section.title, [*why, *section.lines])]


def explain_event(store: Store, settings: Settings, event_id: str) -> list[Section]:
    """Raises `SettingsError` where there is no such event either."""
    found = find_event(store, event_id)
    if found is None:
        require_alarm(store, event_id)
        return []
    event = found.event
    occurrence = from_event(event, event.energy_level)
    local = event.stamp.utc.astimezone(get_timezone(settings)).time()
    lines = [
        Line(f"[alarm.{name}]", find_mismatch(rule, occurrence, local) or "holds")
        for name, rule in settings.alarm.items()
    ]
    return [Section(occurrence.text, lines or [Line("", "the settings have no [alarm.NAME]")])]
