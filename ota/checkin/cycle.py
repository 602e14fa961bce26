"""One check-in: asks where it is time to, lets the update take its steps, tells what came of it.

Reads: what the engine reads, the rows of the last check-in. Writes: rows; the rest through the
engine.
Never: goes on waiting for what only time brings: that is for the next check-in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Protocol

from appliance.clock import Clock
from appliance.model_updates import UpdateStep
from ota.checkin.rate import is_due
from ota.checkin.rows import UpdateRows
from ota.errors import UpdateError
from ota.machine.engine import Engine
from ota.machine.orders import Orders, OrdersFile
from ota.machine.result import Wait


class MakeEngine(Protocol):
    """Makes the engine as of now; `asks`: mirrors are asked."""

    def __call__(self, *, asks: bool) -> Engine: ...


@dataclass(slots=True)
class CheckInCycle:
    """`make_engine` makes the engine anew; `find_received` what mirrors gave since then, and
    which.
    """

    clock: Clock
    stop: Event
    rows: UpdateRows
    orders: OrdersFile
    unit: str
    make_engine: MakeEngine
    find_received: Callable[[], tuple[str, int]]
    now: bool = False
    engine: Engine = field(init=False)

    def run(self) -> str:
        """One check-in; the sentence of what came of it. Raises `UpdateError`, `OSError`."""
        asks = self._must_ask()
        self.engine = self.make_engine(asks=asks)
        self._obey(self.orders.read())
        if not asks and self.engine.progress.step is UpdateStep.IDLE:
            return "it is not time to ask for a release yet"
        wait = self._run_engine()
        while wait.again_s is not None and not self.clock.wait(wait.again_s, self.stop):
            self.rows.rest(self.engine.progress, wait)
            wait = self._run_engine()
        self.rows.rest(self.engine.progress, wait)
        if asks:
            mirror, received = self.find_received()
            self.rows.note_check_in(
                self.unit, mirror=mirror, text=wait.reason, received_bytes=received
            )
        return wait.reason

    def _run_engine(self) -> Wait:
        try:
            return self.engine.run()
        except UpdateError as error:
            return Wait(str(error), error.reason_code)

    def _must_ask(self) -> bool:
        asked, next_at = self.rows.find_times()
        if self.now or self.orders.read().ask:
            return True
        return is_due(next_at=next_at, last=asked, now=self.clock.stamp().utc)

    def _obey(self, orders: Orders) -> None:
        """Releases that an operator has tried again; the order is done with."""
        for release in orders.retry:
            self.engine.forget_failures(release)
        if orders.retry or orders.ask:
            self.orders.write(replace(orders, retry=(), ask=False))
