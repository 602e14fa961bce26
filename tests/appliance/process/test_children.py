"""Children of one process: pauses after a crash, a watchdog for each, and none stops another."""

import errno
import os
import signal

import pytest

from appliance.process.children import (
    ABORT_S,
    CHECK_EVERY_S,
    FORGOTTEN_S,
    LONGEST_PAUSE_S,
    WATCHDOG_S,
    Children,
    fork,
    take_ends,
)

CRASHED, CLEAN, FAILED = signal.SIGSEGV, 0, 1 << 8  # as `waitpid` gives them


class Bench:
    """Two children on a fake clock: what was forked and sent, and when each last worked."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.forked: list[tuple[str, str]] = []
        self.sent: list[tuple[int, int]] = []
        self.worked_s: dict[str, float | None] = {"gate": None, "yard": None}
        self.children = Children(
            ("gate", "yard"),
            self.fork,
            lambda name, _: self.worked_s[name],
            now_s=lambda: self.now_s,
            send=lambda pid, number: self.sent.append((pid, number)),
        )

    def fork(self, name: str, trouble: str) -> int:
        self.forked.append((name, trouble))
        return len(self.forked)

    def advance(self, seconds: float) -> float:
        self.now_s += seconds
        return self.children.advance()


@pytest.fixture
def bench() -> Bench:
    result = Bench()
    result.children.advance()
    return result


def test_a_child_that_crashed_starts_again_after_a_pause_and_the_others_go_on(
    bench: Bench,
) -> None:
    assert bench.forked == [("gate", ""), ("yard", "")]
    bench.children.note_end(1, CRASHED)
    assert bench.advance(0.5) == pytest.approx(2.0 - 0.5)
    assert len(bench.forked) == 2
    assert "1 of 2 run; gate starts again soon: its process ended by SIGSEGV" in (
        bench.children.describe()
    )
    assert bench.advance(1.5) == CHECK_EVERY_S
    assert bench.forked[2:] == [("gate", "its process ended by SIGSEGV")]
    assert bench.sent == []


def test_a_child_for_which_no_process_is_left_starts_later_and_the_others_go_on() -> None:
    refused = [OSError(errno.EAGAIN, "Resource temporarily unavailable")]
    now_s = 100.0

    def fork_one(name: str, trouble: str) -> int:
        if name == "gate" and refused:
            raise refused.pop()
        return {"gate": 1, "yard": 2}[name]

    children = Children(("gate", "yard"), fork_one, now_s=lambda: now_s)
    assert children.advance() == 2.0
    assert children.pids == [2]
    assert "before it began (Resource temporarily unavailable)" in children.describe()
    now_s += 2.0
    children.advance()
    assert children.pids == [1, 2]


def test_pauses_grow_to_their_limit_and_are_forgotten_after_it_has_worked_for_long(
    bench: Bench,
) -> None:
    pauses_s = []
    for _ in range(10):
        bench.children.note_end(bench.children.pids[0], FAILED)
        pauses_s.append(bench.children.advance())
        while len(bench.children.pids) < 2:
            bench.advance(pauses_s[-1])
    assert pauses_s[:3] == [2, 4, 8]
    assert bench.forked[-1][1] == "its process ended 10 times, the last time with exit code 1"
    bench.advance(LONGEST_PAUSE_S)
    bench.now_s += FORGOTTEN_S
    bench.children.note_end(bench.children.pids[0], FAILED)
    assert bench.children.advance() == 2


def test_one_that_hangs_says_where_is_killed_and_starts_again(bench: Bench) -> None:
    bench.worked_s["gate"] = bench.worked_s["yard"] = bench.now_s
    bench.worked_s["yard"] = bench.now_s + WATCHDOG_S
    assert bench.advance(WATCHDOG_S + 1) == ABORT_S
    assert bench.sent == [(1, signal.SIGABRT)]
    bench.advance(ABORT_S)
    assert bench.sent[1:] == [(1, signal.SIGKILL)]
    bench.children.note_end(1, signal.SIGKILL)
    bench.advance(2.0)
    assert bench.forked[-1] == ("gate", "its process ended after it had not worked for 120 s")


def test_one_of_which_nothing_is_known_is_not_taken_for_one_that_hangs(bench: Bench) -> None:
    bench.advance(10 * WATCHDOG_S)
    assert bench.sent == []


def test_one_that_leaves_without_an_error_is_not_started_again(bench: Bench) -> None:
    bench.children.note_end(1, CLEAN)
    bench.advance(1000)
    assert len(bench.forked) == 2
    assert not bench.children.is_over
    bench.children.note_end(2, CLEAN)
    assert bench.children.is_over


def test_a_real_child_ends_by_its_own_exit_code_and_an_error_is_a_crash() -> None:
    def leave() -> None:
        raise SystemExit(3)

    def fail() -> None:
        raise ValueError

    acts = {"gate": leave, "yard": fail}
    ends: list[int] = []
    children = Children(tuple(acts), lambda name, _: fork(acts[name], lambda: None))
    children.advance()
    for pid in children.pids:
        _, status = os.waitpid(pid, 0)
        ends.append(os.WEXITSTATUS(status))
        children.note_end(pid, status)
    take_ends(children)  # none is left
    assert ends == [3, 1]
    assert "gate starts again soon: its process ended with exit code 3" in children.describe()
