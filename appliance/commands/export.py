"""`unitctl export`: one file for whoever helps from far away.

Reads: everything that `unitctl` can show. Writes: a .tar.gz, or standard output.
Never: includes a picture or a clip unless asked, and never a password. It goes on where the
database is broken: the rest is what is needed then.
"""

import argparse
import re
import sys
from datetime import datetime
from pathlib import Path

from appliance.checks import open_reader
from appliance.commands.bundle import write_bundle
from appliance.commands.opening import SINCE_HELP, load_unit_settings, parse_since
from appliance.errors import SettingsError, StoreError

HELP = "pack status, events, faults, readings, checks and settings into one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    place = "file to write; - is standard output (default: unit-NAME-TIME.tar.gz here)"
    parser.add_argument("--since", metavar="TIME", default="7d", help=f"{SINCE_HELP}; default 7d")
    parser.add_argument("--to", metavar="FILE", help=place)
    pictures = "take the snapshots of the events along (they may show people)"
    parser.add_argument("--with-snapshots", action="store_true", help=pictures)
    clips = "include the clips of the events (heads are NOT blurred in them)"
    parser.add_argument("--with-films", action="store_true", help=clips)


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    clock = settings.make_clock()
    now = clock.stamp().utc
    begin = parse_since(arguments.since, now, settings) or now
    wanted = {"snapshot": arguments.with_snapshots, "clip": arguments.with_films}
    along = [kind for kind, is_wanted in wanted.items() if is_wanted]
    with open_reader(settings, clock) as store:
        if arguments.to == "-":
            write_bundle(sys.stdout.buffer, settings, store, clock, begin, along)
            return 0
        path = Path(arguments.to or make_default_name(settings.unit.name, now))
        try:
            with path.open("xb") as file:
                write_bundle(file, settings, store, clock, begin, along)
        except FileExistsError:
            raise SettingsError(f"{path} is there already; name another with --to") from None
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    print(path)
    return 0


def make_default_name(unit: str, now: datetime) -> str:
    """A file name with the unit's name and the time."""
    return f"unit-{re.sub('[^A-Za-z0-9-]+', '-', unit)}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
