"""When a recipient may get a message: quiet hours, and how much there may be in 24 hours. Pure.

    verdict = judge(recipient, request, sent, local_time)   # "" or why the message waits

Reads and writes: nothing.
Never: holds back what is `urgent`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.model_alarms import AlarmPriority
from appliance.parsing.times import find_next, is_within, parse_hours
from appliance.sections.alarms import RecipientSettings
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

DAY = timedelta(days=1)
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What a recipient has got: when, and how large it was."""

    at: datetime
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a message waits, and until when at least."""

    reason: str
    until: datetime


def find_wait(
    recipient: RecipientSettings,
    priority: AlarmPriority,
    sent: Sequence[SentMessage],
    now: datetime,
    local_now: datetime,
) -> Wait | None:
    """`sent`: the messages of the last 24 hours. `local_now`: the same moment at the site."""
    if priority is AlarmPriority.URGENT:
        return None
    return find_quiet(recipient, local_now, now) or find_limit(recipient, sent, now)


def find_quiet(recipient: RecipientSettings, local_now: datetime, now: datetime) -> Wait | None:
    """Quiet hours, until they end."""
    quiet = parse_hours(recipient.quiet)
    if quiet is None or not is_within(quiet, local_now.time()):
        return None
    ends = find_next(quiet[1], now, local_now.tzinfo or UTC)
    return Wait(say("quiet hours {quiet}", quiet=recipient.quiet), ends)


def find_limit(
    recipient: RecipientSettings, sent: Sequence[SentMessage], now: datetime
) -> Wait | None:
    """Too many messages or too large ones; until the oldest of them is a day old."""
    recent = [one for one in sent if now - DAY < one.at <= now]
    if not recent:
        return None
    until = min(one.at for one in recent) + DAY
    if len(recent) >= recipient.messages_a_day:
        return Wait(
            say(
                "the limit of {messages} a day",
                messages=format_count(recipient.messages_a_day, "message"),
            ),
            until,
        )
    if sum(one.size_bytes for one in recent) >= recipient.megabytes_a_day * MEGABYTE:
        return Wait(
            say(
                "the limit of {megabytes_a_day:g} MB a day",
                megabytes_a_day=recipient.megabytes_a_day,
            ),
            until,
        )
    return None
