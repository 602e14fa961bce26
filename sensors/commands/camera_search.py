"""What `unitctl cameras find` does.

Reads: the settings, the network, one camera. Writes: as find_cameras.py says.
Never: prints a password, or writes settings of a camera that does not answer as that camera.
"""

import argparse
import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.commands.opening import find_settings
from appliance.commands.printing import BAD, Line, Section, show, show_json
from appliance.errors import CameraError, SettingsError
from appliance.log import redact
from appliance.media.erasing import find_user_name
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.settings_change.applying import Keeper
from appliance.settings_change.history import Entry
from sensors.camera.discovery import asking, rtsp_ports, survey
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.asking import NOBODY, Login
from sensors.camera.discovery.identity import Standing, find_known, is_same
from sensors.camera.discovery.sections import Wish, move_camera, read_login, write_camera
from sensors.camera.discovery.survey import Examination, Sighting
from sensors.camera.discovery.troubles import AskingError, Trouble
from sensors.camera.sources.address import parse_address
from sensors.camera.sources.opening import read_password

WITHOUT_ONVIF = (Trouble.CLOSED, Trouble.SILENT, Trouble.NOT_ONVIF, Trouble.NO_LIBRARY)


def run(arguments: argparse.Namespace) -> int:
    """The exit code."""
    settings = settings_file.load_settings(find_settings(arguments.settings))
    if arguments.at is None:
        refuse_without_at(arguments)
        return list_cameras(arguments, settings)
    return Search(arguments, settings).run()


def refuse_without_at(arguments: argparse.Namespace) -> None:
    for key in ("add", "move", "still", "set_key_frames", "source", "user"):
        if getattr(arguments, key):
            word = key.replace("_", "-")
            raise SettingsError(f"--{word} is about one camera: name it with --at ADDRESS")


# --- all ------------------------------------------------------------------------------------------


def list_cameras(arguments: argparse.Namespace, settings: Settings) -> int:
    """All that answer, with what to do next."""
    found, troubles = survey.find_cameras(settings.camera, arguments.wait)
    if arguments.json:
        show_json({"cameras": [describe(one) for one in found], "troubles": list(troubles)})
        return 0 if found else 1
    lines = [line for one in found for line in list_lines(one)]
    show([Section("Cameras in the network", lines)])
    for text in troubles:
        print(text, file=sys.stderr)
    if not found:
        print(
            "no camera answered: many have ONVIF or its discovery off when new; where you know the "
            "address, `unitctl cameras find --at ADDRESS`",
            file=sys.stderr,
        )
    return 0 if found else 1


def list_lines(one: Sighting) -> list[Line]:
    """A camera, what is wrong with it, and the next command."""
    device = one.device
    called = " ".join(word for word in (device.name, device.hardware) if word)
    lines = [Line(str(device.address), f"{called or 'without a name'}; {say_standing(one)}")]
    lines += [Line("", text, BAD) for text in device.remarks]
    return lines


def say_standing(one: Sighting) -> str:
    """Whether the settings know it, and what to do."""
    place = f"unitctl cameras find --at {one.device.address}"
    name = one.known.name
    return {
        Standing.KNOWN: f"the camera {name}",
        Standing.MOVED: f"the camera {name} under a new address: {place} --move {name}",
        Standing.TAKEN: f"another camera than {name}, which had this address: {place}",
        Standing.NEW: f"new: {place} --user USER",
    }[one.known.standing]


def describe(one: Sighting) -> dict[str, Any]:
    """The same as JSON."""
    device = one.device
    return {
        "address": str(device.address),
        "service": device.service.url,
        "name": device.name,
        "hardware": device.hardware,
        "endpoint": device.endpoint,
        "network": device.network,
        "standing": one.known.standing.value,
        "camera": one.known.name,
        "remarks": list(device.remarks),
    }


# --- one ------------------------------------------------------------------------------------------


