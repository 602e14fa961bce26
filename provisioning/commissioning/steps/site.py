"""The step "site": where the unit stands, how its panels stand, which battery it has.

Reads: the answers of [site], the settings, what the charger measures and the unit has learned, the
place that a modem knows.
Writes: [unit] name, [site], [panels] and [battery] of the settings, in one change.
Never: takes a figure of an example for one of this site: each is asked for once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.clock import ScaledClock
from appliance.model import BatteryAge, PowerReading
from appliance.model_set_points import SetPoints
from appliance.settings import Chemistry, Settings
from appliance.settings_rules.places import Place
from appliance.wording.sentence import Sentence, say
from ota.disk import Disk
from ota.reporting.entry import read_place
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.modem_sense import (
    NOWHERE,
    ModemPlace,
    find_modem_place,
    stop_satellites,
)
from provisioning.commissioning.readings import find_fresh, find_last, list_all
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.site_doubts import Doubt, Measured, find_doubts
from provisioning.commissioning.steps.site_places import doubt_far_place
from provisioning.commissioning.steps.site_questions import list_questions
from provisioning.commissioning.steps.site_wishes import (
    KEYS,
    apply_wishes,
    list_missing,
    read_wishes,
)
from provisioning.commissioning.unit import Unit

ACCEPTED = "confirmed"  # in the facts: what was unlikely, and confirmed then


@dataclass(frozen=True)
class SiteStep:
    """Place, panels and battery. `find_place`: what a modem knows of it."""

    name: str = "site"
    table: str = "site"
    keys: tuple[str, ...] = KEYS
    find_place: Callable[[], ModemPlace] = find_modem_place
    stop_satellites: Callable[[], None] = stop_satellites

    @property
    def title(self) -> Sentence:
        return say("place, panels and battery")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        settings, measured = unit.settings(), self._measure(unit)
        wanted = read_wishes(answers, settings)
        refuse_other_name(answers, settings)
        done = unit.record.find(self.name)
        questions = () if done else list_questions(settings, answers, measured)
        if questions:
            return Outcome(Status.NEEDS_ANSWER, say("what stands here is not known yet"), questions)
        doubts = list_doubts(apply_wishes(settings, wanted), measured)
        accepted = done.facts.get(ACCEPTED, []) if done else []
        return judge(answers, doubts, accepted) or self._compare(settings, wanted, doubts)

    def _compare(
        self, settings: Settings, wanted: Mapping[Place, Any], doubts: list[Doubt]
    ) -> Outcome:
        warnings = tuple(one.text for one in doubts)
        missing = list_missing(settings, wanted)
        if missing:
            keys = ", ".join(".".join(place) for place in missing)
            reason = say("to be written: {keys}", keys=keys)
            return Outcome(Status.TO_DO, reason, warnings=warnings)
        return Outcome(Status.DONE, describe(settings), facts=collect(settings), warnings=warnings)

    def _measure(self, unit: Unit) -> Measured:
        """What the services and the modem know. A demonstration is not where its computer is."""
        is_real = not isinstance(unit.clock, ScaledClock) and unit.record.find(self.name) is None
        return Measured(
            find_fresh(unit, PowerReading),
            find_last(unit, BatteryAge),
            find_set_points(unit),
            self.find_place() if is_real else NOWHERE,
        )

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        settings = unit.settings()
        missing = list_missing(settings, read_wishes(answers, settings))
        unit.change_settings(missing, why="commissioning: site")
        if not isinstance(unit.clock, ScaledClock):
            self.stop_satellites()
        return Outcome(Status.DONE, describe(unit.settings()))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        settings, measured = unit.settings(), self._measure(unit)
        missing = list_missing(settings, read_wishes(answers, settings))
        if missing:
            keys = ", ".join(".".join(place) for place in missing)
            return Outcome(
                Status.BLOCKED,
                say(
                    "the settings do not have {keys} as answered: somebody changed them meanwhile; "
                    "take the step again",
                    keys=keys,
                ),
            )
        doubts = list_doubts(settings, measured)
        warnings = tuple(one.text for one in doubts)
        facts = collect(settings) | {ACCEPTED: sorted({one.key for one in doubts})}
        if measured.reading is not None:
            facts["battery_measured_v"] = measured.reading.battery_voltage_v
        return Outcome(Status.DONE, describe(settings), facts=facts, warnings=warnings)


def list_doubts(settings: Settings, measured: Measured) -> list[Doubt]:
    """All, what is certain first."""
    return [*find_doubts(settings, measured), *doubt_far_place(settings, measured.place)]


def find_set_points(unit: Unit) -> SetPoints | None:
    """Those of the charge controller that says most of its battery."""
    newest = {one.device: one for one in list_all(unit, SetPoints)}
    chargers = [newest.get(f"charger {name}") for name in unit.settings().charger]
    known = [one for one in chargers if one is not None]
    return max(known, key=lambda one: one.battery_type is not None, default=None)


def judge(answers: Answers, doubts: list[Doubt], accepted: list[str]) -> Outcome | None:
    """What cannot be blocks; what is unlikely is asked about, once; None where nothing is left."""
    wrong = next((one for one in doubts if one.is_certain), None)
    if wrong is not None:
        return Outcome(Status.BLOCKED, wrong.text)
    asked = [
        one
        for one in doubts
        if not one.is_light and one.key not in accepted and not answers.has_confirmed(one.key)
    ]
    if not asked:
        return None
    questions = tuple(Question(f"site.{one.key}", Kind.CONFIRM, one.text) for one in asked)
    return Outcome(Status.NEEDS_ANSWER, asked[0].text, questions)


def describe(settings: Settings) -> Sentence:
    """Place, panels and battery in one line."""
    panels, battery = settings.panels, settings.battery
    return say(
        "{name} at {latitude_deg:.4f}, {longitude_deg:.4f} degrees; {peak_w:.0f} Wp at "
        "{tilt_deg:.0f} degrees of tilt; {chemistry} of {capacity_wh:.0f} Wh at {nominal_v:.1f} V",
        name=settings.unit.name,
        latitude_deg=settings.site.latitude_deg,
        longitude_deg=settings.site.longitude_deg,
        peak_w=panels.peak_w,
        tilt_deg=panels.tilt_deg,
        chemistry=battery.chemistry.value,
        capacity_wh=battery.capacity_wh,
        nominal_v=battery.nominal_voltage_v,
    )


def collect(settings: Settings) -> dict[str, Any]:
    """The figures for the report."""
    chemistry: Chemistry = settings.battery.chemistry
    return {
        "name": settings.unit.name,
        "latitude_deg": settings.site.latitude_deg,
        "longitude_deg": settings.site.longitude_deg,
        "altitude_m": settings.site.altitude_m,
        "timezone": settings.site.timezone,
        "panels_peak_w": settings.panels.peak_w,
        "tilt_deg": settings.panels.tilt_deg,
        "horizon_deg": [list(one) for one in settings.site.horizon],
        "azimuth_deg": settings.panels.get_azimuth_deg(settings.site),
        "chemistry": chemistry.value,
        "capacity_wh": settings.battery.capacity_wh,
        "nominal_voltage_v": settings.battery.nominal_voltage_v,
    }


def refuse_other_name(answers: Answers, settings: Settings) -> None:
    """A unit in a fleet has the name that its releases are assigned by. Raises `AnswerError`."""
    name = answers.find_text("name")
    place = read_place(Disk(), settings.update.dir) if name is not None else None
    if place is not None and place.name != name:
        raise answers.refuse(
            "name",
            what=f"cannot be {name!r}: its fleet calls this unit {place.name!r}",
            advice="write that name, or have the unit renamed in the fleet",
        )
