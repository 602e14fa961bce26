"""A test alarm to everybody, and what became of it.

    outcome = send_test(unit, limit_s=120)      # DONE: every message was taken

Reads: alarms and their messages. Writes: an order to the alarm service.
Never: waits without a limit, or shows an address.
"""

from collections.abc import Sequence
from threading import Event

from appliance.commands.alarms import order
from appliance.model import Stamp
from appliance.model_alarms import AlarmDelivery, AlarmKind, AlarmOrderKind, DeliveryState
from appliance.store import alarm_rows
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import join_sentences, say
from provisioning.commissioning.readings import read
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.unit import Unit

LOOK_EVERY_S = 0.5


def send_test(unit: Unit, limit_s: float) -> Outcome:
    """Order it and wait for its messages, in real seconds."""
    clock, never = unit.clock, Event()
    begun = clock.stamp()
    order(unit.settings(), AlarmOrderKind.TEST)
    ends_s = clock.media_s() + limit_s
    while True:
        messages = find_messages(unit, begun)
        waiting = [one for one in messages if one.state is not DeliveryState.SENT]
        if messages and not waiting:
            return tell_sent(messages)
        tried = [one for one in waiting if one.attempts or one.state is DeliveryState.DROPPED]
        if tried or clock.media_s() > ends_s:
            return tell_failed(tried or waiting, limit_s)
        clock.wait_media(LOOK_EVERY_S, never)


def find_messages(unit: Unit, begun: Stamp) -> Sequence[AlarmDelivery]:
    """Those of the newest test since then."""

    def find(store: Store) -> Sequence[AlarmDelivery]:
        recent = alarm_rows.list_recent_alarms(store, 10)
        tests = [one for one in recent if one.kind is AlarmKind.TEST and is_after(one.stamp, begun)]
        return alarm_rows.list_deliveries(store, tests[0].alarm_id) if tests else ()

    return read(unit, find) or ()


def is_after(stamp: Stamp, begun: Stamp) -> bool:
    """Whether it was made since, in this boot."""
    return stamp.boot_id == begun.boot_id and stamp.uptime_s >= begun.uptime_s


def tell_sent(messages: Sequence[AlarmDelivery]) -> Outcome:
    """Each was taken by its channel; whether it was read only its recipient knows."""
    to = ", ".join(sorted(f"{one.recipient} by {one.channel}" for one in messages))
    facts = {
        f"{one.recipient} by {one.channel}": {
            "sent_utc": None if one.sent is None else encode_time(one.sent),
            "size_bytes": one.size_bytes,
        }
        for one in messages
    }
    return Outcome(Status.DONE, say("a test alarm was sent to {to}", to=to), facts=facts)


def tell_failed(waiting: Sequence[AlarmDelivery], limit_s: float) -> Outcome:
    """Why not, in the channel's own words."""
    if not waiting:
        return Outcome(
            Status.BLOCKED,
            say(
                "the alarm service did not take the test within {seconds:.0f} s: look at "
                "`systemctl status appliance-alarm`, then take the step again",
                seconds=limit_s,
            ),
        )
    parts = [
        say(
            "the test to {recipient} by {channel} did not arrive: {why}",
            recipient=one.recipient,
            channel=one.channel,
            why=one.reason,
        )
        for one in waiting
    ]
    return Outcome(Status.BLOCKED, join_sentences("; ", parts))
