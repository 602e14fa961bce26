"""Whether the broker gives back what the unit says of itself: MQTT 3.1.1 acknowledges also what it
throws away since the login may not write it, and says nothing where it may not read.

    echo.restart()                 # a connection has begun; it subscribes to what it publishes
    echo.note(payload)             # from paho's thread
    echo.is_heard, echo.is_doubtful(), echo.is_due()

Reads: a clock. Writes: nothing; appliance/mqtt/broker.py publishes.
Never: takes silence of a moment for an answer.
"""

from collections.abc import Callable

PATIENCE_S = 30.0


class Echo:
    """Of one topic of the unit's own, that says `said` while it is connected."""

    def __init__(self, said: str, measure_s: Callable[[], float]) -> None:
        self._said, self._measure_s = said.encode(), measure_s
        self._asked_s = self._since_s = measure_s()
        self._is_contradicted = False
        self.is_heard = False

    def restart(self) -> None:
        """There is a new connection, and the unit has said it there."""
        self._asked_s = self._since_s = self._measure_s()
        self.is_heard = self._is_contradicted = False

    def note(self, payload: bytes) -> bool:
        """What the broker gives back; whether it comes only after long. Something else (an old last
        will, another client) must be said against.
        """
        self._is_contradicted = payload != self._said
        is_late = self.is_doubtful()
        self.is_heard = True
        return is_late

    def is_doubtful(self) -> bool:
        """Whether it should have come back long ago."""
        return not self.is_heard and self._measure_s() - self._since_s > PATIENCE_S

    def is_due(self) -> bool:
        """Whether it should be said again, once in `PATIENCE_S` at most; then it counts as said."""
        is_wanted = self._is_contradicted or not self.is_heard
        if not is_wanted or self._measure_s() - self._asked_s <= PATIENCE_S:
            return False
        self._asked_s, self._is_contradicted = self._measure_s(), False
        return True
