"""The cameras as site.toml wants them: [[camera]], one for each, or [camera] for one or none.

    wishes = read_wishes(answers)        # AnswerError: nothing was applied
    wishes[0].is_so(settings)

Reads: the settings, a camera's password file. Writes: nothing.
Never: repeats a password.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from provisioning.commissioning.answers import Answers
from sensors.camera.discovery.asking import Login
from sensors.camera.discovery.identity import find_known, list_hosts
from sensors.camera.discovery.sections import read_login
from sensors.camera.discovery.survey import parse_camera_address
from sensors.camera.sources.address import parse_address

KEYS = ("name", "address", "source", "user", "password", "password_file", "set_key_frames", "none")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
NONE = "none"  # in the place of an address
FLAGS = ("set_key_frames", "none")


@dataclass(frozen=True, slots=True)
class CameraWish:
    """One camera. `source`: its stream where it has no ONVIF, else ""."""

    name: str
    address: IPv4Address
    source: str
    login: Login
    sets_key_frames: bool

    def is_so(self, settings: Settings) -> bool:
        """Whether the settings have it already."""
        camera = settings.camera.get(self.name)
        if camera is None or str(self.address) not in list_hosts(camera):
            return False
        if self.source and camera.source != self.source:
            return False
        return not self.login.user or try_login(camera) == self.login


def try_login(camera: CameraSettings) -> Login | None:
    """The login of a section; None where its file cannot be read."""
    try:
        return read_login(camera)
    except CameraError:
        return None


def wants_none(answers: Answers) -> bool:
    """Whether it is said that there is no camera."""
    return answers.find("none") is True or answers.find("address") == NONE


def read_wishes(answers: Answers, *, allow_local: bool = False) -> list[CameraWish]:
    """All of them; raises `AnswerError`."""
    rows = answers.rows or ((answers,) if answers.is_given else ())
    wishes = [read_wish(one, allow_local=allow_local) for one in rows]
    for number, one in enumerate(wishes):
        if one.name in [other.name for other in wishes[:number]]:
            raise answers.refuse(
                "name",
                what=f"is {one.name} for two cameras",
                advice="give each camera a name of its own",
            )
    return wishes


def read_wish(row: Answers, *, allow_local: bool) -> CameraWish:
    name = str(row.require("name"))
    if not NAME.fullmatch(name):
        raise row.refuse(
            "name",
            what=f"cannot be {name[:40]!r}",
            advice="it is of small letters, digits and hyphens, at most 32, such as gate",
        )
    for key in FLAGS:
        if not isinstance(row.find(key) or False, bool):
            raise row.refuse(key, what="is neither true nor false", advice="write one of them")
    source = row.find_text("source", 300) or ""
    address = read_address(row, source, allow_local=allow_local)
    user, password = row.find_text("user") or "", row.find_secret("password") or ""
    if password and not user:
        raise row.refuse("user", what="is not given", advice="a password belongs to a user")
    return CameraWish(name, address, source, Login(user, password), bool(row.find(FLAGS[0])))


def read_address(row: Answers, source: str, *, allow_local: bool) -> IPv4Address:
    """That of the camera, or of its stream."""
    key = "source" if source else "address"
    try:
        host = parse_address(source).host if source else str(row.require("address"))
        if source and parse_address(source).user:
            raise row.refuse(key, what="has a login in it", advice="give `user` and `password`")
        return parse_camera_address(host, allow_local=allow_local)
    except CameraError as error:
        raise row.refuse(
            key, what=f"cannot be used: {error}", advice="name one private IPv4 address"
        ) from None


def refuse_second_names(wishes: list[CameraWish], settings: Settings, answers: Answers) -> None:
    """A camera that the settings have is not added under a second name."""
    for one in wishes:
        held = find_name(one, settings)
        if held and one.name not in settings.camera:
            raise answers.refuse(
                "name",
                what=f"is {one.name}, but the camera at {one.address} is {held} already",
                advice=f"write name = {held!r}, or take that section away first",
            )


def find_name(one: CameraWish, settings: Settings) -> str:
    """The section that has it, else ""; a recorder has several cameras at one address, each with
    a source.
    """
    if one.source:
        sources = {camera.source: name for name, camera in settings.camera.items()}
        return sources.get(one.source, "")
    return find_known(settings.camera, one.address, ()).name
