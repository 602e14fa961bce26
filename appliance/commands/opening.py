"""What every command begins with: the settings, a reader of the database, a moment in time.

Reads: the settings file and the unit database. Writes: nothing.
Never: opens the database as a writer.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path

from appliance import settings_file
from appliance.parsing.times import TIME_HELP, WrittenTime
from appliance.settings import PATH_VARIABLE, Settings
from appliance.store.store import Store
from appliance.wording.site_time import find_zone

LAPTOP_SETTINGS = Path("build/run/unit.toml")  # written by `make run`
WITH_YEAR = "%a %d %b %Y %H:%M"
SINCE_HELP = f"only later ones: {TIME_HELP}"


def load_unit_settings(arguments: argparse.Namespace) -> Settings:
    """The settings that a command works with (see `find_settings`). Raises `SettingsError`."""
    return settings_file.load_settings(find_settings(arguments.settings))


def find_settings(given: Path | None) -> Path:
    """`--settings`, else $APPLIANCE_SETTINGS, else /etc/appliance/unit.toml.

    Where that file is absent and `make run` has written its own below the current directory, that
    one is taken, and a line on standard error says so.
    """
    path = given or settings_file.find_settings_file()
    is_default = given is None and PATH_VARIABLE not in os.environ
    if is_default and not path.exists() and LAPTOP_SETTINGS.exists():
        print(f"unitctl: there is no {path}; settings read from {LAPTOP_SETTINGS}", file=sys.stderr)
        return LAPTOP_SETTINGS
    return path


@contextmanager
def open_unit(arguments: argparse.Namespace) -> Iterator[tuple[Settings, Store]]:
    """The settings and a reader's store. Raises `SettingsError`, `StoreError`."""
    settings = load_unit_settings(arguments)
    store = Store(settings.database, settings.make_clock())
    try:
        yield settings, store
    finally:
        store.close()


def find_moment_utc(
    wanted: WrittenTime | None, now: datetime, settings: Settings
) -> datetime | None:
    """The moment that an option names (appliance/parsing/times.py); None where it was not given."""
    return None if wanted is None else wanted.find_utc(now, get_timezone(settings))


def get_timezone(settings: Settings) -> tzinfo:
    """The site's time zone; UTC where this computer does not know it."""
    return find_zone(settings.site.timezone)


def format_local(text: str | None, settings: Settings, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A stored time as people at the site read it."""
    if text is None:
        return "never"
    return datetime.fromisoformat(text).astimezone(get_timezone(settings)).strftime(form)
