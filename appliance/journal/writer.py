"""Writes log lines in a thread of its own: whoever logs never waits for a journal that does not
read, or for a full pipe.

    writer = LogWriter()
    writer.submit(write_stderr, "the charger is silent")
    writer.flush(2.0)

Reads and writes: standard error; else what its lines' functions do.
Never: holds a lock while it writes, or keeps more than `MOST_LINES` lines: later ones are lost,
counted, and their count is written when lines go out again.
"""

import io
import os
from collections.abc import Callable
from queue import Full, Queue
from threading import Lock, Thread

MOST_LINES = 1000  # 2 MB at their longest
STDERR = 2
Write = Callable[[str], object]


class LogWriter:
    """One queue and one thread; `submit` returns at once."""

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._lines: Queue[tuple[Write, str]] = Queue(most_lines)
        self._lost = 0
        Thread(target=self._run, name="log", daemon=True).start()

    def submit(self, write: Write, text: str) -> None:
        """Have `write(text)` called; without room the line is lost."""
        try:
            self._lines.put_nowait((write, text))
        except Full:
            self._lost += 1

    def flush(self, limit_s: float) -> bool:
        """Wait real seconds until all lines are written; whether they are."""
        with self._lines.all_tasks_done:
            return self._lines.all_tasks_done.wait_for(
                lambda: not self._lines.unfinished_tasks, limit_s
            )

    def _run(self) -> None:
        while True:
            write, text = self._lines.get()
            try:
                write(text)
                self._report_lost(write)
            except (OSError, ValueError):  # nobody reads any more, or the stream is closed
                self._lost += 1
            finally:
                self._lines.task_done()

    def _report_lost(self, write: Write) -> None:
        lost, self._lost = self._lost, 0
        if lost:
            write(f"log lines were lost because they were not read in time lines={lost}")


class QueuedStream(io.TextIOBase):
    """In place of `sys.stderr`: what is printed, tracebacks too, goes out line by line."""

    def __init__(self, submit: Write) -> None:
        super().__init__()
        self._submit = submit
        self._part = ""
        self._lock = Lock()

    def write(self, text: str, /) -> int:
        with self._lock:
            *lines, self._part = (self._part + text).split("\n")
        for line in lines:
            self._submit(line)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return STDERR


def write_stderr(text: str) -> None:
    """Write one line; waits while nobody reads. Not by `sys.stderr`: its lock would be held."""
    rest = memoryview(f"{text}\n".encode(errors="backslashreplace"))
    while rest:
        rest = rest[os.write(STDERR, rest) :]
