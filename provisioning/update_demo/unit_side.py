"""The unit of `make run` as its technician and bad luck see it: rows, kills of the updater.

Reads: settings and database of the running unit, its processes. Writes: roots of trust; signals.
Never: touches the update itself.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

from appliance.errors import HostError
from appliance.model import BatteryState
from appliance.model_updates import UpdateState, UpdateStep
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.site_time import format_site_time
from ota.slots.find import DIRECTORY

UPDATER = "appliance-checkin"
LOOK_S = 0.05
PATIENCE_S = 900.0  # real seconds: a night of the demonstration is part of it
RESTED_S = 20.0


@dataclass(slots=True)
class UnitSide:
    """`kills`: how often the updater is still to be killed, at instants that `random` draws."""

    settings: Settings
    random: Random
    kills: int
    killed: int = 0
    printed: int = field(init=False)
    said: tuple[UpdateStep, str] | None = None
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.settings.database, self.settings.make_clock())
        self.printed = len(self.store.rows(UpdateState))

    def name_mirror(self, address: str) -> None:
        """What a technician writes into the settings; each check-in reads them anew."""
        path = self.settings.path
        text = path.read_text()
        if "\nmirrors = " not in text:
            path.write_text(text.replace("[update]\n", f'[update]\nmirrors = ["{address}"]\n'))

    def make_slots(self) -> None:
        """Two slots for operating systems, as a unit has them."""
        (self.settings.update.dir / DIRECTORY).mkdir(parents=True, exist_ok=True)

    def trust(self, roots: Iterable[Path]) -> None:
        """What a technician does once: the roots of trust of the fleet."""
        directory = self.settings.update.dir / "trust"
        directory.mkdir(parents=True, exist_ok=True)
        for root in roots:
            shutil.copy(root, directory / root.name)

    def count(self, step: UpdateStep, release: str) -> int:
        """How often an update of that release came to a step."""
        rows = self.store.rows(UpdateState, release=release)
        return count_entries([row.step for row in rows], step)

    def is_low(self) -> bool:
        """Whether the charge is below what an installation needs, as at night."""
        state = self.store.latest(BatteryState)
        charge_pct = state.state_of_charge_pct if state else None
        return charge_pct is not None and charge_pct < self.settings.update.least_charge_pct - 2

    def find_last(self) -> UpdateState | None:
        return self.store.last(UpdateState)

    def wait_for(self, is_over: Callable[[], bool], what: str) -> None:
        """Print each step until `is_over`; meanwhile the updater is killed now and then."""
        ends_s = time.monotonic() + PATIENCE_S
        kills_at_s = self._draw_kill()
        while not is_over():
            self.print_new()
            if time.monotonic() > ends_s:
                raise HostError(f"{what} did not come within {PATIENCE_S / 60:.0f} min")
            if self.kills and time.monotonic() >= kills_at_s and self._kill():
                kills_at_s = self._draw_kill()
            time.sleep(LOOK_S)  # the demonstration stands outside of the unit, on real time
        self.print_new()

    def print_new(self) -> None:
        rows = self.store.rows(UpdateState)
        for row in rows[self.printed :]:
            if (row.step, row.reason) == self.said:
                continue  # only how far a download is
            self.said = (row.step, row.reason)
            at = format_site_time(row.stamp.utc, self.settings.site.timezone, "%d %b %H:%M")
            print(f"{at}  {row.step.value:9} {row.reason}", flush=True)
        self.printed = len(rows)

    def check_in(self) -> None:
        """Have the unit check in now, as `unitctl update check` does."""
        job = Host(self.settings.host.systemctl).run(f"{UPDATER}.service")
        ends_s = time.monotonic() + RESTED_S
        while not job.is_over() and time.monotonic() < ends_s:
            self.print_new()
            time.sleep(LOOK_S)

    def _draw_kill(self) -> float:
        return time.monotonic() + self.random.uniform(0.3, 9.0)

    def _kill(self) -> bool:
        """SIGKILL for the updater, if it runs now; it is started again, as by its timer."""
        last = self.find_last()
        pid = self._find_updater()
        if pid is None or last is None or last.step is UpdateStep.IDLE:
            return False
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self.kills -= 1
        self.killed += 1
        print(f"               killed    the updater in state {last.step.value}", flush=True)
        with suppress(HostError):
            Host(self.settings.host.systemctl).start(f"{UPDATER}.service").wait()
        return True

    def _find_updater(self) -> int | None:
        """The updater's process group."""
        marks = (b"ota.checkin", os.fsencode(self.settings.path))
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = entry.read_bytes().split(b"\0")
                if all(mark in words for mark in marks) and b"--self-test" not in words:
                    return os.getpgid(int(entry.parent.name))
        return None


def count_entries(steps: Sequence[UpdateStep], step: UpdateStep) -> int:
    """How often a step began: a reason that changes while it lasts is another row of it."""
    return sum(one is step and before is not step for before, one in pairwise([None, *steps]))
