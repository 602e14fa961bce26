"""Another disk: a new unit in an old box, with a copy of the database where there is one.

    [replaced_ssd]
    on = "2026-12-01"
    backup_file = "unit-20261128T121500Z.db"    # as `unitctl backup` makes it; may be left out

Reads: the record, the copy. Writes: the database, put back from the copy; orders to PID 1.
Never: takes a file that the page names; deletes the database that is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from appliance.errors import StoreError
from appliance.model import BatteryAge, PowerReading
from appliance.store.restore import refuse_unusable, restore_backup
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.paused_service import paused
from provisioning.commissioning.readings import find_last
from provisioning.commissioning.replacing.changes import Change
from provisioning.commissioning.replacing.walk import SAME, Plan, Walk
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit

BACKUP = "backup_file"
TARGET = "appliance.target"
ALL = (
    *("identity", "claim", "site", "power_devices", "cameras", "link", "clock", "access"),
    *("alarms", "acceptance"),
)


@dataclass(frozen=True)
class SsdWalk(Walk):
    """All that the unit knew was on the old disk."""

    part: ClassVar[str] = "ssd"
    again: ClassVar[tuple[str, ...]] = ALL
    own_keys: ClassVar[tuple[str, ...]] = (BACKUP,)

    @property
    def title(self) -> Sentence:
        return say("the disk (SSD) was replaced")

    def list_sections(self, unit: Unit) -> Sequence[str]:
        return ("",)

    def plan(self, unit: Unit, section: str) -> Plan:
        return Plan(
            anew=say(
                "all that was on the old disk: events and their pictures, history, counted energy, "
                "what was learned of battery and panels, settings, PIN and accounts, passwords of "
                "cameras, and the unit's key, also that of a TPM, so the fleet takes it by a new "
                "claim only. A box whose settings name no `id` has another identity: its machine "
                "id was on the old disk"
            ),
            known=say(
                "with a copy of the database (backup_file) history and what was learned at once, "
                "as of the copy; without one the charge after the first full charge, the capacity "
                "within weeks, the panels after some clear days; settings by the steps or "
                "site.toml, key and claim by theirs"
            ),
            kept=say(
                "what is outside of the disk: devices, cameras, the fleet's reports, alarms that "
                "were sent, and the copy itself"
            ),
        )

    def ask(self, unit: Unit, section: str, answers: Answers) -> tuple[Question, ...]:
        if answers.find(BACKUP) is not None or answers.find("on") is not None:
            return ()
        return (
            Question(
                f"{self.table}.{BACKUP}",
                Kind.TEXT,
                say("The file with a copy of the old database? Nothing: there is none"),
                may_be_left_out=True,
            ),
        )

    def find_wrong(self, unit: Unit, section: str, answers: Answers) -> Sentence | None:
        """The copy must be whole."""
        name = answers.find_text(BACKUP, 4096)
        if name is None:
            return None
        path = unit.settings().database
        try:
            refuse_unusable(answers.directory / name, path)
        except OSError as error:
            raise answers.refuse(
                BACKUP,
                what=f"{name} cannot be read: {error.strerror}",
                advice="name a file that `unitctl backup` has made, or leave it out",
            ) from None
        except StoreError as error:
            raise answers.refuse(
                BACKUP, what=f"cannot be used: {error}", advice="take another one, or leave it out"
            ) from None
        return None

    def list_doubts(self, unit: Unit, section: str, answers: Answers) -> Mapping[str, Sentence]:
        """A disk on which a unit was set up already."""
        done = [one for one in unit.record.load().values() if one.has_changed]
        if not done:
            return {}
        first = min(one.at for one in done)
        text = say(
            "this disk is not new: this unit was set up on it on {at}. Where it is the old one, "
            "nothing was lost and nothing need be done.",
            at=first[:16],
        )
        return {SAME: text}

    def forget(self, unit: Unit, change: Change, answers: Answers) -> None:
        """The old disk is gone; its copy comes in the place of the new one's empty database."""
        name = answers.find_text(BACKUP, 4096)
        if name is None:
            return
        with paused(unit, TARGET):
            restore_backup(unit.settings().database, answers.directory / name)

    def look(self, unit: Unit, change: Change, answers: Answers) -> Outcome:
        reading, age = find_last(unit, PowerReading), find_last(unit, BatteryAge)
        facts = {
            "restored": change.values.get(BACKUP) is not None,
            "newest_reading_utc": reading.stamp.utc.isoformat() if reading else None,
            "learned_capacity_ah": age.capacity_ah if age else None,
        }
        return Outcome(Status.DONE, say("the steps of a new unit follow"), facts=facts)
