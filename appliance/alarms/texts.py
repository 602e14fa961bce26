"""What a person reads: a title, and a text with time, battery, links and why it came. Pure.

    message = build_message(alarm, delivery, facts)

Reads and writes: nothing.
Never: tells a time without its day where that is not today, or a repetition as something new.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from appliance.alarms.bundles import describe_more
from appliance.alarms.deliveries import is_repeated
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind
from appliance.wording.counts import format_count
from appliance.wording.shorten import make_printable, shorten
from appliance.wording.site_time import format_site_time

MOST_TITLE = 120  # characters; what a telephone shows of a notification
LATE = timedelta(minutes=10)
LONGEST = timedelta(days=366)  # `queue_days` is a year at most
REPEATED = "it was sent once, and nobody has said that it came"
FORM = "%a %d %b %H:%M"


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in a message beside the alarm. `lasts`: how long the unit can go on, in words; ""
    where that is not known. `page`: of the unit, `reply`: where this message is acknowledged; ""
    leaves them out. `now`: as the site has it.
    """

    unit: str
    timezone: str
    now: datetime
    lasts: str = ""
    page: str = ""
    reply: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """As it is given to a channel."""

    title: str
    body: str


def build_message(alarm: Alarm, delivery: AlarmDelivery, facts: Facts) -> Message:
    """One message to one recipient. A fault or a damaged row may have lines in its text, which no
    mail has in its subject.
    """
    alarm = replace(alarm, text=make_printable(" ".join(alarm.text.split())))
    return Message(
        title=shorten(f"{facts.unit}: {find_first_part(alarm.text)}", MOST_TITLE),
        body="\n".join(line for line in list_lines(alarm, delivery, facts) if line),
    )


def list_lines(alarm: Alarm, delivery: AlarmDelivery, facts: Facts) -> list[str]:
    """Those that say nothing are empty."""
    at = format_site_time(alarm.stamp.utc, facts.timezone, FORM)
    return [
        f"{capitalize(alarm.text)}.",
        f"{at} ({facts.timezone}), {facts.unit}",
        f"{describe_more(alarm, 1)}." if alarm.occurrences > 1 else "",
        describe_lateness(delivery, facts),
        f"You may have this already: {REPEATED}." if is_repeated(delivery) else "",
        f"You get it since {facts.why}." if facts.why else "",
        f"The unit: {facts.lasts}" if facts.lasts else "",
        f"Look: {facts.page}/{format_place(alarm)}" if facts.page else "",
        f"I have seen it: {facts.reply}" if facts.reply else "",
        f"Alarm {alarm.sequence} by [alarm.{alarm.rule}]." if has_rule(alarm) else "",
    ]


def find_first_part(text: str) -> str:
    """What has happened; what to do about it stands behind a semicolon, and in the body."""
    return text.partition("; ")[0]


def has_rule(alarm: Alarm) -> bool:
    return alarm.kind not in (AlarmKind.HEARTBEAT, AlarmKind.TEST)


def format_place(alarm: Alarm) -> str:
    """The event on the page; the page itself where it is none."""
    return f"events/{quote(alarm.event_id, safe='')}" if alarm.event_id else ""


def capitalize(text: str) -> str:
    """A sentence's first letter."""
    return text[:1].upper() + text[1:].removesuffix(".")


def describe_lateness(delivery: AlarmDelivery, facts: Facts) -> str:
    """How long it was on its way, where that matters."""
    late = facts.now - delivery.stamp.utc
    if late < LATE:
        return ""
    if late > LONGEST:
        return "Its time is not sure: the unit's clock was set since."
    hours = late / timedelta(hours=1)
    if hours < 2:
        return f"It comes {format_count(round(hours * 60), 'minute')} late."
    return f"It comes {format_count(round(hours), 'hour')} late."
