"""Writes a camera as a section of the settings, and gives one its new address.

    write_camera(Keeper(path, clock), wish, who="Ada")
    move_camera(Keeper(path, clock), "gate", IPv4Address("10.0.0.9"), who="Ada")

Reads: the settings file. Writes: the settings file through its keeper, which checks the whole and
keeps the old one; the camera's password file beside it (mode 0640, owner and group of the
settings).
Never: puts a password into the settings or into an error, leaves a new password file where the
change is refused, or changes anything that is so already.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from appliance import settings_file
from appliance.errors import CameraError
from appliance.parsing.small_file import read_small_file
from appliance.sections.cameras import CameraSettings
from appliance.settings_change.applying import Keeper, Wanted
from appliance.settings_change.history import Entry
from appliance.settings_change.preview import propose
from appliance.settings_change.target import Target, read_target, replace_target
from appliance.settings_change.trees import REMOVED, get
from appliance.settings_rules.places import Place
from appliance.wording.sentence import say
from sensors.camera.discovery.asking import NOBODY, Login
from sensors.camera.sources.address import parse_address, parse_scheme
from sensors.camera.sources.opening import read_password

PASSWORD_MODE = 0o640
LONGEST_PASSWORD = 4096
ADDRESSES = ("source", "sub_source", "onvif")


@dataclass(frozen=True, slots=True)
class Wish:
    """A camera as it shall stand in the settings. Without a login or `onvif` those of a section
    that is there stay; without a sub stream it has none.
    """

    name: str
    source: str = field(repr=False)
    sub_source: str = field(default="", repr=False)
    onvif: str = ""
    login: Login = NOBODY
    device_ids: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)  # such as allow_local


def write_camera(keeper: Keeper, wish: Wish, who: str, why: str = "") -> Entry | None:
    """Add the section, or bring it up to date; None where it is so already. Raises `ChangeError`,
    and nothing was changed.
    """
    held = read_target(keeper.path)
    undo = store_password(keeper.path, wish, held)
    try:
        wanted = list_wanted(keeper.path, wish)
        return change(
            keeper, {("camera", wish.name, key): one for key, one in wanted.items()}, who, why
        )
    except BaseException:
        undo()
        raise


def move_camera(keeper: Keeper, name: str, address: IPv4Address, who: str) -> Entry | None:
    """The same camera at its new address; None where it is there already."""
    tree = settings_file.parse_own(keeper.path, read_target(keeper.path).data)[1]
    section = get(tree, ("camera", name))
    if not isinstance(section, Mapping):
        raise CameraError(say("there is no [camera.{name}] in the settings", name=name))
    moved: dict[Place, Any] = {
        ("camera", name, key): put_host(section[key], address)
        for key in ADDRESSES
        if isinstance(section.get(key), str) and parse_scheme(section[key])
    }
    return change(keeper, moved, who, f"the camera has moved to {address}")


def change(keeper: Keeper, wanted: Mapping[Place, Any], who: str, why: str) -> Entry | None:
    """Put in force what is not so yet."""
    data = read_target(keeper.path).data
    tree = settings_file.parse_own(keeper.path, data)[1]
    changes = {where: value for where, value in wanted.items() if get(tree, where) != value}
    if not changes:
        return None
    preview = propose(keeper.path, data, changes, from_page=False)
    return keeper.change(Wanted(preview.text, preview.base, who, why))


def list_wanted(path: Path, wish: Wish) -> dict[str, Any]:
    """The keys of the section; one that shall be empty is taken away."""
    wanted = {
        "source": wish.source,
        "sub_source": wish.sub_source or REMOVED,
        "device_ids": list(wish.device_ids) or REMOVED,
        **wish.more,
    }
    if wish.onvif:
        wanted["onvif"] = wish.onvif
    if wish.login.user:
        file = str(find_password_file(path, wish.name)) if wish.login.password else REMOVED
        wanted |= {"user": wish.login.user, "password_file": file}
    return wanted


def find_password_file(path: Path, name: str) -> Path:
    """Where the password of a camera lies."""
    return path.absolute().parent / f"{name}.password"


def store_password(path: Path, wish: Wish, held: Target) -> Callable[[], None]:
    """Write the password file; what it returns undoes it."""
    password = wish.login.password
    if not password:
        return do_nothing
    if not password.isprintable() or len(password.encode()) >= LONGEST_PASSWORD:
        raise CameraError(say("a camera's password must be one line of printable characters"))
    file = find_password_file(path, wish.name)
    before = None
    with suppress(FileNotFoundError):
        before = read_small_file(file, LONGEST_PASSWORD)
    if before == f"{password}\n".encode():
        return do_nothing
    like = replace(held, mode=PASSWORD_MODE)
    replace_target(file, like, f"{password}\n".encode())

    def undo() -> None:
        if before is None:
            file.unlink()
        else:
            replace_target(file, like, before)

    return undo


def read_login(camera: CameraSettings) -> Login:
    """The login that a section has, wherever it is kept; raises `CameraError`."""
    if camera.user or camera.password_file:
        held = read_password(camera.password_file) if camera.password_file else ""
        return Login(camera.user, held)
    if not parse_scheme(camera.source):
        return NOBODY
    address = parse_address(camera.source)
    return Login(address.user, address.password)


def do_nothing() -> None:
    """Nothing was written."""


def put_host(text: str, address: IPv4Address) -> str:
    """An address with another host; login, port and path stay."""
    parts = urlsplit(text)
    login, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]") or (host and not port.isdigit()):
        colon, port = "", ""
    return urlunsplit(parts._replace(netloc=f"{login}{at}{address}{colon}{port}"))
