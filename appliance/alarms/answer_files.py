"""What sending processes have answered, where the service was killed before it stored it.

    files = AnswerFiles(settings.alarm_answers_dir)
    files.own                         # for this service's senders
    answers = files.take_left()       # of processes that have ended; [] where none was left
    files.is_clear                    # no process of a service before this one lives any more

Reads: the files of services before this one. Writes: nothing; deletes what is stored.
Never: takes a file whose processes may still send: they hold a lock on it while they live.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

from appliance.alarms.channels.requests import MOST_BYTES, SendAnswer, parse_answer
from appliance.strict_json import InputError

SUFFIX = ".answers"
MOST_FILE_BYTES = 4_000_000
MOST_KEPT_BYTES = 100_000  # of answers that are stored


class AnswerFiles:
    """One service's. Where the directory cannot be made, nothing is kept."""

    def __init__(self, directory: Path) -> None:
        with suppress(OSError):
            directory.mkdir(mode=0o770, exist_ok=True)
        self.own = directory / f"{secrets.token_hex(8)}{SUFFIX}"
        self._left = [path for path in sorted(directory.glob(f"*{SUFFIX}")) if path != self.own]
        self._taken: list[Path] = []

    @property
    def is_clear(self) -> bool:
        """Whether the answers of all services before are known."""
        return not self._left

    def take_left(self) -> list[SendAnswer]:
        """Answers of processes that have ended; their files go with `forget`."""
        found: list[SendAnswer] = []
        for path in list(self._left):
            answers = read_ended(path)
            if answers is not None:
                found += answers
                self._left.remove(path)
                self._taken.append(path)
        return found

    def forget(self) -> None:
        """All that was taken is stored."""
        while self._taken:
            with suppress(OSError):
                self._taken[-1].unlink()
            self._taken.pop()

    def trim(self) -> None:
        """All answers in the own file are stored: it need not grow for months."""
        with suppress(OSError):
            if self.own.stat().st_size > MOST_KEPT_BYTES:
                os.truncate(self.own, 0)

    def close(self) -> None:
        """All answers are stored: the own file goes, unless a process still sends."""
        if read_ended(self.own) is not None:
            with suppress(OSError):
                self.own.unlink()


def read_ended(path: Path) -> list[SendAnswer] | None:
    """The answers in a file; None while a process that writes it lives."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        data = os.read(handle, MOST_FILE_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return []
    finally:
        os.close(handle)
    return parse_lines(data)


def parse_lines(data: bytes) -> list[SendAnswer]:
    """Those that can be read: the last one may be torn by a power cut."""
    found: list[SendAnswer] = []
    for line in data.splitlines():
        with suppress(InputError):
            if len(line) <= MOST_BYTES:
                found.append(parse_answer(line))
    return found
