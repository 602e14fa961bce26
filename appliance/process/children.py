"""Processes forked from one that has imported everything already: started, watched, started again.

    children = Children(("gate", "yard"), fork_one, worked_s=find_worked_s)
    supervise(children, Notifier())           # until PID 1 stops this process

What PID 1 does for a service of its own unit, for several of one kind that share their memory: each
has its pauses after a crash, its watchdog and its own end, and none of them stops another.

Reads: how its children end; when each last worked. Writes: signals to them, the notify socket.
Never: starts a child that ended by itself without an error, or one again before its pause is over.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from appliance.process.notify import Notifier
from appliance.wording.sentence import join_sentences, say

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0  # RestartSec=, RestartMaxDelaySec= of the units
FORGOTTEN_S = 600.0  # who has worked for so long starts with the first pause again
WATCHDOG_S = 120.0  # WatchdogSec= of the units
ABORT_S = 5.0  # for the trace of where it hung; then it is killed
CHECK_EVERY_S = 30.0
STOP_S = 8.0  # TimeoutStopSec= of the unit is 10
STOPPING = (signal.SIGTERM, signal.SIGINT)
HEARD = frozenset((*STOPPING, signal.SIGCHLD))
Fork = Callable[[str, str], int]  # name, what ended it before ("" at first) -> pid


@dataclass(slots=True)
class Child:
    """One child. `pid` 0: it does not run; `due_s` None: nor will it again."""

    name: str
    pid: int = 0
    started_s: float = 0.0
    aborted_s: float | None = None
    due_s: float | None = 0.0
    pause_s: float = FIRST_PAUSE_S
    ends: int = 0
    why: str = ""


class Children:
    """All children of this process. `worked_s(name, pid)`: when it last worked, by
    CLOCK_MONOTONIC, None where that is not known. For one thread, which must be the only one.
    """

    def __init__(
        self,
        names: Sequence[str],
        fork: Fork,
        worked_s: Callable[[str, int], float | None] = lambda _name, _pid: None,
        *,
        now_s: Callable[[], float] = time.monotonic,
        send: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._children = [Child(name) for name in names]
        self._fork, self._worked_s = fork, worked_s
        self._now_s, self._send = now_s, send

    @property
    def is_over(self) -> bool:
        """Whether none runs and none will be started again."""
        return all(one.pid == 0 and one.due_s is None for one in self._children)

    @property
    def pids(self) -> list[int]:
        return [one.pid for one in self._children if one.pid]

    def advance(self) -> float:
        """Start who is due, end who hangs; returns in how many seconds that may be needed again."""
        now_s = self._now_s()
        for child in self._children:
            if child.pid:
                self._check(child, now_s)
            elif child.due_s is not None and child.due_s <= now_s:
                self._start(child, now_s)
        waits = [one.due_s - now_s for one in self._children if one.due_s is not None]
        waits += [ABORT_S for one in self._children if one.aborted_s is not None]
        return min([CHECK_EVERY_S, *waits])

    def note_end(self, pid: int, status: int) -> None:
        """A child has ended, with a status as `waitpid` gives it."""
        now_s = self._now_s()
        for child in (one for one in self._children if one.pid == pid):
            child.pid = 0
            if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
                continue
            if now_s - child.started_s >= FORGOTTEN_S:
                child.pause_s = FIRST_PAUSE_S
            self._pause(child, now_s, describe_end(status, hung=child.aborted_s is not None))

    def stop(self) -> None:
        """Ask all of them to end; none is started any more."""
        for child in self._children:
            child.due_s = None
        self._signal_all(signal.SIGTERM)

    def kill(self) -> None:
        self._signal_all(signal.SIGKILL)

    def describe(self) -> str:
        """One sentence: how many run, who does not and why."""
        waits = [
            say("{name} starts again soon: {tell}", name=one.name, tell=self._tell(one))
            for one in self._children
            if one.due_s is not None and one.ends
        ]
        return join_sentences(
            "; ",
            [
                say(
                    "{running} of {all} run",
                    running=len(self.pids),
                    all=len(self._children),
                ),
                *waits,
            ],
        )

    def _tell(self, child: Child) -> str:
        if not child.ends:
            return ""
        times = "" if child.ends == 1 else say(" {ends} times, the last time", ends=child.ends)
        return say("its process ended{times} {why}", times=times, why=child.why)

    def _start(self, child: Child, now_s: float) -> None:
        """Start it; where there is no memory or no process left for it, later."""
        child.started_s, child.aborted_s, child.due_s = now_s, None, None
        try:
            child.pid = self._fork(child.name, self._tell(child))
        except OSError as error:
            self._pause(child, now_s, say("before it began ({cause})", cause=error.strerror))

    def _pause(self, child: Child, now_s: float, why: str) -> None:
        child.why = why
        child.ends += 1
        child.due_s = now_s + child.pause_s
        child.pause_s = min(2 * child.pause_s, LONGEST_PAUSE_S)

    def _check(self, child: Child, now_s: float) -> None:
        """The watchdog of one child."""
        if child.aborted_s is not None:
            if now_s - child.aborted_s >= ABORT_S:
                self._signal(child.pid, signal.SIGKILL)
            return
        worked_s = self._worked_s(child.name, child.pid)
        if worked_s is not None and now_s - max(worked_s, child.started_s) > WATCHDOG_S:
            child.aborted_s = now_s
            self._signal(child.pid, signal.SIGABRT)

    def _signal_all(self, number: int) -> None:
        for pid in self.pids:
            self._signal(pid, number)

    def _signal(self, pid: int, number: int) -> None:
        with suppress(ProcessLookupError):
            self._send(pid, number)


def describe_end(status: int, *, hung: bool) -> str:
    """How a process ended, in words."""
    if hung:
        return say("after it had not worked for {watchdog_s:.0f} s", watchdog_s=WATCHDOG_S)
    if os.WIFSIGNALED(status):
        return say("by {signal}", signal=signal.Signals(os.WTERMSIG(status)).name)
    return say("with exit code {code}", code=os.WEXITSTATUS(status))


def fork(act: Callable[[], object], end: Callable[[], object]) -> int:
    """A child that does `act`, then `end`, and ends by the exit code of `act`; returns its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if os.getppid() == parent:  # who is gone can neither watch nor end it
            act()
            code = 0
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except BaseException:  # noqa: BLE001  (the child must not return into the caller)
        code = 1
        traceback.print_exc()
    finally:
        end()
        os._exit(code)


def supervise(children: Children, notifier: Notifier) -> None:
    """Keep them running until this process is to stop, or none is left."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    stops = False
    while not stops and not children.is_over:
        wait_s = children.advance()
        notifier.notify_ready()
        notifier.notify_alive()
        notifier.set_status(children.describe())
        heard = signal.sigtimedwait(HEARD, max(wait_s, 0.0))
        stops = heard is not None and heard.si_signo in STOPPING
        take_ends(children)
    notifier.notify_stopping()
    end_all(children)


def take_ends(children: Children) -> None:
    """Note all children that have ended."""
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            children.note_end(pid, status)


def end_all(children: Children) -> None:
    """Stop them, and kill who does not end in time."""
    children.stop()
    ends_s = time.monotonic() + STOP_S
    while children.pids and (left_s := ends_s - time.monotonic()) > 0:
        signal.sigtimedwait(frozenset((signal.SIGCHLD,)), left_s)
        take_ends(children)
    children.kill()
    take_ends(children)
