"""`fleet rollout`, with what units have reported from the fleet's database.

Reads: the database, where no --units is given. Writes: as ota/release/commands/rollout.py.
Never: makes a database: without one, what units have reported comes from a file.
"""

import argparse

from ota.fleet.commands.opening import add_database_option, find_database, opened_engine
from ota.release.commands import rollout
from ota.release.rollouts.status import UnitStatus

HELP = rollout.HELP


def add_arguments(parser: argparse.ArgumentParser) -> None:
    rollout.add_arguments(parser, add_more=add_database_option)


def run(arguments: argparse.Namespace) -> int:
    if getattr(arguments, "units", None) or not hasattr(arguments, "database"):
        return rollout.run(arguments)
    return rollout.run_with(arguments, read_from_database(arguments))


def read_from_database(arguments: argparse.Namespace) -> dict[str, UnitStatus] | None:
    """None where the fleet has no database. Raises `FleetError`."""
    if find_database(arguments) is None:
        return None
    with opened_engine(arguments) as engine:
        from ota.fleet.rollouts import read_statuses  # noqa: PLC0415

        return read_statuses(engine)