class Search:
    """One camera."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings) -> None:
        self._arguments, self._settings = arguments, settings
        host, port = arguments.at
        self._address = survey.parse_camera_address(host, allow_local=arguments.allow_local)
        device = survey.find_one(self._address)
        found = device.service if device else Service(self._address)
        self._service = replace(found, port=port) if port else found
        self._endpoint = device.endpoint if device else ""
        self._section = self._find_section()
        self._login = find_login(arguments, self._section)

    def run(self) -> int:
        if self._arguments.source:
            return self._add_by_hand()
        try:
            found = survey.examine(self._service, self._login, self._endpoint)
        except AskingError as error:
            raise CameraError(f"{error}{self._say_ports(error.trouble)}") from None
        if self._arguments.set_key_frames:
            for text in survey.set_key_frames(found, self._login):
                print(text, file=sys.stderr)
            found = survey.examine(self._service, self._login, self._endpoint)
        self._show(found)
        return self._write(found)

    def _find_section(self) -> CameraSettings | None:
        """The section of that name or at that address, whose login is taken."""
        name = self._arguments.move or self._arguments.add
        if self._arguments.move and name not in self._settings.camera:
            raise SettingsError(f"there is no [camera.{name}] in {self._settings.path}")
        if name is None:
            ids = [f"onvif:{self._endpoint}"] if self._endpoint else []
            name = find_known(self._settings.camera, self._address, ids).name
        return self._settings.camera.get(name)

    def _say_ports(self, trouble: Trouble) -> str:
        if trouble not in WITHOUT_ONVIF:
            return ""
        ports = rtsp_ports.list_rtsp_ports(self._address)
        if not ports:
            return ""
        places = " and ".join(map(str, ports))
        return (
            f"; it speaks RTSP at port {places}: look its path up in its manual and give "
            f"--source rtsp://{self._address}:{ports[0]}/PATH --add NAME"
        )

    def _show(self, found: Examination) -> None:
        if self._arguments.json:
            show_json(describe_found(found))
            return
        facts, choice = found.facts, found.choice
        lines = [
            Line("camera", f"{facts.manufacturer} {facts.model}, firmware {facts.firmware}"),
            Line("serial", f"{facts.serial or 'none'}; {facts.mac or 'hardware address not told'}"),
        ]
        for word, one in (("main stream", choice.main), ("sub stream", choice.sub)):
            if one:
                lines.append(Line(word, f"{redact(one.url)}: {describe_encoder(one.encoder)}"))
        lines += [Line("", text, BAD) for text in (*found.warnings, *choice.advice)]
        show([Section(str(found.service.address), lines)])

    def _write(self, found: Examination) -> int:
        main = found.choice.main
        if self._arguments.move:
            self._move(found)
        elif self._arguments.add:
            if main is None:
                raise CameraError(str(found.choice.advice[-1]))
            sub = found.choice.sub.url if found.choice.sub else ""
            self._add(Wish(self._arguments.add, main.url, sub, device_ids=found.ids))
        if self._arguments.still and main is not None:
            self._take_still(main.url)
        return 0 if main is not None else 1

    def _move(self, found: Examination) -> None:
        """Only where it is the same camera for certain."""
        name = self._arguments.move
        known = self._settings.camera[name].device_ids
        if is_same(found.ids, known) is not True:
            why = "nothing is kept by which it could be told apart" if not known else "it is not"
            raise CameraError(
                f"whether {found.service.address} is the camera {name} is not certain ({why}): "
                f"give --add {name} to put it in its place"
            )
        show_entry(move_camera(self._keeper, name, self._address, find_user_name()))

    def _add_by_hand(self) -> int:
        """A camera without ONVIF; a picture of it proves the address."""
        source, name = self._arguments.source, self._arguments.add
        if name is None:
            raise SettingsError("--source belongs to --add NAME")
        address = parse_address(source)
        if address.host != str(self._address):
            raise SettingsError(f"--source must be an address of {self._address}, as --at says")
        if address.user:
            raise SettingsError("give the login with --user, not in --source")
        self._take_still(source)
        self._add(Wish(name, source))
        return 0

    def _add(self, wish: Wish) -> None:
        more = {"allow_local": True} if self._arguments.allow_local else {}
        login = self._login if self._arguments.user else NOBODY
        wish = replace(wish, login=login, more=more)
        show_entry(write_camera(self._keeper, wish, find_user_name(), "found in the network"))

    def _take_still(self, url: str) -> None:
        """A picture of the stream, with the masks of its section; and what was measured."""
        masks = self._section.privacy_masks if self._section else ()
        local = self._arguments.allow_local
        look = asking.look(url, self._login, allow_local=local, masks=masks)
        every = f", a key frame every {look.key_frame_s:.1f} s" if look.key_frame_s else ""
        print(f"{look.stream or 'the stream'}{every}", file=sys.stderr)
        if self._arguments.still:
            self._arguments.still.write_bytes(look.jpeg)
            print(f"a picture is in {self._arguments.still}", file=sys.stderr)

    @property
    def _keeper(self) -> Keeper:
        return Keeper(self._settings.path.absolute(), SystemClock())


def find_login(arguments: argparse.Namespace, section: CameraSettings | None) -> Login:
    """What was given, else what the section has."""
    if arguments.user:
        return Login(arguments.user, find_password(arguments.password_file))
    if arguments.password_file:
        raise SettingsError("--password-file needs --user")
    return read_login(section) if section else NOBODY


def find_password(path: Path | None) -> str:
    """From the file, else from the terminal, which does not show it."""
    if path is not None:
        return read_password(path)
    if not sys.stdin.isatty():
        raise SettingsError("there is no terminal to type the password on: give --password-file")
    return getpass.getpass("Password at the camera: ")


def describe_encoder(encoder: Any) -> str:
    """An encoder in words."""
    rate = f", {encoder.frames_per_s:g} pictures a second" if encoder.frames_per_s else ""
    held_s = encoder.key_frame_s
    key = f", a key frame every {held_s:.1f} s" if held_s else ""
    return f"{encoder.codec} {encoder.width_px or '?'}x{encoder.height_px or '?'}{rate}{key}"


def describe_found(found: Examination) -> dict[str, Any]:
    """The same as JSON; without the addresses of streams as the camera gave them."""
    facts = found.facts.to_json() | {"profiles": None}
    streams = {
        word: {"url": redact(one.url), "encoder": describe_encoder(one.encoder)}
        for word, one in (("main", found.choice.main), ("sub", found.choice.sub))
        if one
    }
    return {
        "service": found.service.url,
        "facts": {key: value for key, value in facts.items() if key != "profiles"},
        "streams": streams,
        "ids": list(found.ids),
        "warnings": list(found.warnings),
        "advice": list(found.choice.advice),
    }


def show_entry(entry: Entry | None) -> None:
    """What became of the settings."""
    if entry is None:
        print("the settings say so already: nothing was changed", file=sys.stderr)
        return
    text = f"change {entry.number} is made; `unitctl settings back {entry.number}` undoes it"
    print(text, file=sys.stderr)
    for said in entry.said:
        print(said, file=sys.stderr)
