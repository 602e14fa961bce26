"""Back to the operating system of before, also where the journal knows nothing of its trial.

    way_back = WayBack(ports, SystemTrials(files, path))
    way_back.is_on_trial(manifest, progress) and way_back.fall_back()

Reads: slots, system-trial.json. Writes: through ports, and that file.
Never: restarts for ever into a system that does not come up.
"""

from dataclasses import dataclass

from appliance.wording.sentence import say
from ota.machine.ports import Ports
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.machine.systems import MOST_FALLS, SystemTrials, find_system_sha256
from ota.manifest import LayerKind, ReleaseManifest


@dataclass(frozen=True, slots=True)
class WayBack:
    """All calls raise `SlotError`, `OSError`."""

    ports: Ports
    trials: SystemTrials

    def begin(self, release: str) -> None:
        """Before a system is armed: which one runs now."""
        self.trials.begin(self.ports.slots.examine().booted, release)

    def is_on_trial(self, manifest: ReleaseManifest | None, progress: Progress) -> bool:
        """Whether the operating system that runs is the one to be taken back."""
        trial, report = self.trials.read(), self.ports.slots.examine()
        if trial is not None:
            return trial.is_running(report)
        layer = manifest.find_layer(LayerKind.OS) if manifest else None
        if layer is None:
            return report.on_trial
        slot = report.slots.get(report.booted)
        runs = slot is not None and slot.release == layer.version
        return runs and layer.sha256 != find_system_sha256(progress)

    def take_back_forgotten(self) -> Wait | None:
        """A system on trial of which the journal knows nothing: what was committed runs again."""
        trial = self.trials.read()
        if trial is None:
            return None
        if trial.is_running(self.ports.slots.examine()) and self.fall_back():
            return Wait(
                say(
                    "the journal of updates does not know of the trial of release {release}: "
                    "restarts with the system before it",
                    release=trial.release,
                )
            )
        self.end()
        return None

    def fall_back(self) -> bool:
        """Restart with the system of before; False where that has not come up several times: what
        runs is all there is.
        """
        trial = self.trials.read()
        if trial is not None and trial.falls >= MOST_FALLS:
            return False
        if trial is not None:
            self.trials.count_fall(trial)
        self.ports.slots.fall_back()
        self.ports.unit.reboot()
        return True

    def end(self) -> None:
        """What runs is the system that stays: the next boot takes it too."""
        self.ports.slots.commit()
        self.trials.end()
