"""Checks the sections of power devices: models, ports, ids, and what shares a line. Pure, but that
links among the ports' names are followed.

In: the settings. Out: findings; the power service refuses to start with the errors among them.
Never: opens a port.
"""

from collections.abc import Iterator

from appliance.clock import SystemClock
from appliance.errors import SettingsError
from appliance.process.settings_checks import SettingsFinding
from appliance.settings import Settings
from power.probe.ports import KERNEL_NAME, find_lasting_name
from power.protocol.ports import TCP
from power.reading.meters import open_meters
from power.reading.named_devices import find_errors


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """All findings, for `unitctl settings --check` and `unitctl doctor`."""
    errors = find_errors(settings)
    yield from errors
    if not errors:
        yield from find_what_the_service_refuses(settings)
    yield from find_passing_ports(settings)


def find_what_the_service_refuses(settings: Settings) -> Iterator[SettingsFinding]:
    """What opening the meters raises; nothing is opened before their first reading."""
    try:
        open_meters(settings, SystemClock())
    except SettingsError as error:
        yield SettingsFinding(("charger",), f"cannot be used: {error}")


def find_passing_ports(settings: Settings) -> Iterator[SettingsFinding]:
    """Ports by the name that the kernel gives in the order of plugging in."""
    sections = [("charger", name, one.port) for name, one in settings.charger.items()]
    sections += [("bms", name, one.port) for name, one in settings.bms.items()]
    for section, name, port in sections:
        if not port.startswith(TCP) and KERNEL_NAME.fullmatch(port.rpartition("/")[2]):
            lasting = find_lasting_name(port)
            better = lasting if lasting != port else "its name in /dev/serial/by-path"
            yield SettingsFinding(
                (section, name, "port"),
                f"is {port}, which may be another adapter after a restart: use {better}",
                is_warning=True,
            )
