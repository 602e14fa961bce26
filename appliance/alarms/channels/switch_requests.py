"""An alarm as an action: asks the power service for a siren or a lamp, and reads its answer. Pure.

    row = make_switch_request(delivery_id, channel, now=stamp, reason="person at the gate")
    answer = find_switch_answer(row, orders, now)      # None while there is none

The power service switches, counts the seconds and switches off, also where this service is gone; a
request that it reads too late it leaves.

Reads and writes: nothing; the service stores the row and reads the orders.
Never: asks twice: a siren an hour late is of no use.
"""

from collections.abc import Iterable

from appliance.alarms.channels.requests import SendAnswer
from appliance.model import Stamp
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import SwitchOrder
from appliance.sections.alarms import ChannelSettings
from appliance.wording.sentence import say

WAIT_S = 60.0  # the power service takes what is 30 s old, and a cycle to store its order


def make_switch_request(
    delivery_id: str, channel: ChannelSettings, *, now: Stamp, reason: str
) -> AlarmSwitch:
    """`now`: of this moment, not of the alarm: what has waited is not switched on late unknown."""
    return AlarmSwitch(now, delivery_id, channel.switch, channel.on_s, reason)


def find_switch_answer(
    request: AlarmSwitch, orders: Iterable[SwitchOrder], now: Stamp
) -> SendAnswer | None:
    """What became of it: on, or why not; None while the power service may still answer."""
    own = next((one for one in orders if one.event_id == request.request_id), None)
    if own is not None:
        return SendAnswer(request.request_id, own.runs, refused=not own.runs, text=own.reason)
    waited_s = now.uptime_s - request.stamp.uptime_s
    if now.boot_id == request.stamp.boot_id and 0 <= waited_s < WAIT_S:
        return None
    text = say(
        "[switch.{switch}] was not switched on: the power service has not answered within "
        "{wait_s:g} s; `systemctl status appliance-power`",
        switch=request.switch,
        wait_s=WAIT_S,
    )
    return SendAnswer(request.request_id, sent=False, refused=True, text=text)
