"""What the journal says of orders that are not taken: some in a minute, of the others how many.

    refusals.tell(topic, "there is no camera 'shed'")
    refusals.follow()                                    # once a cycle

Reads: the unit's time. Writes: lines of the journal.
Never: one line for each of a thousand messages.
"""

from threading import Lock

from appliance.process.service import Service

MOST_SAID = 10
MINUTE_S = 60.0


class Refusals:
    """Of one unit; may be used in any thread."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = Lock()
        self._begun_s = 0.0
        self._said = self._unsaid = 0

    def tell(self, topic: str, reason: str) -> None:
        """One order was not taken."""
        self.follow()
        with self._lock:
            self._said += 1
            if self._said > MOST_SAID:
                self._unsaid += 1
                return
        self._service.log.warning(f"the command {topic[:200]} was not taken: {reason}")

    def follow(self) -> None:
        """Say how many were passed over in the minute that is over."""
        now_s = self._service.clock.stamp().uptime_s
        with self._lock:
            if now_s - self._begun_s < MINUTE_S:
                return
            unsaid, self._said, self._unsaid, self._begun_s = self._unsaid, 0, 0, now_s
        if unsaid:
            self._service.log.warning(f"{unsaid} more commands were not taken in a minute")
