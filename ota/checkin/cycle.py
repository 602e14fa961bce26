"""One check-in: asks where it is time to, lets the update take its steps, tells what came of it.

    CheckInCycle(...).run()              # "it is not time to ask for a release yet"

Reads: what the engine reads, the rows of the last check-in. Writes: rows; the rest through the
engine.
Never: goes on waiting for what only time brings: that is for the next check-in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Protocol

from appliance.clock import Clock
from appliance.errors import HostError, StoreError
from appliance.model_updates import UpdateStep
from appliance.process.update_ask import was_asked_since
from appliance.wording.sentence import say
from ota.checkin.idle import is_hurried
from ota.checkin.rate import is_due
from ota.checkin.rows import UpdateRows
from ota.errors import SpaceError, UpdateError
from ota.machine.before import wait_for
from ota.machine.engine import Engine
from ota.machine.orders import Orders, OrdersFile
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.push.heard import HintFiles


class MakeEngine(Protocol):
    """Makes the engine as of now; `asks`: mirrors are asked."""

    def __call__(self, *, asks: bool) -> Engine: ...


class Server(Protocol):
    """A server that says when a release is taken (ota/ddi)."""

    def contact(self, progress: Progress, *, now: bool) -> None: ...

    def tell(self, progress: Progress, wait: Wait) -> bool:
        """Whether it is to be asked once more."""


@dataclass(slots=True)
class CheckInCycle:
    """`make_engine` makes the engine anew; `find_received` says which mirror has answered since,
    and what came, in bytes, as far as that was not noted yet. `now`: it asks in any case.
    `run_dir`: where the page says that somebody wants it to ask. `server`: None where the settings
    name none.
    """

    clock: Clock
    stop: Event
    rows: UpdateRows
    orders: OrdersFile
    unit: str
    hints: HintFiles
    make_engine: MakeEngine
    find_received: Callable[[], tuple[str, int]]
    now: bool = False
    run_dir: Path | None = None
    server: Server | None = None
    engine: Engine = field(init=False)

    def run(self) -> str:
        """One check-in; the sentence of what came of it. Raises `UpdateError`."""
        orders, hint = self.orders.read(), self.hints.find_waiting()
        is_urgent = self._is_urgent(orders)
        asks = is_urgent or self._is_due()
        self.engine = self._make_engine(asks=asks)
        self._obey(orders)
        if not asks and self.engine.progress.step is UpdateStep.IDLE:
            return say("it is not time to ask for a release yet")
        wait = self._run_with_server(asks=asks, is_urgent=is_urgent)
        mirror, received_bytes = self.find_received()
        if asks or received_bytes:
            self.rows.note_check_in(
                self.unit, mirror=mirror, text=wait.reason, received_bytes=received_bytes
            )
        self._end_orders(orders)
        if asks and hint is not None:
            self._end_hint(hint.ask)
        return wait.reason

    def _is_urgent(self, orders: Orders) -> bool:
        """Whether a person, or the fleet, has it ask before its time."""
        is_ordered = self.now or bool(orders.asked_at) or self._was_asked()
        return is_ordered or is_hurried(self.hints, self.rows)

    def _was_asked(self) -> bool:
        """Whether somebody at the page has it ask now."""
        if self.run_dir is None:
            return False
        asked, _ = self.rows.find_times(self.unit)
        return was_asked_since(self.run_dir, asked, self.clock.stamp().utc)

    def _is_due(self) -> bool:
        asked, next_at = self.rows.find_times(self.unit)
        return is_due(next_at=next_at, last=asked, now=self.clock.stamp().utc)

    def _make_engine(self, *, asks: bool) -> Engine:
        try:
            return self.make_engine(asks=asks)
        except OSError as error:
            raise tell_disk(error) from error

    def _run_with_server(self, *, asks: bool, is_urgent: bool) -> Wait:
        if self.server is None:
            return self._run_until_rest()
        if asks:
            self.server.contact(self.engine.progress, now=is_urgent)
        wait = self._run_until_rest()
        if self.server.tell(self.engine.progress, wait):
            self.server.contact(self.engine.progress, now=True)
            wait = self._run_until_rest()
            self.server.tell(self.engine.progress, wait)
        return wait

    def _run_until_rest(self) -> Wait:
        wait = self._run_engine()
        while wait.again_s is not None and not self.clock.wait(wait.again_s, self.stop):
            self.rows.rest(self.engine.progress, wait)
            wait = self._run_engine()
        self.rows.rest(self.engine.progress, wait)
        return wait

    def _run_engine(self) -> Wait:
        """What cannot be done now is told, and done again with the next check-in."""
        try:
            return self.engine.run()
        except UpdateError as error:
            return wait_for(error)
        except (HostError, StoreError) as error:
            return Wait(str(error), "operator")
        except OSError as error:
            return wait_for(tell_disk(error))

    def _obey(self, orders: Orders) -> None:
        """Releases that an operator has tried again."""
        for release in orders.retry:
            if not self.engine.forget_failures(release):
                self.rows.log.warning(
                    say("release {release} has not failed here: nothing to retry", release=release)
                )

    def _end_orders(self, done: Orders) -> None:
        """What was obeyed is done with: only now, so that a cut does not lose it, and only that,
        since a technician may have ordered something else meanwhile.
        """
        orders = self.orders.read()
        retry = tuple(release for release in orders.retry if release not in done.retry)
        asked_at = "" if orders.asked_at == done.asked_at else orders.asked_at
        left = replace(orders, retry=retry, asked_at=asked_at)
        try:
            if left != orders:
                self.orders.write(left)
        except OSError as error:
            self.rows.log.warning(
                say("{disk}; the order is obeyed once more", disk=tell_disk(error))
            )

    def _end_hint(self, serial: int) -> None:
        """The hint that was there before the mirrors were asked: one that came later waits."""
        try:
            self.hints.note_obeyed(serial)
        except OSError as error:
            self.rows.log.warning(
                say("{disk}; the hint is obeyed once more", disk=tell_disk(error))
            )


def tell_disk(error: OSError) -> SpaceError:
    """The error as one that says what to do."""
    return SpaceError(
        say(
            "the directory of updates cannot be read or written ({error}): check the disk, its "
            "free space, and whose the directory is",
            error=error,
        ),
        "disk",
    )
