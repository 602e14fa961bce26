"""The state machine of an update: a table of states; each step is on the disk before its act.

    engine = Engine(ports, journal, offers, settings.update)
    wait = engine.run()                  # as far as it goes now; it resumes after any cut

Reads and writes: the journal, the offer's file; the rest through ports.
Never: acts before the step is recorded, or gets stuck by a cut: each act can be done once more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.model_updates import UpdateStep
from appliance.sections.network import UpdateSettings
from appliance.wording.sentence import say
from ota.errors import SpaceError
from ota.machine.after import Act, After
from ota.machine.before import ASKED_AGAIN, Before, ignore_share
from ota.machine.journal import Journal
from ota.machine.offer_file import OfferFile
from ota.machine.ports import Ports
from ota.machine.progress import FORGET, Progress, Record
from ota.machine.result import Go, Wait

SLOW = 5.0  # a trial takes at most so many times as long as processes need to start
UNTOUCHED = ASKED_AGAIN | {UpdateStep.IDLE}


def ignore_record(_: Record) -> None:
    """A step that nobody hears of."""


@dataclass(slots=True)
class Engine:
    """`technician`: one is present and has ordered this run (USB stick, no clock). `asks`: whether
    mirrors are asked if an offer that is followed still stands. `on_record` hears of each step.
    `on_share` hears how far a download or an installation is, in percent. `least_real_s`: of a
    demonstration in fast time, unit seconds that processes need to start.
    """

    ports: Ports
    journal: Journal
    offers: OfferFile
    own: UpdateSettings
    technician: bool = False
    asks: bool = True
    least_real_s: float = 0.0
    on_record: Callable[[Record], None] = ignore_record
    on_share: Callable[[float], None] = ignore_share
    progress: Progress = field(init=False)
    before: Before = field(init=False)
    after: After = field(init=False)
    acts: dict[UpdateStep, Act] = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress.fold(self.journal.read())
        tell = self.tell_share
        self.before = Before(
            self.ports, self.offers, self.own, technician=self.technician, on_share=tell
        )
        self.after = After(self.ports, self.before, on_install=lambda percent, _: tell(percent))
        self.after.settle_s = max(self.after.settle_s, self.least_real_s)
        self.after.health_s = max(self.after.health_s, SLOW * self.least_real_s)
        self.acts = make_acts(self.before, self.after)

    def run(self) -> Wait:
        """Take steps until one waits. Raises `UpdateError` (the journal cannot be written),
        `HostError` (PID 1 refuses), `OSError`.
        """
        self.journal.compact()
        if restarts := self._take_back_forgotten_trial():
            return restarts
        if self._may_ask_again() and (result := self.before.ask_again(self.progress)):
            if isinstance(result, Wait):
                return result
            self._record(result)
        while True:
            ended = self.progress.step is UpdateStep.REPORT
            result = self.acts[self.progress.step](self.progress)
            if isinstance(result, Wait):
                return result
            self._record(result)
            if ended:
                return Wait(result.reason)

    def tell_share(self, percent: float) -> None:
        """How far the present step is."""
        self.on_share(percent)

    def _may_ask_again(self) -> bool:
        return self.asks and self.progress.step in ASKED_AGAIN

    def forget_failures(self, release: str) -> bool:
        """An operator orders that a failed release is tried again; whether there is one."""
        found = [sha for sha, one in self.progress.failures.items() if one.release == release]
        if self.progress.spoiled and self.progress.release == release:
            found = [*found, self.progress.sha256]
        for sha in found:
            stamp = self.ports.unit.stamp()
            reason = say("release {release} may be tried again, by order", release=release)
            self._append(Record(stamp, UpdateStep.IDLE, release, sha, reason, {"order": FORGET}))
        return bool(found)

    def _take_back_forgotten_trial(self) -> Wait | None:
        """What is on trial and the journal knows nothing of: it was lost, so it is not kept."""
        if self.progress.step not in UNTOUCHED:
            return None
        if any(one.on_trial for one in self.ports.layers.examine()):
            self.ports.layers.roll_back()
            self.ports.unit.restart_services()
        return self.after.way_back.take_back_forgotten()

    def _record(self, result: Go) -> None:
        facts = dict(result.facts)
        release = str(facts.pop("release", self.progress.release))
        sha256 = str(facts.pop("sha256", self.progress.sha256))
        stamp = self.ports.unit.stamp()
        self._append(Record(stamp, result.step, release, sha256, result.reason, facts))

    def _append(self, record: Record) -> None:
        try:
            self.journal.append(record)
        except OSError as error:
            raise SpaceError(
                say(
                    "the journal of updates {path} cannot be written ({strerror}): nothing was "
                    "changed; check the disk and its free space",
                    path=self.journal.path,
                    strerror=error.strerror,
                ),
                "journal-not-written",
            ) from error
        self.progress = self.progress.add(record)
        self.on_record(record)


def make_acts(before: Before, after: After) -> dict[UpdateStep, Act]:
    """The table of states."""
    return {
        UpdateStep.IDLE: before.idle,
        UpdateStep.OFFERED: before.offered,
        UpdateStep.PLAN: before.plan,
        UpdateStep.DOWNLOAD: before.download,
        UpdateStep.VERIFY: before.verify,
        UpdateStep.GATE: before.gate,
        UpdateStep.INSTALL: after.install,
        UpdateStep.ARM: after.arm,
        UpdateStep.GATE2: after.gate2,
        UpdateStep.REBOOT: after.reboot,
        UpdateStep.TRIAL: after.trial,
        UpdateStep.HEALTH: after.health,
        UpdateStep.COMMIT: after.commit,
        UpdateStep.ROLLBACK: after.roll_back,
        UpdateStep.REPORT: after.report,
    }
