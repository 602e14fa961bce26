"""The step that tests the whole unit and writes the signed report.

    [acceptance]
    switch = "lamp"         # the load that is switched; without it, the one that draws most
    power_cut = true        # the plug is pulled too

Reads: what the checks read. Writes: acceptance.json, a report below the commissioning's directory,
orders for one switched load.
Never: is done while a check fails. What was not possible, as the sun by night, is left open, and
the report says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from appliance.wording.sentence import Sentence, join_sentences, say
from ota.commands.acting import acting_as_owner
from ota.disk import Disk
from ota.reporting.unit_key import read_key
from provisioning.commissioning.acceptance import power_cut, stored
from provisioning.commissioning.acceptance.running import run_all
from provisioning.commissioning.acceptance.scene import World
from provisioning.commissioning.acceptance.switching import is_left, put_right
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.findings import Finding, Verdict, encode_finding
from provisioning.commissioning.report.gathering import gather
from provisioning.commissioning.report.signing import Key
from provisioning.commissioning.report.telling import REPORTS
from provisioning.commissioning.report.verifying import verify
from provisioning.commissioning.report.writing import ReportError, write_report
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.unit import Unit

NOT_TESTED = say("this unit was not tested with its present settings")


def find_key(unit: Unit) -> Key:
    """The unit's own; made where there is none, for who signs the unit's reports with it. Raises
    `UpdateError`, `OSError`.
    """
    directory = unit.settings().update.dir
    disk = Disk()
    disk.make_directory(directory)
    with acting_as_owner(directory):
        return read_key(disk, directory)


@dataclass(frozen=True, slots=True)
class AcceptanceStep:
    """`world` and `find_key` are the real ones, but in tests."""

    world: World = field(default_factory=World)
    find_key: Callable[[Unit], Key] = find_key
    name: str = "acceptance"
    title: Sentence = say("Test of the whole unit, and its report")  # noqa: RUF009  (frozen)
    table: str = "acceptance"
    keys: tuple[str, ...] = ("switch", "power_cut")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        """Whether it was tested with these settings, and nothing failed."""
        wishes = self._read(unit, answers)
        done = stored.load(unit)
        if power_cut.is_waiting(unit) and wishes["power_cut"]:
            return Outcome(Status.BLOCKED, find_wait(done))
        if done is None or is_left(unit) or done.settings_sha256 != stored.hash_settings(unit):
            return Outcome(Status.TO_DO, NOT_TESTED)
        if wishes["power_cut"] and not has_passed(done.findings, power_cut.NAME):
            return Outcome(Status.TO_DO, say("the power cut is not tested yet"))
        failed = [one for one in done.findings if one.verdict is Verdict.FAILED]
        if failed or not (done.report / "report.json").exists():
            return Outcome(Status.TO_DO, say("the last test failed: it is done again"))
        return Outcome(Status.DONE, tell(done.findings), facts=describe(done))

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        """Test, write the report, remember both."""
        wishes = self._read(unit, answers)
        put_right(unit)
        sha256 = stored.hash_settings(unit)
        findings, photographs = run_all(unit, wishes, self.world)
        key = self.find_key(unit)
        report = write_report(
            gather(unit, key, findings, photographs), key, unit.directory / REPORTS
        )
        stored.store(unit, stored.Stored(sha256, findings, report))
        return Outcome(Status.DONE, tell(findings))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        """Whether nothing failed and the report is as this unit signed it."""
        done = stored.load(unit)
        if done is None:
            return Outcome(Status.TO_DO, NOT_TESTED)
        if verify(done.report) != self.find_key(unit).sha256:
            raise ReportError(
                say("the report in {directory} is of another key", directory=done.report)
            )
        facts = describe(done)
        failed = [one for one in done.findings if one.verdict is Verdict.FAILED]
        if failed:
            return Outcome(Status.BLOCKED, tell_failed(failed), facts=facts)
        if power_cut.is_waiting(unit):
            return Outcome(Status.BLOCKED, find_wait(done), facts=facts)
        return Outcome(Status.DONE, tell(done.findings), facts=facts)

    def _read(self, unit: Unit, answers: Answers) -> dict[str, Any]:
        """The answers. Raises `AnswerError`."""
        switch, wished = answers.find_text("switch", 60), answers.find("power_cut")
        if switch is not None and switch not in unit.settings().switch:
            known = ", ".join(unit.settings().switch) or "none"
            raise answers.refuse(
                "switch", what="names no switched load", advice=f"the settings have: {known}"
            )
        if wished not in (None, True, False):
            raise answers.refuse("power_cut", what="is no answer", advice="write true or false")
        return {"switch": switch, "power_cut": wished is True}


def tell(findings: Iterable[Finding]) -> Sentence:
    """How it ended, in one sentence."""
    counts = Counter(one.verdict for one in findings)
    return say(
        "{passed} checks passed, {failed} failed, {open} were not possible, {noted} are noted",
        passed=counts[Verdict.PASSED],
        failed=counts[Verdict.FAILED],
        open=counts[Verdict.NOT_POSSIBLE],
        noted=counts[Verdict.NOTED],
    )


def tell_failed(failed: Iterable[Finding]) -> str:
    """Each that failed, and why."""
    parts = [say("{check}: {reason}", check=one.title, reason=one.reason) for one in failed]
    return join_sentences("; ", parts)


def find_wait(done: stored.Stored | None) -> str:
    """What is waited for."""
    found = [one.reason for one in done.findings if one.name == power_cut.NAME] if done else []
    return found[0] if found else NOT_TESTED


def has_passed(findings: Iterable[Finding], name: str) -> bool:
    return any(one.name == name and one.verdict is Verdict.PASSED for one in findings)


def describe(done: stored.Stored) -> dict[str, Any]:
    """The evidence, as the record keeps it."""
    return {
        "report": str(done.report),
        "checks": [encode_finding(one) for one in done.findings],
    }
