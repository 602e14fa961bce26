"""How many commands over MQTT are taken (each is a write to the flash), and what a refusal says.

    gate.take(topic, lambda: store(payload), retained=False)    # the states that hold now

Reads and writes: nothing but what is given to it to do.
Never: takes a retained message for an order: it would be given again at each connection.
"""

from collections import deque
from collections.abc import Callable

from appliance.errors import StoreError
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Messages
from appliance.process.service import Service
from appliance.strict_json import InputError

MOST_IN_A_MINUTE = 30
MINUTE_S = 60.0


class CommandLimit:
    """Of one kind of command."""

    def __init__(self) -> None:
        self._taken_s: deque[float] = deque(maxlen=MOST_IN_A_MINUTE)

    def check(self, now_s: float, *, retained: bool) -> None:
        """Count a command, or refuse it."""
        if retained:
            raise InputError("it is a retained message: publish commands without `retain`")
        is_full = len(self._taken_s) == MOST_IN_A_MINUTE
        if is_full and now_s - self._taken_s[0] < MINUTE_S:
            raise InputError(f"more than {MOST_IN_A_MINUTE} commands came in a minute")
        self._taken_s.append(now_s)

    def forget_last(self) -> None:
        """It was not taken, and comes again."""
        self._taken_s.pop()


class CommandGate:
    """Of one kind of command. `take` may be called in another thread than the rest."""

    def __init__(self, service: Service, refusals: Refusals) -> None:
        self._service, self._refusals = service, refusals
        self._limit = CommandLimit()

    def take(self, topic: str, act: Callable[[], Messages], *, retained: bool) -> Messages:
        """What `act` returns; nothing where it refuses, with the reason in the log. Raises
        `StoreError`: the order may be tried again.
        """
        try:
            self._limit.check(self._service.clock.stamp().uptime_s, retained=retained)
            return act()
        except InputError as error:
            self._refusals.tell(topic, str(error))
            return {}
        except StoreError:
            self._limit.forget_last()
            raise
