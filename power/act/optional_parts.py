"""The parts of the power service that the guard does without, and what holds where one fails.

    parts.attempt(HEATERS, lambda: heaters.follow(...), lambda: HeaterReport({}))

Reads and writes: nothing; a failure goes to `report_fault`.
Never: lets a fault of the program keep the guard's orders back: an error that nobody expected is
the fault of that part, with its place in the code, and the cycle goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from appliance.errors import ApplianceError, ProgramError
from appliance.wording.sentence import say

Answer = TypeVar("Answer")


class OptionalPart(NamedTuple):
    """`code`: of its fault; `name`: in words; `instead`: what holds without it."""

    code: str
    name: str
    instead: str


ESTIMATOR = OptionalPart(
    "estimator",
    say("the estimator of the battery's charge"),
    say("the charge is unknown and is estimated anew; the guard goes by the voltage"),
)
SOURCES = OptionalPart("sources", say("the control of second sources"), say("all of them are off"))
PLANNER = OptionalPart(
    "planner",
    say("the choice of the energy level by the plan"),
    say("the level is chosen by the ladder of the settings"),
)
HEATERS = OptionalPart("heaters", say("the control of heaters"), say("all of them are off"))
CAMERA_SWITCHES = OptionalPart(
    "camera-switches",
    say("the control of sirens and of the supplies of cameras and modem"),
    say("what events switch is off, and supplies are on"),
)


@dataclass(frozen=True, slots=True)
class OptionalParts:
    """`report_fault`: the service's."""

    report_fault: Callable[[ApplianceError], None]

    def attempt(
        self, part: OptionalPart, act: Callable[[], Answer], do_without: Callable[[], Answer]
    ) -> Answer:
        """What the part answers, or what holds where it fails."""
        try:
            return act()
        except ApplianceError as error:
            self.report_fault(error)
        except Exception as error:  # noqa: BLE001  (a fault of ours must not keep the guard away)
            self.report_fault(
                ProgramError(error, code=part.code, part=part.name, instead=part.instead)
            )
        return do_without()
