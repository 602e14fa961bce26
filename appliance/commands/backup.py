"""`unitctl backup`: a sound copy of the database, made while the unit works; `--restore` goes back
to one, while the unit is stopped.

Reads: the unit database. Writes: a dated file (appliance/store/backup.py), or with `--restore` the
unit database (appliance/store/restore.py).
Never: restores while a process has the database open, or deletes what was there.
"""

import argparse

from appliance.commands.opening import load_unit_settings, open_unit
from appliance.parsing.arguments import PATH
from appliance.store import backup
from appliance.store.restore import restore_backup

HELP = f"copy the database to a dated file and keep the newest {backup.KEEP}, or go back to one"
EPILOG = (
    "To go back to a copy: `systemctl stop appliance.target appliance-web.socket`, "
    "`unitctl backup --restore BACKUP`, `systemctl start appliance.target`. The database that was "
    "there is kept, with its log, as unit.db.replaced-TIME. "
    "Exit codes: 0 the copy is made or restored, and sound; 1 it is not; 2 settings or usage"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    place = "directory (default: backups/ in the data directory)"
    restore = "put this copy in the place of the database; the unit must be stopped"
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--to", type=PATH, metavar="DIR", help=place)
    either.add_argument("--restore", type=PATH, metavar="BACKUP", help=restore)


def run(arguments: argparse.Namespace) -> int:
    if arguments.restore:
        print(restore_backup(load_unit_settings(arguments).database, arguments.restore))
        return 0
    with open_unit(arguments) as (settings, store):
        directory = arguments.to or settings.unit.data_dir / backup.DIRECTORY
        print(backup.make_backup(store, directory))
    return 0
