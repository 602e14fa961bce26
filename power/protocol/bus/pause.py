"""The silence that a device needs between a reply and the next request.

Reads: the clock. Writes: nothing.
Never: is shorter where the unit's clock runs fast: lines and devices need real time.

Some devices lose what is asked too soon after a reply, and how soon differs from unit to unit. So
the silence is learned: where a request that follows quickly is lost and its repetition, after a
longer silence, is answered, twice within `RECENT` quick requests, that device's gap is doubled.
"""

from collections import deque
from collections.abc import Callable
from threading import Event

from appliance.clock import Clock

SHORTEST_S, LONGEST_S = 0.02, 0.64  # of a learned gap; the slowest device known needs 0.5 s
QUICK = 2.0  # gaps after a reply within which a request follows quickly
RECENT, ENOUGH = 20, 2  # quick requests that are remembered, and the losses among them


class DeviceGap:
    """The gap of one device, and what became of the last quick requests to it."""

    def __init__(self) -> None:
        self.gap_s = 0.0
        self._suspect = False
        self._too_soon: deque[bool] = deque(maxlen=RECENT)

    def note(self, *, answered: bool, quick: bool, gap_s: float) -> None:
        """One request; `gap_s` is the silence that was kept before it."""
        if answered and (quick or self._suspect):
            self._too_soon.append(self._suspect)
        self._suspect = quick and not answered
        if sum(self._too_soon) >= ENOUGH:
            self.gap_s = min(LONGEST_S, 2 * max(gap_s, self.gap_s, SHORTEST_S))
            self._too_soon.clear()


class Pause:
    """The silence after a reply, in real time however fast the unit's clock runs."""

    def __init__(self, clock: Clock, gap_s: float) -> None:
        self._clock = clock
        self._never = Event()
        self._ended_s = clock.media_s() - gap_s
        self._quiet_s = 0.0
        self._gaps: dict[int, DeviceGap] = {}
        self._after_reply = False
        self._quick = False
        self.gap_s = gap_s
        self.on_end: Callable[[], None] = lambda: (
            None
        )  # called after each exchange, also a lost one

    def get_gap_s(self, device: int = 0) -> float:
        """The silence before a request to that device."""
        known = self._gaps.get(device)
        return max(self.gap_s, known.gap_s if known else 0.0)

    def wait(self, device: int = 0) -> None:
        """Wait until the silence is over."""
        free_at_s = self._ended_s + max(self.get_gap_s(device), self._quiet_s)
        self._clock.wait_media(free_at_s - self._clock.media_s(), self._never)
        since_s = self._clock.media_s() - self._ended_s
        self._quick = self._after_reply and since_s <= max(QUICK * self.get_gap_s(device), 0.1)

    def restart(self, device: int = 0, *, answered: bool, quiet_s: float = 0.0) -> float | None:
        """Begin a new silence: a reply, or the wait for one, has ended. `quiet_s`: a longer one,
        for a reply that may come late. Returns the gap of a quick request that was lost.
        """
        gap_s, quick = self.get_gap_s(device), self._quick
        gap = self._gaps.setdefault(device, DeviceGap())
        gap.note(answered=answered, quick=quick, gap_s=self.gap_s)
        self._ended_s, self._quiet_s = self._clock.media_s(), quiet_s
        self._after_reply = answered
        self.on_end()
        return gap_s if quick and not answered else None
