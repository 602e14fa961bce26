"""The page behind the link in an alarm: "I have seen it".

Reads: alarms, the key that links are signed with. Writes: an `AlarmOrder` row, when the button is
pressed.
Never: acknowledges because the link was opened (programs that check mail open every link), or tells
who has no valid link whether there is such an alarm.

The signed link is the login: it is of one alarm and one recipient, and can do nothing else.
"""

from collections.abc import Callable

from flask import Flask, make_response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.alarms.reply_links import PLACE, check_token, read_key
from appliance.clock import Clock
from appliance.model_alarms import Alarm, AlarmOrder, AlarmOrderKind
from appliance.process.alarm_wake import make_wake
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.alarm_orders import add_order
from appliance.web.reader import StoreReader
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time

UNKNOWN = say("this link is of no alarm of this unit, or the unit's key is another one by now")
LONGEST = 100  # characters of an id and of a token
MOST_ORDERS = 5  # of one alarm: whoever has the link can press the button for ever
FORM = "%A %d %B %H:%M"
# One button, that sends to this address; everything else as on the page.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def add_alarm_replies(
    app: Flask, settings: Settings, clock: Clock, reader: StoreReader, static: str
) -> None:
    """`/alarm/ALARM/TOKEN`: GET shows it, POST acknowledges it."""
    address = f"/{PLACE}/<alarm_id>/<token>"

    @app.get(address)
    def show(alarm_id: str, token: str) -> ResponseReturnValue:
        alarm, recipient = find(settings, reader, alarm_id, token)
        return render(alarm, alarm.acknowledged_by, recipient)

    @app.post(address)
    def acknowledge(alarm_id: str, token: str) -> ResponseReturnValue:
        alarm, recipient = find(settings, reader, alarm_id, token)
        if alarm.acknowledged_by:
            return render(alarm, alarm.acknowledged_by, recipient)
        count = reader.ask(lambda store: alarm_rows.count_acknowledgements(store, alarm_id))
        if count < MOST_ORDERS:
            kind = AlarmOrderKind.ACKNOWLEDGE
            order = AlarmOrder(clock.stamp(), kind, alarm_id, "", recipient, "link")
            add_order(settings.database, clock, order, make_wake(settings.alarm_socket))
        return render(alarm, "", recipient, is_ordered=True)

    render = make_renderer(settings, static)


def find(settings: Settings, reader: StoreReader, alarm_id: str, token: str) -> tuple[Alarm, str]:
    """The alarm and whose link it is; 404 where the link is not valid."""
    key = read_key(settings.alarm_key_file)
    recipient = None
    if key is not None and max(len(alarm_id), len(token)) <= LONGEST:
        recipient = check_token(alarm_id, token, settings.recipient, key)
    if recipient is None:
        raise NotFound(UNKNOWN)
    alarm = reader.ask(lambda store: alarm_rows.find_alarm(store, alarm_id))
    if alarm is None:
        raise NotFound(UNKNOWN)
    return alarm, recipient


def make_renderer(settings: Settings, static: str) -> Callable[..., ResponseReturnValue]:
    """The page of one alarm; `by`: who has acknowledged it, "" while nobody has; `is_ordered`: the
    service has not taken it yet.
    """

    def render(
        alarm: Alarm, by: str, recipient: str, *, is_ordered: bool = False
    ) -> ResponseReturnValue:
        text = render_template(
            "alarm.html",
            settings=settings,
            static=static,
            alarm=alarm,
            at=format_site_time(alarm.stamp.utc, settings.site.timezone, FORM),
            by=by,
            recipient=recipient,
            is_ordered=is_ordered,
        )
        answer = make_response(text)
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return render
