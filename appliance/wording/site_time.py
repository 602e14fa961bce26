"""Times as people at the site read them: in the time zone of the settings.

    format_site_time(stamp.utc, settings.site.timezone)   # 05:40

Reads: the computer's list of time zones. Writes: nothing.
Never: changes what is stored; rows, JSON and log fields stay in UTC.
"""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def find_zone(name: str) -> tzinfo:
    """The time zone of that name; UTC where this computer does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def format_site_time(utc: datetime, zone: str, form: str = "%H:%M") -> str:
    """A moment, written with `form` in the time zone of that name."""
    return utc.astimezone(find_zone(zone)).strftime(form)
