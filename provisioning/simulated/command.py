"""The command line of `python -m provisioning.simulated`.

Reads: its arguments. Writes: its help.
Never: depends on how a device works.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import parse_address, parse_count
from appliance.settings import ModbusFraming, Settings
from provisioning.simulated.devices.models import SIMULATORS, find_full_name
from provisioning.simulated.lines.quirks import LINE_QUIRKS
from provisioning.simulated.plant.generator import QUIRKS as GENERATOR_QUIRKS

EPILOG = """Without a DEVICE, every charger and BMS of the settings is simulated at its port.
The load on the simulated battery is what the unit's services report in its database.

devices and their quirks:
{devices}

quirks of the line:
{line}

examples:
  python -m provisioning.simulated epever --quirk torn32
  python -m provisioning.simulated renogy-rover jbd --link run/charger --link run/bms
"""

MANY: dict[str, Any] = {"action": "append", "default": []}  # may be given more than once


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One device to simulate; `port` a link to make, tcp://HOST:PORT, or None for any.

    `bridged`: the TCP port carries the bytes of a serial line.
    """

    model: str
    port: str | None = None
    device_id: int | None = None
    bridged: bool = False


@dataclass(frozen=True, slots=True)
class SimulatorArguments:
    """What was asked for."""

    devices: tuple[DeviceRequest, ...]
    settings: Path | None
    quirks: tuple[str, ...]
    seed: int | None

    def read_settings(self) -> Settings:
        """The settings named, or those of a unit; where there are none, the defaults will do for
        devices that are named. Raises `SettingsError`.
        """
        if (
            self.settings is None
            and self.devices
            and not settings_file.find_settings_file().exists()
        ):
            return self._set_seed(Settings())
        return self._set_seed(settings_file.load_settings(self.settings))

    def _set_seed(self, settings: Settings) -> Settings:
        """The settings with the seed of the command line, if one was given."""
        if self.seed is None:
            return settings
        return replace(settings, simulation=replace(settings.simulation, seed=self.seed))

    def list_requests(self, settings: Settings) -> tuple[DeviceRequest, ...]:
        """The devices of the command line, or else those of the settings."""
        if self.devices:
            return self.devices
        return tuple(
            DeviceRequest(
                find_full_name(one.model),
                one.port,
                one.device_id,
                one.framing is ModbusFraming.RTU,
            )
            for one in settings.power_devices
        )


def parse_command(arguments: list[str] | None = None) -> SimulatorArguments:
    """Read the command line; prints help or what is wrong and exits as argparse does."""
    command = make_parser()
    given = command.parse_args(arguments)
    ports = given.place
    try:
        models = [find_full_name(name) for name in given.device]
        check_quirks(given.quirk)
    except SettingsError as error:
        command.error(str(error))
    if len(ports) > len(models):
        command.error("there are more places (--link, --tcp) than devices")
    if len(given.id) > len(models):
        command.error("there are more ids (--id) than devices")
    ports += [None] * (len(models) - len(ports))
    ids = [*given.id, *([None] * len(models))]
    devices = tuple(
        DeviceRequest(model, port, number, given.bridge)
        for model, port, number in zip(models, ports, ids, strict=False)
    )
    return SimulatorArguments(devices, given.settings, tuple(given.quirk), given.seed)


def check_quirks(names: list[str]) -> None:
    """Raise `SettingsError` for a quirk that neither the line nor any device has."""
    known = {**LINE_QUIRKS, **GENERATOR_QUIRKS}
    for simulator in SIMULATORS.values():
        known.update(simulator.QUIRKS)
    for name in names:
        if name not in known:
            raise SettingsError(f"{name!r} is no quirk; there are: {', '.join(sorted(known))}")


def make_parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m provisioning.simulated",
        description="Simulated charge controllers and batteries with sun and clouds behind them.",
        epilog=EPILOG.format(
            devices=format_device_help(),
            line=format_quirk_help(LINE_QUIRKS | GENERATOR_QUIRKS, "  "),
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_device_arguments(result)
    result.add_argument(
        "--quirk",
        **MANY,
        metavar="NAME",
        help="simulate this fault (may be given more than once)",
    )
    result.add_argument(
        "--seed",
        type=make_type(parse_count, 0, 2**31),
        help="seed of clouds and noise (default: that of the settings)",
    )
    return result


def add_device_arguments(result: argparse.ArgumentParser) -> None:
    """Which devices, where, and under which ids."""
    result.add_argument("device", nargs="*", help="a model, or how its name begins")
    result.add_argument("--settings", type=PATH, help="settings file of the unit")
    result.add_argument(
        "--link", **MANY, dest="place", metavar="PATH", help="path of a link to the serial port"
    )
    result.add_argument(
        "--tcp",
        **MANY,
        dest="place",
        type=make_type(make_tcp_url),
        metavar="HOST:PORT",
        help="serve Modbus TCP at this place instead; one place for each device, in their order",
    )
    result.add_argument(
        "--bridge",
        action="store_true",
        help="--tcp carries RTU frames, as a transparent bridge does",
    )
    result.add_argument(
        "--id",
        **MANY,
        type=make_type(parse_count, 0, 255),
        help="Modbus id, in the order of the devices",
    )


def format_device_help() -> str:
    """Each device with its own quirks."""
    return "\n".join(
        f"  {name}\n{format_quirk_help(one.QUIRKS, '    ')}" for name, one in SIMULATORS.items()
    )


def format_quirk_help(quirks: Mapping[str, str], indent: str) -> str:
    """One quirk a line."""
    return "\n".join(f"{indent}{name:14} {text}" for name, text in quirks.items())


def make_tcp_url(text: str) -> str:
    """HOST:PORT as tcp://HOST:PORT."""
    parse_address(text)
    return f"tcp://{text}"
