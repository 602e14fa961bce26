"""What the commands of the fleet's server share: the address of its database.

Reads: $FLEET_DATABASE. Writes: nothing.
Never: imports the libraries of the server before a command needs them.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.parsing.arguments import NAME
from ota.disk import Disk
from ota.fleet.errors import FleetError
from ota.release.commands.opening import add_fleet, find_directory
from ota.release.keys.key_list import read_key_list

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
    """The one that is named, else that of a file in the fleet's directory; where there is none yet,
    the directory must be a fleet's: a slip in its name makes no empty database. Raises
    `ReleaseError`.
    """
    given: str | None = arguments.database or os.environ.get(VARIABLE)
    if given:
        return given
    if not find_file(arguments).exists():
        read_key_list(Disk(), find_directory(arguments))
    return f"sqlite:///{find_file(arguments)}"


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


@contextmanager
def opened_engine(arguments: argparse.Namespace) -> Iterator["Engine"]:
    """`open_engine`; what fails in the database meanwhile is a `FleetError` too."""
    engine = open_engine(arguments)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from ota.fleet.database.opening import make_failure  # noqa: PLC0415

    try:
        yield engine
    except SQLAlchemyError as error:
        raise make_failure(engine.url, error) from error
    finally:
        engine.dispose()
