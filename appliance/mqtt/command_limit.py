"""How many commands over MQTT are taken: each is a write to the flash.

    limit.check(now_s, retained=False)      # raises `InputError`

Reads and writes: nothing.
Never: takes a retained message for an order: it would be given again at each connection.
"""

from collections import deque

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
