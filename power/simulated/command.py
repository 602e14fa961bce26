"""The command line of `python -m power.simulated`.

Reads: its arguments. Writes: its help.
Never: knows how a device works.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.settings import Settings
from power.simulated.quirks import Quirk

DEVICES = ("epever",)
EPILOG = """quirks:
{quirks}

The unit that uses it has charger.port set to the link (or tcp://HOST:PORT).
The load on the simulated battery is what that unit's services report in its database.

example:
  python -m power.simulated epever --settings unit.toml --link run/charger --quirk echo
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What was asked for."""

    device: str
    settings: Path | None
    link: Path | None
    tcp: tuple[str, int] | None
    quirks: tuple[Quirk, ...]
    seed: int | None

    def seeded(self, settings: Settings) -> Settings:
        """The settings with the seed of the command line, if one was given."""
        if self.seed is None:
            return settings
        return replace(settings, simulation=replace(settings.simulation, seed=self.seed))


def parse(arguments: list[str] | None = None) -> Command:
    """Read the command line; prints help or what is wrong and exits as argparse does."""
    given = parser().parse_args(arguments)
    return Command(
        given.device,
        given.settings,
        given.link,
        given.tcp,
        tuple(Quirk(name) for name in given.quirk),
        given.seed,
    )


def parser() -> argparse.ArgumentParser:
    quirks = "\n".join(f"  {quirk.value:13} {quirk.text}" for quirk in Quirk)
    result = argparse.ArgumentParser(
        prog="python -m power.simulated",
        description="A simulated charge controller with sun, clouds and battery behind it.",
        epilog=EPILOG.format(quirks=quirks),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("device", choices=DEVICES, help="which controller to be")
    result.add_argument("--settings", type=Path, help="settings file of the unit")
    result.add_argument("--link", type=Path, help="make this path a link to the serial port")
    result.add_argument(
        "--tcp", type=host_and_port, metavar="HOST:PORT", help="serve Modbus TCP instead"
    )
    result.add_argument(
        "--quirk",
        action="append",
        default=[],
        metavar="NAME",
        choices=[quirk.value for quirk in Quirk],
        help="be faulty in this way (may be given more than once)",
    )
    result.add_argument("--seed", type=int, help="seed of clouds and noise, instead of settings'")
    return result


def host_and_port(text: str) -> tuple[str, int]:
    """HOST:PORT as a pair."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"must be HOST:PORT, not {text!r}")
    return host, int(port)
