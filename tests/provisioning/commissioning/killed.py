"""Kills a process at its n-th write: what a power cut leaves, at every point that there is.

writes = count_writes(act)              # in a process of its own
run_killed(act, at=7)                   # kill -9 just before the seventh
"""

import os
import signal
import sys
from collections.abc import Callable

NAMES = ("os.rename", "os.remove", "os.mkdir", "os.truncate", "os.link", "os.chmod")
NO_KILL = 0


def count_writes(act: Callable[[], object]) -> int:
    """How many a whole run makes."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(run_child(act, at=NO_KILL, report=write))
    os.close(write)
    with open(read, "rb") as pipe:
        found = pipe.read()
    assert os.waitpid(pid, 0)[1] == 0
    return int(found)


def run_killed(act: Callable[[], object], at: int) -> bool:
    """Whether it was killed; False: it ended before."""
    pid = os.fork()
    if pid == 0:
        os._exit(run_child(act, at=at, report=None))
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def run_child(act: Callable[[], object], *, at: int, report: int | None) -> int:
    """What the new process does; its exit code."""
    count = 0

    def look(event: str, words: tuple[object, ...]) -> None:
        nonlocal count
        if event in NAMES or (event == "open" and is_write(words)):
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)
    try:
        act()
    except BaseException as error:  # noqa: BLE001  (a test's process must not go on as pytest)
        print(f"the walk ended with {error!r}", file=sys.stderr)
        return 1
    if report is not None:
        os.write(report, str(count).encode())
    return 0


def is_write(words: tuple[object, ...]) -> bool:
    flags = words[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
