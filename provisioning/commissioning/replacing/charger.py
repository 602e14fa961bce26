"""Another charge controller: searched for, its counters its own, its wires unknown.

Reads: the settings, what the power service says of each device. Writes: what the step
`power_devices` does, in which the new one takes the section of the old one.
Never: forgets the charge of the battery, or what the unit itself has counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from appliance.model_set_points import KNOWN_SERIAL_NUMBER, SERIAL_NUMBER, DeviceState
from appliance.wording.sentence import Sentence, say
from power.battery.forgetting import forget_charger
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.paused_service import paused
from provisioning.commissioning.readings import list_fresh
from provisioning.commissioning.replacing.changes import Change
from provisioning.commissioning.replacing.walk import SAME, Plan, Walk
from provisioning.commissioning.step import Outcome, Question, Status
from provisioning.commissioning.steps.power_devices import PowerDevicesStep
from provisioning.commissioning.steps.power_search import SERVICE
from provisioning.commissioning.unit import Unit

AGAIN = ("power_devices", "acceptance")


@dataclass(frozen=True)
class ChargerWalk(Walk):
    """`devices`: the step that searches."""

    part: ClassVar[str] = "charger"
    again: ClassVar[tuple[str, ...]] = AGAIN
    own_keys: ClassVar[tuple[str, ...]] = ("ports", "models")
    devices: PowerDevicesStep = field(default_factory=PowerDevicesStep)

    @property
    def title(self) -> Sentence:
        return say("a charge controller was replaced")

    def list_sections(self, unit: Unit) -> Sequence[str]:
        return tuple(unit.settings().charger)

    def plan(self, unit: Unit, section: str) -> Plan:
        return Plan(
            anew=say(
                "model, port and serial number of the charge controller {name}, what it is set to, "
                "the resistance of the wires up to where it measures, the evidence for its "
                "current's sign",
                name=section,
            ),
            known=say(
                "what it is and is set to within two minutes; the resistance after some changes of "
                "the load, within a day; the current's sign after a day with sun. Its own counter "
                "of the day begins with it, so the yield of today is that since the replacement"
            ),
            kept=say(
                "the battery's charge, capacity and age, events, history, energy that the unit has "
                "counted (it goes on and never falls), what was learned of the panels"
            ),
        )

    def find_ids(self, unit: Unit, section: str) -> tuple[str, ...]:
        """The serial number of the one that answers."""
        state = self._find_state(unit, section)
        number = state.words.get(SERIAL_NUMBER) if state else None
        return (number,) if number else ()

    def find_old_ids(self, unit: Unit, section: str) -> tuple[str, ...]:
        """That of the one before, where the new one answers already."""
        state = self._find_state(unit, section)
        known = state.words.get(KNOWN_SERIAL_NUMBER) if state else None
        return (known,) if known else self.find_ids(unit, section)

    def list_doubts(self, unit: Unit, section: str, answers: Answers) -> Mapping[str, Sentence]:
        """Whether it is still the old one; one that is silent may be any."""
        now, old = self.find_ids(unit, section), self.find_old_ids(unit, section)
        if not now or now != old:
            return {}
        text = say(
            "the charge controller that answers as {name} is the one that the unit knows (serial "
            "number {number}).",
            name=section,
            number=now[0],
        )
        return {SAME: text}

    def _find_state(self, unit: Unit, section: str) -> DeviceState | None:
        title = f"charger {section}"
        return next((one for one in list_fresh(unit, DeviceState) if one.device == title), None)

    def forget(self, unit: Unit, change: Change, answers: Answers) -> None:
        with paused(unit, SERVICE):
            forget_charger(unit.settings(), unit.clock, change.section)

    def look(self, unit: Unit, change: Change, answers: Answers) -> Outcome:
        """The new one takes the section of the old one, and answers."""
        own = {key: one for key in self.own_keys if (one := answers.find(key)) is not None}
        own["remove"] = [f"charger.{change.section}"]
        given = Answers(self.devices.table, own)
        found = self.devices.check(unit, given)
        if found.status is Status.TO_DO:
            found = self.devices.apply(unit, given)
        if found.status is Status.DONE:
            found = self.devices.verify(unit, given)
        if found.status is Status.DONE and (number := self.find_ids(unit, change.section)):
            found = replace(found, facts={**found.facts, "serial_number": number[0]})
        return replace(found, questions=tuple(self._rename(one) for one in found.questions))

    def _rename(self, question: Question) -> Question:
        """A question of that step as one of this walk."""
        return replace(question, key=f"{self.table}.{question.key.rpartition('.')[2]}")
