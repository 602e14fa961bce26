"""`unitctl backup`: a sound copy of the database, made while the unit works.

Reads: the unit database. Writes: a dated file (appliance/store/backup.py).
Never: restores; that is a person's decision.
"""

import argparse
from pathlib import Path

from appliance.commands.opening import open_unit
from appliance.store import backup

HELP = f"copy the database to a dated file and keep the newest {backup.KEEP}"
EPILOG = (
    "To go back to a copy: stop the services, move unit.db, unit.db-wal and unit.db-shm away, "
    "copy the dated file to unit.db, start the services. "
    "Exit codes: 0 the copy is made and sound; 1 it is not; 2 settings or usage"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    place = "directory (default: backups/ in the data directory)"
    parser.add_argument("--to", type=Path, metavar="DIR", help=place)


def run(arguments: argparse.Namespace) -> int:
    with open_unit(arguments) as (settings, store):
        directory = arguments.to or settings.unit.data_dir / backup.DIRECTORY
        print(backup.make_backup(store, directory))
    return 0
