"""`unitctl cameras cost`: what each camera used, day by day, and for how many events.

Reads: what appliance/status/camera_costs.py reads. Writes: standard output.
Never: prices the hours of which nothing is known; it says how many are known.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from appliance.commands.opening import local, zone
from appliance.commands.printing import DIM, Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.model_cameras import CameraState
from appliance.settings import Settings
from appliance.status.camera_costs import NOTHING_KNOWN, Spending, spent
from appliance.store.rows import text_of
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

MOST_DAYS = 365


class Day(NamedTuple):
    """One day of the site, or what of it is over, with what each camera used."""

    since: datetime
    until: datetime
    cameras: dict[str, Spending]

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


def show_days(days: int, as_json: bool, settings: Settings, store: Store) -> int:
    """Print today and the days before; raises `SettingsError` for a number that makes no sense."""
    if not 1 <= days <= MOST_DAYS:
        raise SettingsError(f"--days {days} is out of range: give a number from 1 to {MOST_DAYS}")
    found = days_back(days, settings, store)
    if as_json:
        show_json([document(day) for day in found])
    else:
        show([*(section(day, settings) for day in found), Section("Note", note(days))])
    return 0


def days_back(days: int, settings: Settings, store: Store) -> list[Day]:
    """Today and the days before it, newest first; of the older ones those of which rows tell."""
    here, until = zone(settings), store.clock.stamp().utc
    date = until.astimezone(here).date()
    found: list[Day] = []
    for _ in range(days):
        since = datetime.combine(date, time(), here).astimezone(UTC)
        cameras = spent(store, since, until)
        rows = {name: cameras.get(name, NOTHING_KNOWN) for name in [*settings.camera, *cameras]}
        if found and not any(one.camera.known_s for one in rows.values()):
            break
        found.append(Day(since, until, rows))
        date, until = date - timedelta(days=1), since
    return found


def document(day: Day) -> dict[str, Any]:
    """One day as programs get it."""
    return {
        "since": text_of(day.since),
        "until": text_of(day.until),
        "cameras": [
            {
                "camera": name,
                "wh": one.wh,
                "camera_wh": one.camera.wh,
                "looking_wh": one.looking.wh,
                "measured": one.measured,
                "known_s": one.known_s,
                "events": one.events,
                "per_event_wh": one.per_event_wh,
            }
            for name, one in day.cameras.items()
        ],
    }


def section(day: Day, settings: Settings) -> Section:
    """One day as a panel."""
    begins = local(text_of(day.since), settings, "%a %d %b")
    lines = [Line(name, text(one, day)) for name, one in day.cameras.items()]
    return Section(begins, [*lines, Line("together", sum_text(day))])


def text(one: Spending, day: Day) -> str:
    """What one camera used, in which parts, in how much of the day, for what."""
    if one.camera.wh is None:
        return f"not known{events_text(one)}"
    parts = f"camera {known(one.camera.wh, 'Wh', one.camera.measured)}, "
    parts += f"looking {known(one.looking.wh, 'Wh', one.looking.measured)}"
    together = f"{figure(one.wh)} Wh: " if one.wh is not None else ""
    hours = f"{one.known_s / 3600:.1f} of {day.seconds / 3600:.1f} h are known"
    return f"{together}{parts}; {hours}{events_text(one)}"


def events_text(one: Spending) -> str:
    if not one.events:
        return "; no events"
    each = f", {figure(one.per_event_wh)} Wh each" if one.per_event_wh is not None else ""
    return f"; {one.events} {'event' if one.events == 1 else 'events'}{each}"


def sum_text(day: Day) -> str:
    used = [one.wh for one in day.cameras.values() if one.wh is not None]
    return f"{figure(sum(used))} Wh" if used else "not known"


def note(days: int) -> list[Line]:
    """Why there may be fewer days than were asked for."""
    keeps = BY_ROW[CameraState].keep_days
    if days <= keeps:
        return []
    return [Line("", f"what a camera draws is kept for {keeps:g} days", DIM)]


def known(value: float | None, unit: str, measured: bool) -> str:
    """A figure with its unit and where it comes from; nothing used needs no such word."""
    if value is None:
        return "not known"
    origin = "" if measured or not value else " (modelled)"
    return f"{figure(value)} {unit}{origin}"


def figure(value: float) -> str:
    """Enough digits for a share of a watt and for a day of eight cameras."""
    size = abs(value)
    if size == 0:
        return "0"
    digits = 3 if size < 0.1 else 2 if size < 1 else 1 if size < 100 else 0
    return f"{value:.{digits}f}"
