"""The silence that a device needs between a reply and the next request.

Reads: the clock. Writes: nothing.
Never: is shorter where the unit's clock runs fast: lines and devices need real time.

Some devices lose what is asked too soon after a reply, and how soon differs from unit to unit. So
the silence is learned: where a request that follows quickly is lost and its repetition, after a
longer silence, is answered, four times within `RECENT` quick requests, that device's gap becomes
four times as long.

A bad line loses requests as well, and no silence helps it: a gap that is learned by chance would
make each poll long for ever. So a learned gap is tried at half its length after `TRIAL` quick
requests, and where the longest loses as much, it was not the gap: the usual one is used again. Each
trial that fails doubles the time until the next.
"""

from collections import deque
from collections.abc import Callable
from threading import Event

from appliance.clock import Clock

SHORTEST_S, LONGEST_S = 0.02, 0.64  # of a learned gap; the slowest device known needs 0.5 s
QUICK = 2.0  # gaps after a reply within which a request follows quickly
LONGER = 4  # times: each step costs the lost requests that are its evidence
RECENT, ENOUGH = 20, 4  # quick requests that are remembered, and the losses among them
TRIAL, LONGEST_TRIAL = 4000, 64_000  # quick requests; an hour of polls every 3 s, and most of a day


class DeviceGap:
    """The gap of one device, and what became of the last quick requests to it."""

    def __init__(self) -> None:
        self.gap_s = 0.0
        self._suspect = False
        self._too_soon: deque[bool] = deque(maxlen=RECENT)
        self._quick_requests = 0  # since the last change
        self._trial = TRIAL
        self._is_halved = self._is_given_up = False  # what the last change was

    def note(self, *, answered: bool, quick: bool, gap_s: float) -> None:
        """One request; `gap_s` is the silence that was kept before it."""
        if answered and (quick or self._suspect):
            self._too_soon.append(self._suspect)
            self._quick_requests += 1
        self._suspect = quick and not answered
        if sum(self._too_soon) >= ENOUGH:
            self._lengthen(max(gap_s, self.gap_s, SHORTEST_S))
        elif self.gap_s > gap_s and self._quick_requests >= self._trial:
            half_s = self.gap_s / 2
            self._change(half_s if half_s > gap_s else 0.0)
            self._is_halved = True

    def _lengthen(self, now_s: float) -> None:
        if self._is_given_up and self._quick_requests < self._trial:
            return
        if self._is_halved or self._is_given_up:
            self._trial = min(LONGEST_TRIAL, 2 * self._trial)
        is_longest, factor = now_s >= LONGEST_S, 2 if self._is_halved else LONGER
        self._change(0.0 if is_longest else min(LONGEST_S, factor * now_s))
        self._is_given_up = is_longest

    def _change(self, gap_s: float) -> None:
        self.gap_s, self._quick_requests = gap_s, 0
        self._is_halved = self._is_given_up = False
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
