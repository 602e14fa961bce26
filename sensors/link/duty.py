"""Whether the link is to be on: always, in windows, or not at all, by the energy level. Pure.

    duty = decide(EnergyLevel.SENTINEL, settings.link, now.utc, is_urgent=False)
    duty.is_on, duty.reason, duty.next_on

Reads and writes: nothing.
Never: on below `windows_from`, for nothing and nobody; or without a known level other than it was.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model import EnergyLevel
from appliance.sections.link import LinkSettings
from appliance.wording.sentence import say

# Minutes after midnight, UTC: a modem has found its network when the check-in begins, at minute 20
# of an hour (systemd/appliance-checkin.timer) and up to 10 minutes later.
BEGINS_S = 17 * 60.0


@dataclass(frozen=True, slots=True)
class Duty:
    """`next_on`: when the next window opens; None where that is not known."""

    is_on: bool
    reason: str
    next_on: datetime | None = None


def decide(
    level: EnergyLevel | None,
    own: LinkSettings,
    now: datetime,
    *,
    is_urgent: bool = False,
    was_on: bool = True,
) -> Duty:
    """`level`: None where no fresh budget is known. `is_urgent`: an alarm waits to be sent."""
    if level is None:
        return Duty(was_on, say("the energy level is not known: the link stays as it is"))
    if level < own.windows_from:
        text = say(
            "off: {level}, windows from {lowest}", level=level.name, lowest=own.windows_from.name
        )
        return Duty(is_on=False, reason=text)
    if level >= own.on_from:
        return Duty(is_on=True, reason=say("on: {level}", level=level.name))
    if is_urgent:
        return Duty(is_on=True, reason=say("on: an alarm waits to be sent"))
    return decide_window(level, own, now)


def decide_window(level: EnergyLevel, own: LinkSettings, now: datetime) -> Duty:
    """By the time of day (UTC): each window begins before the unit's own check-in."""
    every_s, window_s = own.window_every_min * 60, own.window_min * 60
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    into_s = ((now - midnight).total_seconds() - BEGINS_S) % every_s
    figures = {
        "level": level.name,
        "window_min": own.window_min,
        "every_min": own.window_every_min,
    }
    if into_s < window_s:
        text = say("on: {level}, {window_min:g} min of each {every_min:g} min", **figures)
        return Duty(is_on=True, reason=text)
    text = say("off: {level}, on for {window_min:g} min of each {every_min:g} min", **figures)
    return Duty(is_on=False, reason=text, next_on=now + timedelta(seconds=every_s - into_s))
