"""The step of the cameras: found, asked over ONVIF, written as sections, and looked at.

Reads: the networks, the cameras, the settings. Writes: [camera.NAME] with its password file; the
key frames of a camera where the answers say so; a picture of each in commissioning's directory.
Never: guesses a password, or adds a camera twice that has another address now.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import Sentence, join_sentences, say, say_count
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.camera_wishes import (
    KEYS,
    CameraWish,
    read_wishes,
    refuse_second_names,
    wants_none,
)
from provisioning.commissioning.unit import Unit
from sensors.camera.discovery import asking, survey
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.choice import LONGEST_KEY_FRAME_S
from sensors.camera.discovery.facts import Look
from sensors.camera.discovery.identity import Standing, find_known
from sensors.camera.discovery.sections import Wish, read_login, write_camera
from sensors.camera.discovery.survey import Examination, Sighting
from sensors.camera.discovery.troubles import AskingError, Trouble
from sensors.camera.sources.address import parse_scheme

STILLS = "cameras"  # in the directory of commissioning
STILL_MODE = 0o640
SEARCH_S = 2.0
Search = Callable[[Mapping[str, CameraSettings], float], tuple[list[Sighting], tuple[str, ...]]]


@dataclass(frozen=True)
class CamerasStep:
    """`port`: of ONVIF at an address that does not answer a search. `allow_local`: cameras of a
    demonstration or a test run on this computer.
    """

    search: Search = survey.find_cameras
    look: Callable[..., Look] = asking.look
    port: int = 80
    allow_local: bool = False
    name: str = "cameras"
    table: str = "camera"
    keys: tuple[str, ...] = KEYS

    @property
    def title(self) -> Sentence:
        return say("cameras")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        settings = unit.settings()
        if wants_none(answers):
            return self._check_none(settings)
        if not answers.is_given:
            return self._check_found(settings)
        if not answers.rows and None in (self._place(answers), answers.find("name")):
            return self._ask(settings)
        wishes = read_wishes(answers, allow_local=self.allow_local)
        refuse_second_names(wishes, settings, answers)
        left = [one.name for one in wishes if not one.is_so(settings)]
        if not left:
            return self._say_done(settings)
        names = ", ".join(left)
        return Outcome(Status.TO_DO, say("to be asked and written: {names}", names=names))

    def _place(self, answers: Answers) -> Any:
        return answers.find("address") or answers.find("source")

    def _check_none(self, settings: Settings) -> Outcome:
        if settings.camera:
            names = ", ".join(settings.camera)
            return Outcome(
                Status.BLOCKED,
                say(
                    "no camera is wanted, but the settings have {names}: take these sections away "
                    "with `unitctl settings set`, or leave the answer out",
                    names=names,
                ),
            )
        return Outcome(Status.SKIPPED, say("no camera is wanted"))

    def _check_found(self, settings: Settings) -> Outcome:
        return self._say_done(settings) if settings.camera else self._ask(settings)

    def _say_done(self, settings: Settings) -> Outcome:
        names = ", ".join(settings.camera)
        return Outcome(Status.DONE, say("the settings have: {names}", names=names))

    def _ask(self, settings: Settings) -> Outcome:
        """Which camera; proposed is the first that is new."""
        found, troubles = self.search(settings.camera, SEARCH_S)
        new = [one.device for one in found if one.known.standing is Standing.NEW]
        reason = say_count(
            "{count} new camera answers in the unit's networks",
            "{count} new cameras answer in the unit's networks",
            len(new),
        )
        proposal = str(new[0].address) if new else None
        name = f"camera{len(settings.camera) + 1}"
        by = say("the first camera that answered") if new else None
        warnings = (*troubles, *(text for one in new for text in one.remarks))
        return Outcome(
            Status.NEEDS_ANSWER, reason, make_questions(proposal, by, name), warnings=warnings
        )

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        try:
            return self._write_all(unit, answers)
        except AskingError as error:
            final = error.trouble is Trouble.WRONG_LOGIN
            return Outcome(Status.BLOCKED, error.args[0], is_final=final)

    def _write_all(self, unit: Unit, answers: Answers) -> Outcome:
        said: list[str] = []
        for one in read_wishes(answers, allow_local=self.allow_local):
            settings = unit.settings()
            if not one.is_so(settings):
                wish, remarks = self.find_wish(one, settings)
                said += remarks
                write_camera(unit.keeper, wish, unit.who, "commissioning: cameras")
        return Outcome(Status.DONE, say("written"), warnings=tuple(said))

    def find_wish(self, one: CameraWish, settings: Settings) -> tuple[Wish, list[str]]:
        """What is written of a camera, after it was asked; raises `CameraError`."""
        more = {"allow_local": True} if self.allow_local else {}
        if one.source:
            self.look(one.source, one.login, watch_s=1.0, allow_local=self.allow_local)
            return Wish(one.name, one.source, login=one.login, more=more), []
        device = survey.find_one(one.address)
        service = device.service if device else Service(one.address, self.port)
        found = survey.examine(service, one.login, device.endpoint if device else "")
        refuse_known(one, found, settings)
        main, sub = found.choice.main, found.choice.sub
        if main is None:
            raise CameraError(join_sentences("; ", found.choice.advice))
        said = survey.set_key_frames(found, one.login) if one.sets_key_frames else []
        wish = Wish(one.name, main.url, sub.url if sub else "", "", one.login, found.ids, more)
        return wish, [*found.warnings, *said]

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        facts: dict[str, Any] = {}
        warnings: list[str] = []
        cameras = unit.settings().camera
        for name, camera in cameras.items():
            facts[name], remarks = self.verify_one(unit, name, camera)
            warnings += remarks
        reason = say("pictures came from: {names}", names=", ".join(cameras))
        return Outcome(Status.DONE, reason, facts={"cameras": facts}, warnings=tuple(warnings))

    def verify_one(
        self, unit: Unit, name: str, camera: CameraSettings
    ) -> tuple[dict[str, Any], list[str]]:
        """A picture as evidence, and what the streams really send; raises `CameraError`."""
        facts: dict[str, Any] = {"device_ids": list(camera.device_ids)}
        if not parse_scheme(camera.source):
            return facts | {"kind": "video file or device"}, []
        remarks: list[str] = []
        login = read_login(camera)
        for word, url in (("main", camera.source), ("sub", camera.sub_source)):
            if url:
                found = self._look(name, url, login, camera)
                facts[f"{word}_stream"] = found.stream
                facts[f"{word}_key_frame_s"] = found.key_frame_s
                remarks += judge(name, word, found)
                if word == "main":
                    facts |= keep_still(unit.directory / STILLS / f"{name}.jpg", found)
        return facts, remarks

    def _look(self, name: str, url: str, login: asking.Login, camera: CameraSettings) -> Look:
        try:
            return self.look(url, login, allow_local=camera.allow_local, masks=camera.privacy_masks)
        except CameraError as error:
            raise CameraError(
                say("the camera {name}: {why}", name=name, why=error.args[0])
            ) from None


def make_questions(proposal: str | None, by: Sentence | None, name: str) -> tuple[Question, ...]:
    """What is asked about one camera."""
    return (
        Question(
            "camera.address",
            Kind.TEXT,
            say("The camera's address?"),
            help=say(
                "its IPv4 address; none where there is no camera; more than one: [[camera]] in "
                "site.toml, or this step again"
            ),
            proposal=proposal,
            proposed_by=by,
        ),
        Question("camera.name", Kind.TEXT, say("Its name?"), proposal=name),
        Question("camera.user", Kind.TEXT, say("The user at the camera?"), may_be_left_out=True),
        Question(
            "camera.password",
            Kind.SECRET,
            say("The password of that user at the camera?"),
            may_be_left_out=True,
        ),
    )


def refuse_known(one: CameraWish, found: Examination, settings: Settings) -> None:
    """A camera that has moved is not added a second time."""
    known = find_known(settings.camera, one.address, found.ids)
    if known.name and known.name != one.name and known.standing is not Standing.TAKEN:
        raise CameraError(
            say(
                "the camera at {address} is {name} under a new address: answer with its name, "
                "and its zones and masks stay",
                address=one.address,
                name=known.name,
            )
        )


def judge(name: str, word: str, found: Look) -> list[str]:
    """What is wrong with a stream as it was measured."""
    if found.key_frame_s is not None and found.key_frame_s <= LONGEST_KEY_FRAME_S:
        return []
    held = f"{found.key_frame_s:.1f}" if found.key_frame_s else "10+"
    return [
        say(
            "the camera {name}: its {stream} stream has a key frame every {held} s, and 2 s are "
            "wanted: set_key_frames = true sets it, or the camera's own page",
            name=name,
            stream=word,
            held=held,
        )
    ]


def keep_still(path: Path, found: Look) -> dict[str, Any]:
    """The picture as evidence, for root and the group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, found.jpeg, mode=STILL_MODE)
    return {
        "still": str(path),
        "still_sha256": hashlib.sha256(found.jpeg).hexdigest(),
        "still_width_px": found.width_px,
        "still_height_px": found.height_px,
    }
