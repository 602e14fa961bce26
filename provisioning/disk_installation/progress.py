"""Progress on standard error: share, bytes, rate, time left. One line that is drawn again on a
terminal; elsewhere a line for each tenth.

Reads: the clock that is passed in. Writes: a stream.
Never: divides by a time that has not passed.
"""

from collections.abc import Callable
from typing import TextIO

from provisioning.disk_installation.table import MIB

REDRAW_S = 0.5


class Progress:
    """`clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float], stream: TextIO) -> None:
        self._clock, self._stream = clock, stream
        self._what, self._begun_s, self._drawn_s, self._tenth = "", 0.0, 0.0, -1

    def begin(self, what: str) -> None:
        self._what, self._begun_s, self._drawn_s, self._tenth = what, self._clock(), 0.0, -1

    def show(self, done_bytes: int, total_bytes: int) -> None:
        """Now and then."""
        now_s, tenth = self._clock(), 10 * done_bytes // max(1, total_bytes)
        if self._stream.isatty():
            if now_s - self._drawn_s >= REDRAW_S or done_bytes >= total_bytes:
                self._drawn_s = now_s
                self._stream.write(f"\r{self._format(done_bytes, total_bytes, now_s)}\033[K")
        elif tenth > self._tenth:
            self._stream.write(f"{self._format(done_bytes, total_bytes, now_s)}\n")
        self._tenth = tenth
        self._stream.flush()

    def end(self) -> None:
        if self._stream.isatty():
            self._stream.write("\n")

    def _format(self, done_bytes: int, total_bytes: int, now_s: float) -> str:
        passed_s = now_s - self._begun_s
        text = f"{self._what}: {100 * done_bytes // max(1, total_bytes)} %"
        text += f", {done_bytes // MIB} of {total_bytes // MIB} MiB"
        if passed_s < 1 or not done_bytes:
            return text
        rate = done_bytes / passed_s
        left_s = max(0, total_bytes - done_bytes) / rate
        return f"{text}, {rate / MIB:.1f} MiB/s, {format_span(left_s)} left"


def format_span(span_s: float) -> str:
    return f"{span_s:.0f} s" if span_s < 100 else f"{span_s / 60:.0f} min"
