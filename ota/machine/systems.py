"""Which operating system a release brings, and which one is on trial.

    trials = SystemTrials(files, directory / "system-trial.json")
    trials.begin(report.booted, "2026.11.1")     # before the boot order is changed
    trials.read()                                # while it is neither committed nor taken back

Reads and writes: system-trial.json in the update directory, whole, on the disk when a call returns.
Never: asks the boot loader: RAUC says "good" of a system on trial as of a committed one.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError
from ota.files import Files
from ota.files import replace as replace_file
from ota.machine.progress import Progress
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.slots.slots import SlotsReport

NAME = "system-trial.json"
MOST_BYTES = 4096
LONGEST_NAME = 200
MOST_FALLS = 3  # restarts into a system of before that does not come up


@dataclass(frozen=True, slots=True)
class SystemTrial:
    """`before`: the slot that ran, and runs again if the trial fails. `falls`: how often the way
    back was tried.
    """

    before: str
    release: str
    falls: int = 0

    def is_running(self, report: SlotsReport) -> bool:
        """Whether what runs is the system on trial."""
        return report.booted != self.before


@dataclass(frozen=True, slots=True)
class SystemTrials:
    """All calls raise `OSError` where the disk does."""

    files: Files
    path: Path

    def read(self) -> SystemTrial | None:
        """The trial; None where there is none, or its file is damaged."""
        if self.files.measure(self.path) is None:
            return None
        data = self.files.read_at(self.path, 0, MOST_BYTES)
        try:
            return build_trial(data)
        except (InputError, KeyError):
            return None

    def begin(self, before: str, release: str) -> None:
        """Before a system is armed."""
        self._write(SystemTrial(before, release))

    def count_fall(self, trial: SystemTrial) -> None:
        """Before a restart into the system of before."""
        self._write(replace(trial, falls=trial.falls + 1))

    def end(self) -> None:
        """What runs is committed."""
        if self.files.measure(self.path) is not None:
            self.files.remove(self.path)
            self.files.sync_directory(self.path.parent)

    def _write(self, trial: SystemTrial) -> None:
        replace_file(self.files, self.path, json.dumps(asdict(trial)).encode())


def build_trial(data: bytes) -> SystemTrial:
    """Raises `InputError`, `KeyError`."""
    tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
    before, release = (
        strict_json.require_text(tree[name], name, LONGEST_NAME) for name in ("before", "release")
    )
    falls = strict_json.require_whole_number(tree["falls"], "falls", 0, 1000)
    return SystemTrial(before, release, falls)


def find_system_sha256(progress: Progress) -> str:
    """Of the operating system that an update brought last, "" where none has."""
    return str(progress.running.facts.get("os_sha256", "")) if progress.running else ""


def find_new_os(progress: Progress, manifest: ReleaseManifest) -> Layer | None:
    """The operating system of a release, where it is another one than runs."""
    layer = manifest.find_layer(LayerKind.OS)
    return None if layer is None or layer.sha256 == find_system_sha256(progress) else layer
