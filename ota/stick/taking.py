"""One order of the page, from the stick that is looked for to the end of the check-in.

    Taking(run_dir, clock, host, drives, mounts, stop).run()

Reads: the order, sticks. Writes: what becomes of it; orders to PID 1.
Never: reads a release: the updater does, in its own sandbox, and trusts a stick no more than a
mirror. Never leaves a stick mounted.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.log import SentenceLog
from appliance.process.host import Host, Job
from appliance.process.stick_order import (
    ENDED,
    LOOKS,
    TAKES,
    StickOrder,
    StickProgress,
    drop_order,
    take_order,
    write_progress,
)
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.stick.drives import Drives
from ota.stick.errors import StickError
from ota.stick.finding import find_stick
from ota.stick.mounting import Mounts

UNIT = "appliance-checkin.service"
LOOK_S, SAY_EVERY = 0.5, 10  # of the unit's time; how many looks between two signs of life
PATIENCE_S = 60.0  # for a check-in that runs already
AT_WORK = ("active", "activating", "deactivating", "reloading")
LOOKING = say("looks for a stick with releases")
TAKING = say("the updater takes what is on the stick: leave it in")
ENDED_WELL = say("the updater has ended; the stick may be pulled out")
ENDED_BADLY = say(
    "the check-in ended with a fault: `journalctl -u appliance-checkin` says which; the stick may "
    "be pulled out"
)
STOPPED = say("it was stopped before its end; the stick may be pulled out: press again later")
BUSY = say(
    "a check-in runs already, and may take long over a slow link: press again when it has ended"
)


@dataclass(slots=True)
class Taking:
    """`find_state`: PID 1's word for the state of the check-in's service."""

    run_dir: Path
    clock: Clock
    host: Host
    drives: Drives
    mounts: Mounts
    stop: Event
    log: SentenceLog
    find_state: Callable[[], str]
    progress: StickProgress = field(init=False)

    def run(self) -> None:
        """The order that waits, if there is one."""
        try:
            order = take_order(self.run_dir, self.clock)
        except (InputError, OSError) as error:
            self.log.warning(f"an order to take a stick is not obeyed: {error}")
            return
        if order is not None:
            self.obey(order)

    def obey(self, order: StickOrder) -> None:
        """From its beginning to its end."""
        now = self.clock.stamp()
        self.progress = StickProgress(order.id, order.who, LOOKS, LOOKING, now, now)
        self.tell()
        said: str = STOPPED
        ok = False
        try:
            said, ok = self.take()
        except ApplianceError as error:
            said, ok = error.args[0], False
        finally:
            said, ok = self.put_away(said, ok=ok)
            self.progress = replace(self.progress, phase=ENDED, said=said, ok=ok)
            self.log.info(f"a stick, ordered by {order.who}: {said}")
            self.tell()
            drop_order(self.run_dir)  # one that came while this one was obeyed

    def take(self) -> tuple[str, bool]:
        """What came of it, and whether that is well. Raises `ApplianceError`."""
        self.wait_for_check_in()
        tree = find_stick(self.drives, self.mounts)
        self.progress = replace(self.progress, phase=TAKES, said=TAKING, stick=str(tree))
        self.tell()
        job = self.host.run(UNIT)
        if not self.follow(job):
            job.abandon()
            return STOPPED, False
        return (ENDED_BADLY, False) if job.has_failed() else (ENDED_WELL, True)

    def put_away(self, said: str, *, ok: bool) -> tuple[str, bool]:
        """The stick is taken off, however it ended; where it cannot be, that is told."""
        try:
            self.mounts.unmount()
        except StickError as error:
            return error.args[0], False
        return said, ok

    def wait_for_check_in(self) -> None:
        """Until none runs: it would not see the stick. Raises `StickError`, `HostError`."""
        looks = 0
        while self.find_state() in AT_WORK:
            looks += 1
            if looks * LOOK_S > PATIENCE_S or self.pause(looks):
                raise StickError(BUSY)

    def follow(self, job: Job) -> bool:
        """Until it is over; whether it is."""
        looks = 0
        while not job.is_over():
            looks += 1
            if self.pause(looks):
                return False
        return True

    def pause(self, looks: int) -> bool:
        """A moment; now and then a sign of life. Whether PID 1 wants an end."""
        if looks % SAY_EVERY == 0:
            self.tell()
        return self.clock.wait(LOOK_S, self.stop)

    def tell(self) -> None:
        """What is so now; a disk in memory that is full stops nothing."""
        self.progress = replace(self.progress, stamp=self.clock.stamp())
        with suppress(OSError):
            write_progress(self.run_dir, self.progress)


def read_state(host: Host) -> str:
    """PID 1's word for the state of the check-in's service. Raises `HostError`."""
    order = host.show("ActiveState", UNIT)
    order.wait()
    words = dict(line.split("=", 1) for line in order.output.splitlines() if "=" in line)
    return words.get("ActiveState", "")
