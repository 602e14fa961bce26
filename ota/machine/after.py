"""The states of an update that change the unit: from the installation to commit or rollback.

    INSTALL -> ARM -> GATE2 -> REBOOT -> TRIAL -> HEALTH -> COMMIT | ROLLBACK -> REPORT

Reads: slots, layers, health. Writes: through ports.
Never: commits what was not seen to work as before, or blames a release for a lack of energy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.model import Stamp
from appliance.model_updates import UpdateStep
from appliance.wording.sentence import say
from ota.errors import LinkError, SlotError, UpdateError
from ota.machine.before import Before, fail
from ota.machine.gate import Verdict
from ota.machine.ports import Ports
from ota.machine.progress import MOST_FAILURES, Progress
from ota.machine.result import Go, Result, Wait
from ota.machine.systems import NAME, SystemTrials, find_new_os, find_system_sha256
from ota.machine.way_back import WayBack
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.slots.slots import OnProgress

HEALTH_S = 600.0  # unit seconds in which what worked before must work again
SETTLE_S = 60.0  # until the processes of before have ended: what they wrote is no sign of life
STEADY_S = 20.0  # for so long it must go on working
LOOK_S = 5.0
PROBATION_S = 6 * 3600.0  # for a new system to reach a mirror that was reached before it
ASK_EVERY_S = 600.0
MOST_STARTS = 2  # of a new operating system that does not come up
MOST_TRIALS = 3  # that were cut off
FOR_POWER = 8  # the same, where the battery was the cause

OS = LayerKind.OS


def ignore_progress(_percent: int, _text: str) -> None:
    """Progress that nobody looks at."""


@dataclass(slots=True)
class After:
    """`well_s`: uptime since which all has been well, in this process."""

    ports: Ports
    before: Before
    health_s: float = HEALTH_S
    settle_s: float = SETTLE_S
    steady_s: float = STEADY_S
    well_s: float | None = None
    on_install: OnProgress = ignore_progress

    # --- install --------------------------------------------------------------------------------

    @property
    def way_back(self) -> WayBack:
        offers = self.before.offers
        return WayBack(self.ports, SystemTrials(offers.files, offers.path.with_name(NAME)))

    def install(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        if manifest is None:
            return fail(say("the record of release {release} is damaged", release=progress.release))
        layer = find_new_os(progress, manifest)
        try:
            if layer is not None:
                self._install_slot(layer)
        except SlotError as error:
            return fail(str(error))
        return Go(
            UpdateStep.ARM, say("release {release} is ready to be tried", release=manifest.release)
        )

    def _install_slot(self, layer: Layer) -> None:
        self.ports.slots.check()
        if not self._is_booted(layer.version):
            self.ports.slots.install(
                self.ports.payloads.find(layer), layer.version, self.on_install
            )

    def _is_booted(self, version: str) -> bool:
        """Whether the operating system that runs is of that version."""
        report = self.ports.slots.examine()
        return report.booted in report.slots and report.slots[report.booted].release == version

    def _has_started(self, layer: Layer | None) -> bool:
        """Whether the release needs no other operating system, or its own runs."""
        return layer is None or self._is_booted(layer.version)

    def arm(self, progress: Progress) -> Result:
        return Go(
            UpdateStep.GATE2, say("release {release} waits for its trial", release=progress.release)
        )

    def gate2(self, progress: Progress) -> Result:
        verdict = self.before.ask_gate(progress)
        if not isinstance(verdict, Verdict):
            return verdict
        facts = {"starts": 1, **self.ports.health.measure(), "contact": self._has_contact()}
        return Go(
            UpdateStep.REBOOT,
            say(
                "starts release {release}: {reason}",
                release=progress.release,
                reason=verdict.reason,
            ),
            facts,
        )

    # --- try ------------------------------------------------------------------------------------

    def reboot(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        if manifest is None:
            return roll_back(progress, say("its record is damaged"))
        if self._has_started(find_new_os(progress, manifest)):
            return Go(
                UpdateStep.TRIAL, say("release {release} is on trial", release=manifest.release)
            )
        if progress.entered and progress.entered.stamp.boot_id != self.ports.unit.stamp().boot_id:
            return self._start_again(progress)
        try:
            self.way_back.begin(manifest.release)
            self.ports.slots.arm()
        except SlotError as error:
            return roll_back(progress, str(error))
        self.ports.unit.reboot()
        return Wait(say("restarts with release {release}", release=manifest.release))

    def _start_again(self, progress: Progress) -> Result:
        """The unit was restarted, and the old operating system runs."""
        starts = int(progress.entered.facts.get("starts", 1)) if progress.entered else 1
        if starts >= (FOR_POWER if self.ports.unit.lost_power() else MOST_STARTS):
            return roll_back(
                progress, say("its operating system did not start ({starts} times)", starts=starts)
            )
        return Go(
            UpdateStep.REBOOT,
            say(
                "the old system runs after a restart; starts release {release} once more",
                release=progress.release,
            ),
            {"starts": starts + 1},
        )

    def trial(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        if manifest is None:
            return roll_back(progress, say("its record is damaged"))
        most = FOR_POWER if self.ports.unit.lost_power() else MOST_TRIALS
        if progress.trial_boots > most:
            return roll_back(progress, say("its trial was cut off {most} times", most=most))
        if not self._has_started(find_new_os(progress, manifest)):
            return roll_back(progress, say("the computer fell back to the old operating system"))
        try:
            self.ports.layers.start_trial(manifest)
        except UpdateError as error:
            return roll_back(progress, str(error))
        self.ports.unit.restart_services()
        return Go(
            UpdateStep.HEALTH,
            say(
                "what worked before release {release} must work within {health_min:.0f} min",
                release=manifest.release,
                health_min=self.health_s / 60,
            ),
        )

    def health(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        if manifest is None or progress.entered is None:
            return roll_back(progress, say("its record is damaged"))
        age_s = self.ports.unit.age_s(progress.entered.stamp)
        if age_s is None:
            return Go(
                UpdateStep.TRIAL,
                say("the trial of {release} was cut off; once more", release=manifest.release),
            )
        if age_s < self.settle_s:
            return Wait(say("release {release} starts", release=manifest.release), again_s=LOOK_S)
        text = self.ports.health.judge(progress.baseline, self._find_start(progress.entered.stamp))
        if not text:
            return self._commit_when_steady(manifest, progress, age_s)
        self.well_s = None
        if age_s > self.health_s:
            return roll_back(progress, text)
        return Wait(
            say("release {release} is on trial: {text}", release=manifest.release, text=text),
            again_s=LOOK_S,
        )

    def _find_start(self, entered: Stamp) -> Stamp:
        """From when on a row is one of the release on trial."""
        return replace(entered, uptime_s=entered.uptime_s + self.settle_s)

    def _commit_when_steady(
        self, manifest: ReleaseManifest, progress: Progress, age_s: float
    ) -> Result:
        now_s = self.ports.unit.stamp().uptime_s
        self.well_s = now_s if self.well_s is None else self.well_s
        if now_s - self.well_s < self.steady_s:
            return Wait(
                say("release {release} works; watches it", release=manifest.release), again_s=LOOK_S
            )
        if waits := self._wait_for_contact(manifest, progress, age_s):
            return waits
        layer = manifest.find_layer(OS)
        system = layer.sha256 if layer else find_system_sha256(progress)
        facts = {"sequence": manifest.sequence, "os_sha256": system}
        return Go(
            UpdateStep.COMMIT,
            say("release {release} works as the one before", release=manifest.release),
            facts,
        )

    def _wait_for_contact(
        self, manifest: ReleaseManifest, progress: Progress, age_s: float
    ) -> Result | None:
        """A new system must reach a mirror where the old one did: else nobody could mend it from
        afar. None: it does, or it cannot be told.
        """
        needed = find_new_os(progress, manifest) and progress.baseline.get("contact")
        if not needed or self._has_contact():
            return None
        text = say("no mirror answers, and one did before")
        if age_s < PROBATION_S:
            return Wait(
                say("release {release} is on trial: {text}", release=manifest.release, text=text),
                "link",
                again_s=ASK_EVERY_S,
            )
        return roll_back(progress, text) if self.ports.unit.has_carrier() else None

    def _has_contact(self) -> bool:
        """Whether a mirror answers now, whatever it says."""
        try:
            self.ports.trust.ask()
        except LinkError:
            return False
        except UpdateError:
            return True
        return True

    # --- end ------------------------------------------------------------------------------------

    def commit(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        if manifest is not None and manifest.find_layer(OS) is not None:
            self.ports.slots.commit()
        self.way_back.trials.end()
        self.ports.layers.commit()
        self.before.keep_offer(progress)
        if manifest is not None:
            self.ports.trust.commit(manifest)
        return Go(
            UpdateStep.REPORT, say("release {release} is committed", release=progress.release)
        )

    def roll_back(self, progress: Progress) -> Result:
        manifest = self.before.read_manifest(progress)
        self.ports.layers.roll_back()
        if self.way_back.is_on_trial(manifest, progress) and self.way_back.fall_back():
            return Wait(
                say("restarts with the system before release {release}", release=progress.release)
            )
        self.way_back.end()
        self.ports.unit.restart_services()
        reason = progress.entered.reason if progress.entered else say("it failed")
        return fail(reason)

    def report(self, progress: Progress) -> Result:
        """What no pointer names is removed, but for a release that is to be tried once more."""
        record = progress.entered
        failed = record is not None and bool(record.facts.get("failed"))
        if not failed or progress.count_failures(progress.sha256) >= MOST_FAILURES:
            self.ports.layers.collect_garbage(())
        return Go(UpdateStep.IDLE, record.reason if record else "")


def roll_back(progress: Progress, why: str) -> Go:
    return Go(
        UpdateStep.ROLLBACK,
        say("release {release} is taken back: {why}", release=progress.release, why=why),
    )


Act = Callable[[Progress], Result]
