"""Calls that may hang, such as to a disk: one at a time, in a thread of its own, with a limit.

Reads and writes: what its calls do.
Never: begins another call while one hangs: threads would pile up, and an old write could end last.
"""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from appliance.wording.sentence import say

LIMIT_S = 3.0  # real seconds: a weak battery does not wait for a disk that hangs
T = TypeVar("T")


class BoundedCalls:
    """`run(act)` gives what `act` gives, or raises `TimeoutError` after `limit_s` real seconds, and
    at once while an earlier call still hangs.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._worker: Thread | None = None

    def run(self, act: Callable[[], T]) -> T:
        if self._worker is not None and self._worker.is_alive():
            raise TimeoutError(say("an earlier call still hangs"))
        done: list[T] = []
        failed: list[Exception] = []

        def work() -> None:
            try:
                done.append(act())
            except Exception as error:  # noqa: BLE001  (raised again in the caller's thread)
                failed.append(error)

        self._worker = Thread(target=work, daemon=True)
        self._worker.start()
        self._worker.join(self._limit_s)
        if failed:
            raise failed[0]
        if not done:
            raise TimeoutError(say("no answer within {limit_s:g} s", limit_s=self._limit_s))
        return done[0]
