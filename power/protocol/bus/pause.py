"""The silence that a device needs between a reply and the next request.

Reads: the clock. Writes: nothing.
Never: shorter in fast time: wires and devices live in real time.
"""

from threading import Event

from appliance.clock import Clock


class Pause:
    """The silence between a reply and the next request, in real time however fast the unit's
    clock runs.
    """

    def __init__(self, clock: Clock, gap_s: float) -> None:
        self._clock = clock
        self._never = Event()
        self._free_at_s = clock.media_s()
        self.gap_s = gap_s

    def keep(self) -> None:
        """Wait for the rest of it."""
        self._clock.wait_media(self._free_at_s - self._clock.media_s(), self._never)

    def begin(self) -> None:
        """A reply, or the wait for one, is over."""
        self._free_at_s = self._clock.media_s() + self.gap_s
