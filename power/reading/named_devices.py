"""The sections of power devices, checked before anything is opened: models, ports, ids.

In: the settings. Out: findings. Links among the ports' names are followed, nothing else is read.
Never: opens a port.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from appliance.errors import SettingsError
from appliance.process.settings_checks import SettingsFinding
from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.wording.sentence import say
from power import devices
from power.protocol.line_place import SerialForm
from power.protocol.ports import TCP, parse_tcp_address
from power.protocol.profile import Profile
from power.reading.line_form import choose_form

MODBUS = ("Modbus", "SunSpec")
THIS_COMPUTER, LOOPBACK = "127.0.0.1", ("localhost", "::1", "[::1]")
LOWEST_MODBUS_ID, HIGHEST_MODBUS_ID = 1, 247  # on a serial line; 0 asks all at once


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """One section with its model; `place` is its port by the name that all links lead to."""

    where: tuple[str, str]
    settings: ChargerSettings | BmsSettings
    profile: Profile

    @property
    def title(self) -> str:
        return f"[{'.'.join(self.where)}]"

    @property
    def device_id(self) -> int:
        chosen = self.settings.device_id
        return self.profile.device_id if chosen is None else chosen

    @property
    def form(self) -> SerialForm:
        """How the bytes run on its line."""
        return choose_form(self.profile, self.settings)

    @property
    def place(self) -> str:
        port = self.settings.port
        if port.startswith(TCP):
            host, number = parse_tcp_address(port)
            host = host.lower().rstrip(".")
            return f"{TCP}{THIS_COMPUTER if host in LOOPBACK else host}:{number}"
        return os.path.realpath(port)

    def find(self, key: str, text: str) -> SettingsFinding:
        return SettingsFinding((*self.where, key), text)

    def warn(self, key: str, text: str) -> SettingsFinding:
        return SettingsFinding((*self.where, key), text, is_warning=True)


def find_errors(settings: Settings) -> list[SettingsFinding]:
    """Everything for which the power service does not start."""
    if not settings.power_devices:
        text = say("is missing: without a charge controller or a BMS there is no guard; ")
        return [
            SettingsFinding(("charger",), say("{text}`unitctl power probe` finds them", text=text))
        ]
    found: list[SettingsFinding] = []
    known: list[NamedDevice] = []
    for device in list_devices(settings):
        if isinstance(device, SettingsFinding):
            found.append(device)
            continue
        wrong = [*find_wrong_port(device), *find_wrong_id(device)]
        found += wrong
        known += [] if wrong else [device]
    for one, other in combinations(known, 2):
        if one.place == other.place:
            found += find_collision(one, other)
    return found


def list_devices(settings: Settings) -> Iterator[NamedDevice | SettingsFinding]:
    """Each section with its model, or why it has none."""
    sections: list[tuple[tuple[str, str], ChargerSettings | BmsSettings]] = [
        (("charger", name), one) for name, one in settings.charger.items()
    ]
    sections += [(("bms", name), one) for name, one in settings.bms.items()]
    for where, own in sections:
        find = devices.find_charger if where[0] == "charger" else devices.find_battery
        try:
            yield NamedDevice(where, own, find(own.model))
        except SettingsError as error:
            yield SettingsFinding((*where, "model"), say("is wrong: {error}", error=error))


def find_wrong_port(device: NamedDevice) -> Iterator[SettingsFinding]:
    port = device.settings.port
    if not port:
        yield device.find("port", say("is empty: name a serial device or tcp://HOST:PORT"))
    elif port.startswith(TCP):
        try:
            parse_tcp_address(port)
        except SettingsError as error:
            yield device.find("port", say("is wrong: {error}", error=error))
    elif "://" in port:
        yield device.find(
            "port", say("must be a serial device or tcp://HOST:PORT, not {port}", port=port)
        )
    elif device.profile.tcp_only:
        yield device.find(
            "port",
            say(
                "must be tcp://HOST:PORT, not {port}: {profile} has no serial port",
                port=port,
                profile=device.profile.name,
            ),
        )


def find_wrong_id(device: NamedDevice) -> Iterator[SettingsFinding]:
    profile, chosen = device.profile, device.device_id
    if chosen in profile.never_ids:
        yield device.find(
            "device_id",
            say(
                "must not be {chosen}: a {profile} at that id must not be polled; leave it out "
                "for {device_id}",
                chosen=chosen,
                profile=profile.name,
                device_id=profile.device_id,
            ),
        )
    on_line = profile.protocol in MODBUS and (
        device.form.bridged or not device.settings.port.startswith(TCP)
    )
    usual = LOWEST_MODBUS_ID <= chosen <= HIGHEST_MODBUS_ID or chosen in profile.known_ids
    if on_line and not usual:
        yield device.find(
            "device_id",
            say(
                "must be from {lowest_modbus_id} to {highest_modbus_id} on a serial line, not "
                "{chosen}",
                lowest_modbus_id=LOWEST_MODBUS_ID,
                highest_modbus_id=HIGHEST_MODBUS_ID,
                chosen=chosen,
            ),
        )


def find_collision(one: NamedDevice, other: NamedDevice) -> Iterator[SettingsFinding]:
    """Why two devices at one port cannot work together."""
    names = f"{one.title} and {other.title}"
    whole, part = (other, one) if one.profile.name in other.profile.includes else (one, other)
    if part.profile.name in whole.profile.includes and one.where[0] == other.where[0]:
        yield part.find(
            "port",
            say(
                "is that of {whole}, and a {profile} already includes the {other_profile} there: "
                "leave {part} out",
                whole=whole.title,
                profile=whole.profile.name,
                other_profile=part.profile.name,
                part=part.title,
            ),
        )
    elif is_named_twice(one, other):
        yield other.find(
            "port",
            say(
                "is named twice: {names} are one device (id {device_id} at {place}); leave one "
                "out, or give each its own `device_id` or port",
                names=names,
                device_id=one.device_id,
                place=one.place,
            ),
        )
    elif not have_one_line(one, other):
        yield other.find(
            "port",
            say(
                "is that of {title}, and {profile} ({line}) and {other_profile} ({other_line}) "
                "cannot share a line: give each a port of its own",
                title=one.title,
                profile=one.profile.name,
                line=describe_line(one),
                other_profile=other.profile.name,
                other_line=describe_line(other),
            ),
        )
    elif not (one.profile.has_ids and other.profile.has_ids):
        alone = other if one.profile.has_ids else one
        yield other.find(
            "port",
            say(
                "is named twice: {names} are at {place}, and a {profile} has no id on its line: "
                "only one can be there; give each a port of its own",
                names=names,
                place=one.place,
                profile=alone.profile.name,
            ),
        )
    elif one.settings.port != other.settings.port and not one.place.startswith(TCP):
        yield other.find(
            "port",
            say(
                "is another name of the port of {title}: write {port} in both",
                title=one.title,
                port=one.settings.port,
            ),
        )


def is_named_twice(one: NamedDevice, other: NamedDevice) -> bool:
    """Whether both sections reach the same device. One device may be a charger and a battery, where
    one maker's tables say so (SunSpec, a Victron GX).
    """
    if one.device_id != other.device_id:
        return False
    if one.where[0] == other.where[0]:
        return True
    related = type(one.profile).__module__ == type(other.profile).__module__
    own_line = one.place.startswith(TCP) and not one.form.bridged
    return not related and have_one_line(one, other) and not own_line


def have_one_line(one: NamedDevice, other: NamedDevice) -> bool:
    if (one.profile.protocol in MODBUS) != (other.profile.protocol in MODBUS):
        return False
    if one.place.startswith(TCP):
        return one.form.bridged == other.form.bridged
    return one.form == other.form


def describe_line(device: NamedDevice) -> str:
    return f"{device.profile.protocol}, {device.form}"
