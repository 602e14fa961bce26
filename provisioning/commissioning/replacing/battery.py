"""Another battery: its size is asked, what was learned of the old one is forgotten.

Reads: the settings, what the charger measures. Writes: [battery] of the settings, in one change.
Never: takes a size that the charger's voltage contradicts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from appliance.model import BatteryAge, BatteryState, PowerReading
from appliance.wording.sentence import Sentence, say
from power.battery.forgetting import forget_battery
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.paused_service import paused
from provisioning.commissioning.readings import find_fresh, find_last
from provisioning.commissioning.replacing.changes import Change
from provisioning.commissioning.replacing.waiting import ANSWERS_IN_S, is_after, wait_for
from provisioning.commissioning.replacing.walk import Plan, Walk
from provisioning.commissioning.step import Outcome, Question, Status
from provisioning.commissioning.steps.power_search import SERVICE
from provisioning.commissioning.steps.site_doubts import Measured, doubt_capacity, doubt_voltage
from provisioning.commissioning.steps.site_questions import list_questions
from provisioning.commissioning.steps.site_wishes import (
    CAPACITY_AH,
    CHEMISTRY,
    apply_wishes,
    list_missing,
    read_wishes,
)
from provisioning.commissioning.unit import Unit

CAPACITY = "capacity_wh"
ASKED = (CHEMISTRY, "nominal_voltage_v", CAPACITY)
AGAIN = ("site", "power_devices", "acceptance")


@dataclass(frozen=True)
class BatteryWalk(Walk):
    """The whole battery: its capacity, resistance and charge are learned of all packs together."""

    part: ClassVar[str] = "battery"
    again: ClassVar[tuple[str, ...]] = AGAIN
    own_keys: ClassVar[tuple[str, ...]] = (*ASKED, CAPACITY_AH, "cells")
    answers_in_s: float = ANSWERS_IN_S

    @property
    def title(self) -> Sentence:
        return say("the battery was replaced")

    def list_sections(self, unit: Unit) -> Sequence[str]:
        return ("",)

    def plan(self, unit: Unit, section: str) -> Plan:
        return Plan(
            anew=say(
                "its charge, its capacity, its internal resistance, the charge that went through "
                "it, the drift of the current's count, the time since it was full"
            ),
            known=say(
                "the charge roughly at once, from the voltage, and well after the first full "
                "charge; the resistance after some changes of the load, within a day; the capacity "
                "after a discharge of 40 % or more from full, within weeks; until then the rated "
                "capacity counts"
            ),
            kept=say("events, history, counted energy, what was learned of the panels"),
        )

    def ask(self, unit: Unit, section: str, answers: Answers) -> tuple[Question, ...]:
        settings = unit.settings()
        read_wishes(answers, settings)
        measured = Measured(find_fresh(unit, PowerReading))
        return tuple(
            replace(one, key=f"{self.table}.{name}")
            for one in list_questions(settings, answers, measured)
            if (name := one.key.removeprefix("site.")) in ASKED
        )

    def find_wrong(self, unit: Unit, section: str, answers: Answers) -> Sentence | None:
        settings = unit.settings()
        after = apply_wishes(settings, read_wishes(answers, settings))
        doubts = doubt_voltage(after, Measured(find_fresh(unit, PowerReading)))
        return next((one.text for one in doubts), None)

    def list_doubts(self, unit: Unit, section: str, answers: Answers) -> Mapping[str, Sentence]:
        """Ah in the place of Wh; the old one's learned capacity says nothing of the new one."""
        settings = unit.settings()
        after = apply_wishes(settings, read_wishes(answers, settings))
        return {one.key: one.text for one in doubt_capacity(after, Measured())}

    def change(self, unit: Unit, change: Change, answers: Answers) -> None:
        settings = unit.settings()
        missing = list_missing(settings, read_wishes(answers, settings))
        unit.change_settings(missing, why="commissioning: another battery")

    def forget(self, unit: Unit, change: Change, answers: Answers) -> None:
        with paused(unit, SERVICE):
            forget_battery(unit.settings(), unit.clock)

    def look(self, unit: Unit, change: Change, answers: Answers) -> Outcome:
        age = find_last(unit, BatteryAge)
        if not wait_for(unit, self.answers_in_s, lambda: self._find_reading(unit, change)):
            return Outcome(
                Status.BLOCKED,
                say(
                    "what was learned is forgotten; the power service has no voltage of the new "
                    "battery yet: look at its fuse and at `unitctl power devices`, then take this "
                    "again"
                ),
            )
        reading = self._find_reading(unit, change)
        assert reading is not None
        battery, state = unit.settings().battery, find_fresh(unit, BatteryState)
        facts: dict[str, Any] = {
            "battery_measured_v": reading.battery_voltage_v,
            "capacity_wh": battery.capacity_wh,
            "nominal_voltage_v": battery.nominal_voltage_v,
            "chemistry": battery.chemistry.value,
            "charge_pct": state.state_of_charge_pct if state else None,
            "charge_sigma_pct": state.sigma_pct if state else None,
            "learned_capacity_ah": age.capacity_ah if age else None,
        }
        return Outcome(Status.DONE, say("the new battery answers"), facts=facts)

    def _find_reading(self, unit: Unit, change: Change) -> PowerReading | None:
        """Its voltage, measured since the replacement began."""
        found = find_fresh(unit, PowerReading)
        if found is None or found.battery_voltage_v is None or not is_after(found.stamp, change):
            return None
        return found
