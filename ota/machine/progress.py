"""Where an update stands: folded from the journal's records, nothing else. Pure.

    progress = Progress.fold(records)
    progress.step, progress.failures[sha256].count

Reads and writes: nothing.
Never: forgets a failure or a commit while their records are there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from appliance.model import Stamp
from appliance.model_updates import UpdateStep

MOST_FAILURES = 2  # of one release; then an operator is needed
FORGET = "forget"  # the name of an order: failures of a release are forgotten


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal: `step` was entered at `stamp`, before its act.

    `sha256`: of the release's manifest. `facts`: what later steps need, small.
    """

    stamp: Stamp
    step: UpdateStep
    release: str
    sha256: str
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """How often a release failed, and how the last time."""

    release: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Spoiled:
    """How often a layer came out damaged, and when the last time."""

    count: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Progress:
    """What the records add up to.

    `entered`: the record of the present step. `trial_boots`: trials begun since ARM. `baseline`:
    what worked right before the release was started (facts of the REBOOT), for the checks of its
    health. `running`: the record of the last COMMIT. `spoiled`: layers (hash) that were fetched and
    came out damaged, until a release is committed.
    """

    step: UpdateStep = UpdateStep.IDLE
    entered: Record | None = None
    trial_boots: int = 0
    baseline: Mapping[str, Any] = field(default_factory=dict)
    running: Record | None = None
    failures: Mapping[str, Failure] = field(default_factory=dict)
    spoiled: Mapping[str, Spoiled] = field(default_factory=dict)

    @classmethod
    def fold(cls, records: Iterable[Record]) -> Self:
        """The progress after these records, oldest first."""
        progress = cls()
        for record in records:
            progress = progress.add(record)
        return progress

    @property
    def release(self) -> str:
        """The release under way, "" where there is none."""
        return self.entered.release if self.entered and self.step is not UpdateStep.IDLE else ""

    @property
    def sha256(self) -> str:
        """Of the manifest of the release under way, "" where there is none."""
        return self.entered.sha256 if self.entered and self.step is not UpdateStep.IDLE else ""

    @property
    def running_release(self) -> str:
        """What is committed, "" where this unit was never updated."""
        return self.running.release if self.running else ""

    def count_failures(self, sha256: str) -> int:
        """How often the release with that manifest has failed."""
        found = self.failures.get(sha256)
        return found.count if found else 0

    def add(self, record: Record) -> Self:
        """The progress after one more record."""
        after = replace(self, step=record.step, entered=record).count_spoiled(record)
        if record.step is UpdateStep.REPORT and record.facts.get("failed"):
            return replace(after, failures=add_failure(self.failures, record))
        if record.step is UpdateStep.IDLE and record.facts.get("order") == FORGET:
            kept = {sha: one for sha, one in self.failures.items() if sha != record.sha256}
            return replace(after, failures=kept, spoiled={})
        return after.count_trial(record)

    def count_trial(self, record: Record) -> Self:
        """What a record says of the trial of a release."""
        if record.step is UpdateStep.ARM:
            return replace(self, baseline={}, trial_boots=0)
        if record.step is UpdateStep.REBOOT and "items" in record.facts:
            return replace(self, baseline=record.facts)
        if record.step is UpdateStep.TRIAL:
            return replace(self, trial_boots=self.trial_boots + 1)
        if record.step is UpdateStep.COMMIT:
            return replace(self, running=record, spoiled={})
        return self

    def count_spoiled(self, record: Record) -> Self:
        """One more time that the layers which a record names came out damaged."""
        named = record.facts.get("spoiled", ())
        known = {sha256: self.spoiled[sha256].count for sha256 in named if sha256 in self.spoiled}
        now = {sha256: Spoiled(known.get(sha256, 0) + 1, record.stamp) for sha256 in named}
        return replace(self, spoiled={**self.spoiled, **now}) if now else self


def add_failure(failures: Mapping[str, Failure], record: Record) -> Mapping[str, Failure]:
    """One more failure of a release; `record.facts["failed"]` counts as that many."""
    before = failures.get(record.sha256)
    count = (before.count if before else 0) + int(record.facts["failed"])
    return {**failures, record.sha256: Failure(record.release, count, record.reason)}
