"""`unitctl export`: one file for whoever helps from far away.

Reads: everything that `unitctl` can show. Writes: a .tar.gz, or standard output.
Never: includes a picture or a clip unless asked, and never a password. It goes on where the
database is broken: the rest is what is needed then.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from appliance.checks import open_reader
from appliance.commands.bundle import write_bundle
from appliance.commands.opening import SINCE_HELP, find_moment_utc, load_unit_settings
from appliance.errors import SettingsError, StoreError
from appliance.parsing.arguments import TIME, make_type
from appliance.parsing.values import parse_path
from appliance.store.backup import take_group
from appliance.store.durable_files import name_new_file
from appliance.store.file_locks import LockedError, begin_file, remove_leftovers

PART = ".unitctl-part"  # ends the name of a bundle in the making: nobody else's files have it
HELP = "pack status, events, faults, readings, checks and settings into one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    place = "file to write; - is standard output (default: unit-NAME-TIME.tar.gz here)"
    parser.add_argument(
        "--since", type=TIME, metavar="TIME", default="7d", help=f"{SINCE_HELP}; default 7d"
    )
    parser.add_argument("--to", type=make_type(parse_target), metavar="FILE", help=place)
    pictures = "include the snapshots of the events (they may show people)"
    parser.add_argument("--with-snapshots", action="store_true", help=pictures)
    clips = "include the clips of the events (heads are NOT blurred in them)"
    parser.add_argument("--with-films", action="store_true", help=clips)


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    clock = settings.make_clock()
    now = clock.stamp().utc
    begin = find_moment_utc(arguments.since, now, settings) or now
    wanted = {"snapshot": arguments.with_snapshots, "clip": arguments.with_films}
    along = [kind for kind, is_wanted in wanted.items() if is_wanted]
    with open_reader(settings, clock) as store:
        if arguments.to == "-":
            write_bundle(sys.stdout.buffer, settings, store, clock, begin, along)
            return 0
        path = Path(arguments.to or make_default_name(settings.unit.name, now))
        with begin_bundle(path, settings.unit.data_dir) as file:
            write_bundle(file, settings, store, clock, begin, along)
    print(path)
    return 0


@contextmanager
def begin_bundle(path: Path, data_dir: Path) -> Iterator[IO[bytes]]:
    """The file to write; it has its name only when it is whole, and never takes another's. Who may
    read the unit's data may read it, also where an administrator makes it.

    Raises `SettingsError` where that is there already, `StoreError` where it cannot be written.
    """
    if path.exists():
        raise SettingsError(f"{path} is there already; name another with --to")
    part = path.with_name(f"{path.name}{PART}")
    try:
        remove_leftovers([part, *path.parent.glob(f"unit-*Z.tar.gz{PART}")])
        with begin_file(part) as handle:
            with suppress(FileNotFoundError):  # the data directory: a broken unit is exported too
                take_group(data_dir, handle)
            try:
                with open(handle, "wb", closefd=False) as file:
                    yield file
                os.fsync(handle)
                name_new_file(part, handle, path)
            finally:
                part.unlink(missing_ok=True)
    except FileExistsError:
        raise SettingsError(f"{path} is there already; name another with --to") from None
    except (OSError, LockedError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"{path} cannot be written: {reason}") from error


def parse_target(text: str) -> str:
    """`-`, or the path of a file."""
    return text if text == "-" else str(parse_path(text))


def make_default_name(unit: str, now: datetime) -> str:
    """A file name with the unit's name and the time."""
    return f"unit-{re.sub('[^A-Za-z0-9-]+', '-', unit)}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
