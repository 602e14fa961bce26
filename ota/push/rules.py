"""Which hint counts, and when a check-in may be started for it. Pure.

    heard = judge(heard, topic, hint, Moment(now, share=random()))    # InputError: it is refused
    wait_s = find_pause_s(tries=1)                                    # 60 s

Reads and writes: nothing.
Never: lets one message make the unit deaf for later ones: a serial from far ahead is refused.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.push.heard import Heard
from ota.push.hint import Hint, make_serial

AHEAD = timedelta(days=1)  # so far the server's clock may be ahead of the unit's
LEAST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """`share`: of the spread that this unit waits, 0 to 1. `is_waiting`: an earlier hint was not
    obeyed yet.
    """

    now: datetime
    share: float
    is_waiting: bool = False


def judge(heard: Heard, topic: str, hint: Hint, moment: Moment) -> Heard | None:
    """What is heard with this hint; None where it is not new. Raises `InputError` where it is
    refused.
    """
    largest = make_serial(moment.now + AHEAD)
    if hint.serial > largest:
        raise InputError(
            say(
                "its serial {serial} is more than a day ahead of the unit's clock",
                serial=hint.serial,
            )
        )
    # One that was taken while this clock was ahead counts no more.
    before = heard.serials.get(topic, 0)
    if hint.serial <= before <= largest:
        return None
    due = moment.now + timedelta(seconds=hint.spread_s * moment.share)
    if moment.is_waiting and heard.due is not None:
        due = min(due, heard.due)
    newest = max(hint.serial, heard.ask if heard.ask <= largest else 0)
    return Heard({**heard.serials, topic: hint.serial}, newest, due)


def keep_only(heard: Heard, topics: Collection[str]) -> Heard:
    """Without the topics that the unit hears no more, such as that of its former group."""
    own = {topic: serial for topic, serial in heard.serials.items() if topic in topics}
    return Heard(own, heard.ask, heard.due)


def find_pause_s(tries: int) -> float:
    """From one start of a check-in to the next one, after that many for one hint."""
    return min(LEAST_PAUSE_S * (1 << max(0, min(tries - 1, 10))), LONGEST_PAUSE_S)
