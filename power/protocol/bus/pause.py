"""The silence that a device needs between a reply and the next request.

Reads: the clock. Writes: nothing.
Never: is shorter where the unit's clock runs fast: lines and devices need real time.
"""

from threading import Event

from appliance.clock import Clock


class Pause:
    """The silence after a reply, in real time however fast the unit's clock runs."""

    def __init__(self, clock: Clock, gap_s: float) -> None:
        self._clock = clock
        self._never = Event()
        self._free_at_s = clock.media_s()
        self.gap_s = gap_s

    def wait(self) -> None:
        """Wait until the silence is over."""
        self._clock.wait_media(self._free_at_s - self._clock.media_s(), self._never)

    def restart(self) -> None:
        """Begin a new silence: a reply, or the wait for one, has ended."""
        self._free_at_s = self._clock.media_s() + self.gap_s
