"""What every command begins with: the settings, a reader of the database, a moment in time.

Reads: the settings file and the unit database. Writes: nothing.
Never: opens the database as a writer.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.settings import PATH_VARIABLE, Settings
from appliance.store.store import Store
from appliance.wording.site_time import find_zone

LAPTOP_SETTINGS = Path("build/run/unit.toml")  # written by `make run`
CLOCK_TIME = re.compile(r"(\d{1,2}):(\d{2})")
SPAN = re.compile(r"(\d+)\s*(m|h|d|w)")
SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
AT_HELP = "a time of day such as 03:10 (the last one), or 2026-11-22T03:10 (site time, or with Z)"
SINCE_HELP = (
    "only later ones: a span such as 90m, 24h, 7d, or a date such as 2026-04-15 (site time)"
)


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


def parse_since(
    text: str | None, now: datetime, settings: Settings, option: str = "--since"
) -> datetime | None:
    """The moment that `--since` (or another option) names, UTC; None where it was not given."""
    if text is None:
        return None
    if span := SPAN.fullmatch(text.strip()):
        return now - timedelta(seconds=int(span[1]) * SECONDS[span[2]])
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"{option} {text!r} is no time: give a span such as 24h or 7d, or a date "
            "such as 2026-04-15 or 2026-04-15T18:30"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=get_timezone(settings))).astimezone(
        UTC
    )


def parse_moment(text: str, now: datetime, settings: Settings) -> datetime:
    """The time that `--at` names, UTC: a time of day is its last occurrence at the site."""
    here = get_timezone(settings)
    if clock := CLOCK_TIME.fullmatch(text.strip()):
        hour, minute = int(clock[1]), int(clock[2])
        if hour < 24 and minute < 60:
            local_now = now.astimezone(here)
            at = local_now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (at if at <= local_now else at - timedelta(days=1)).astimezone(UTC)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"--at {text!r} is no time: give a time of day such as 03:10, or a date with a time "
            "such as 2026-11-22T03:10 (site time) or 2026-11-22T03:10Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=here)).astimezone(UTC)


def get_timezone(settings: Settings) -> tzinfo:
    """The site's time zone; UTC where this computer does not know it."""
    return find_zone(settings.site.timezone)


def format_local(text: str | None, settings: Settings, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A stored time as people at the site read it."""
    if text is None:
        return "never"
    return datetime.fromisoformat(text).astimezone(get_timezone(settings)).strftime(form)
