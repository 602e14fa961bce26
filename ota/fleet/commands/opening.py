"""What the commands of the fleet's server share: the address of its database.

Reads: $FLEET_DATABASE. Writes: nothing.
Never: imports the libraries of the server before a command needs them.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.parsing.arguments import NAME
from ota.fleet.errors import FleetError
from ota.release.commands.opening import add_fleet, find_directory

if TYPE_CHECKING:
    from sqlalchemy import Engine

VARIABLE = "FLEET_DATABASE"
FILE = "fleet.db"


def add_database(parser: argparse.ArgumentParser) -> None:
    add_fleet(parser)
    add_database_option(parser)


def add_database_option(parser: argparse.ArgumentParser) -> None:
    text = f"the fleet's database (default: ${VARIABLE}, else {FILE} in the fleet's directory)"
    parser.add_argument("--database", type=NAME, metavar="URL", default=None, help=text)


def find_address(arguments: argparse.Namespace) -> str:
    """The one that is named, else that of a file in the fleet's directory."""
    given: str | None = arguments.database or os.environ.get(VARIABLE)
    return given or f"sqlite:///{find_file(arguments)}"


def find_database(arguments: argparse.Namespace) -> str | None:
    """The address; None where none is named and there is no file."""
    named = bool(arguments.database or os.environ.get(VARIABLE))
    return find_address(arguments) if named or find_file(arguments).exists() else None


def find_file(arguments: argparse.Namespace) -> Path:
    return Path(find_directory(arguments), FILE).absolute()


def open_engine(arguments: argparse.Namespace) -> "Engine":
    """The database, its tables up to date. Raises `FleetError`."""
    try:
        from ota.fleet.database.opening import open_database  # noqa: PLC0415
    except ImportError as error:
        raise FleetError(
            f"{error.name} is missing, which the fleet's server needs: install this program with "
            "its extra `fleet` (docs/fleet.md)"
        ) from error
    return open_database(find_address(arguments))
