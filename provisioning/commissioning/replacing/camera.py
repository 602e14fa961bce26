"""Another camera in the place of one: asked over ONVIF, its section brought up to date.

Reads: the camera, its section, the still of the old one. Writes: [camera.NAME] and its password
file, stills below commissioning's directory; an order to PID 1.
Never: touches zones, lines and masks: they belong to the place, and the report says whether the
view is still the same.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from appliance.errors import CameraError
from appliance.process.units import find_unit
from appliance.settings import Settings
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.replacing.changes import Change
from provisioning.commissioning.replacing.walk import SAME, Plan, Walk
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.camera_wishes import CameraWish, read_wish
from provisioning.commissioning.steps.cameras import STILL_MODE, STILLS, CamerasStep
from provisioning.commissioning.unit import Unit
from sensors.camera.discovery.asking import NOBODY
from sensors.camera.discovery.identity import is_same, list_hosts
from sensors.camera.discovery.sections import Wish, read_login, write_camera
from sensors.camera.tamper_checks.stills import compare_stills

AGAIN = ("cameras", "acceptance")
SAME_VIEW = 0.5  # correlation of edges, as for a camera that was moved


@dataclass(frozen=True)
class CameraWalk(Walk):
    """`cameras`: the step that asks and writes."""

    part: ClassVar[str] = "camera"
    again: ClassVar[tuple[str, ...]] = AGAIN
    own_keys: ClassVar[tuple[str, ...]] = (
        *("address", "source", "user", "password", "password_file", "set_key_frames"),
    )
    cameras: CamerasStep = field(default_factory=CamerasStep)

    @property
    def title(self) -> Sentence:
        return say("a camera was replaced")

    def list_sections(self, unit: Unit) -> Sequence[str]:
        return tuple(unit.settings().camera)

    def plan(self, unit: Unit, section: str) -> Plan:
        return Plan(
            anew=say(
                "what tells the camera {name} apart (MAC address, serial number), its streams, its "
                "usual view, how sharp it is, how much its picture changes when nothing moves",
                name=section,
            ),
            known=say(
                "address and streams at once; the usual view after two minutes of pictures by day, "
                "and once more by infrared; motion within some minutes"
            ),
            kept=say(
                "its name, events, pictures, zones, lines and masks: they belong to the place; "
                "look at them where the view is another one"
            ),
        )

    def ask(self, unit: Unit, section: str, answers: Answers) -> tuple[Question, ...]:
        camera = unit.settings().camera[section]
        if answers.find("address") or answers.find("source"):
            return ()
        return make_questions(self.table, next(iter(list_hosts(camera)), None))

    def list_values(self, answers: Answers) -> dict[str, Any]:
        """All but the password."""
        found = super().list_values(answers)
        return {key: one for key, one in found.items() if not key.startswith("password")}

    def find_wrong(self, unit: Unit, section: str, answers: Answers) -> Sentence | None:
        """It must answer; raises `CameraError`."""
        self._ask_it(unit, section, answers)
        return None

    def list_doubts(self, unit: Unit, section: str, answers: Answers) -> Mapping[str, Sentence]:
        """Whether it is the old one."""
        old = unit.settings().camera[section].device_ids
        wish, _ = self._ask_it(unit, section, answers)
        if not is_same(old, wish.device_ids):
            return {}
        which = ", ".join(one for one in wish.device_ids if one in old)
        text = say("the camera that answers is the old one ({which}).", which=which)
        return {SAME: text}

    def find_ids(self, unit: Unit, section: str) -> tuple[str, ...]:
        return unit.settings().camera[section].device_ids

    def change(self, unit: Unit, change: Change, answers: Answers) -> None:
        wish, _ = self._ask_it(unit, change.section, answers)
        still = find_still(unit, change.section)
        with suppress(FileNotFoundError):
            replace_file(find_old_still(still), still.read_bytes(), mode=STILL_MODE)
        write_camera(unit.keeper, wish, unit.who, "commissioning: another camera")

    def _ask_it(self, unit: Unit, section: str, answers: Answers) -> tuple[Wish, list[str]]:
        settings = unit.settings()
        return self.cameras.find_wish(self._read(settings, section, answers), settings)

    def _read(self, settings: Settings, section: str, answers: Answers) -> CameraWish:
        """The camera that is meant, with the old one's login where none is given."""
        own = (*self.own_keys, "name")
        values = {key: one for key, one in answers.values.items() if key in own}
        row = replace(answers, values={**values, "name": section})
        wish = read_wish(row, allow_local=self.cameras.allow_local)
        if wish.login.user:
            return wish
        login = NOBODY
        with suppress(CameraError):
            login = read_login(settings.camera[section])
        return replace(wish, login=login)

    def forget(self, unit: Unit, change: Change, answers: Answers) -> None:
        """What was learned is in the memory of its process."""
        service = find_unit(f"camera@{change.section}", unit.settings().camera)
        unit.host.try_restart(service).wait()

    def look(self, unit: Unit, change: Change, answers: Answers) -> Outcome:
        name = change.section
        still = find_still(unit, name)
        camera = unit.settings().camera[name]
        facts, warnings = self.cameras.verify_one(unit, name, camera)
        likeness = compare_stills(read_still(find_old_still(still)), read_still(still))
        if likeness is not None:
            facts["view_likeness"] = round(likeness, 2)
            if likeness < SAME_VIEW:
                warnings.append(say_other_view(name, likeness))
        warnings_ = tuple(warnings)
        return Outcome(Status.DONE, say("a picture came"), facts=facts, warnings=warnings_)


def make_questions(table: str, host: str | None) -> tuple[Question, ...]:
    """Where it is; `host`: where the old one was."""
    return (
        Question(
            f"{table}.address",
            Kind.TEXT,
            say("The new camera's address?"),
            proposal=host,
            proposed_by=say("the address of the old one") if host else None,
        ),
        Question(
            f"{table}.user",
            Kind.TEXT,
            say("The user at the camera? Nothing: as at the old one"),
            may_be_left_out=True,
        ),
        Question(
            f"{table}.password",
            Kind.SECRET,
            say("The password of that user at the camera?"),
            may_be_left_out=True,
        ),
    )


def find_still(unit: Unit, name: str) -> Path:
    """The picture that the step `cameras` keeps."""
    return unit.directory / STILLS / f"{name}.jpg"


def find_old_still(still: Path) -> Path:
    """That of the camera before."""
    return still.with_name(f"{still.stem}.before.jpg")


def read_still(path: Path) -> bytes:
    """Nothing where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def say_other_view(name: str, likeness: float) -> Sentence:
    """What to do about zones and masks."""
    return say(
        "the camera {name} shows another view than the old one (likeness {likeness:.2f}; 1 is the "
        "same): turn it, or draw its zones and masks anew on the page",
        name=name,
        likeness=likeness,
    )
