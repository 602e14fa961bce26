"""`unitctl cameras cost`: what each camera used, day by day, and for how many events.

Reads: what appliance/status/camera_costs.py reads. Writes: standard output.
Never: counts hours of which nothing is known; it says how many are known.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from appliance.commands.opening import format_local, get_timezone
from appliance.commands.printing import DIM, Line, Section, show, show_json
from appliance.model_cameras import CameraState
from appliance.settings import Settings
from appliance.status.camera_costs import NOTHING_KNOWN, CameraEnergy, sum_up
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from appliance.wording.counts import format_count

MOST_DAYS = 365


class Day(NamedTuple):
    """One day of the site, or what of it is over, with what each camera used."""

    since: datetime
    until: datetime
    cameras: dict[str, CameraEnergy]

    @property
    def seconds(self) -> float:
        return (self.until - self.since).total_seconds()


def show_days(days: int, as_json: bool, settings: Settings, store: Store) -> int:
    """Print today and the days before."""
    found = list_days(days, settings, store)
    if as_json:
        show_json([build_document(day) for day in found])
    else:
        show(
            [
                *(build_section(day, settings) for day in found),
                Section("Note", describe_measured(days)),
            ]
        )
    return 0


def list_days(days: int, settings: Settings, store: Store) -> list[Day]:
    """Today and the days before it, newest first; of the older ones those that have rows."""
    here, until = get_timezone(settings), store.clock.stamp().utc
    date = until.astimezone(here).date()
    found: list[Day] = []
    for _ in range(days):
        since = datetime.combine(date, time(), here).astimezone(UTC)
        cameras = sum_up(store, since, until)
        rows = {name: cameras.get(name, NOTHING_KNOWN) for name in [*settings.camera, *cameras]}
        if found and not any(one.camera.known_s for one in rows.values()):
            break
        found.append(Day(since, until, rows))
        date, until = date - timedelta(days=1), since
    return found


def build_document(day: Day) -> dict[str, Any]:
    """One day as programs get it."""
    return {
        "since": encode_time(day.since),
        "until": encode_time(day.until),
        "cameras": [
            {
                "camera": name,
                "wh": one.wh,
                "camera_wh": one.camera.wh,
                "looking_wh": one.inference.wh,
                "measured": one.measured,
                "known_s": one.known_s,
                "events": one.events,
                "per_event_wh": one.per_event_wh,
            }
            for name, one in day.cameras.items()
        ],
    }


def build_section(day: Day, settings: Settings) -> Section:
    """One day as a panel."""
    begins = format_local(encode_time(day.since), settings, "%a %d %b")
    lines = [Line(name, describe_energy(one, day)) for name, one in day.cameras.items()]
    return Section(begins, [*lines, Line("together", describe_sum(day))])


def describe_energy(one: CameraEnergy, day: Day) -> str:
    """What one camera used, in which parts, in how much of the day, for what."""
    if one.camera.wh is None:
        return f"not known{describe_events(one)}"
    parts = f"camera {format_known(one.camera.wh, 'Wh', one.camera.measured)}, "
    parts += f"inference {format_known(one.inference.wh, 'Wh', one.inference.measured)}"
    together = f"{format_figure(one.wh)} Wh: " if one.wh is not None else ""
    hours = f"{one.known_s / 3600:.1f} of {day.seconds / 3600:.1f} h are known"
    return f"{together}{parts}; {hours}{describe_events(one)}"


def describe_events(one: CameraEnergy) -> str:
    if not one.events:
        return "; no events"
    each = f", {format_figure(one.per_event_wh)} Wh each" if one.per_event_wh is not None else ""
    return f"; {format_count(one.events, 'event')}{each}"


def describe_sum(day: Day) -> str:
    used = [one.wh for one in day.cameras.values() if one.wh is not None]
    return f"{format_figure(sum(used))} Wh" if used else "not known"


def describe_measured(days: int) -> list[Line]:
    """Why there may be fewer days than were asked for."""
    keeps = BY_ROW[CameraState].keep_days
    if days <= keeps:
        return []
    kept = format_count(keeps, "day", "g")
    return [Line("", f"the energy use of cameras is kept for {kept}", DIM)]


def format_known(value: float | None, unit: str, measured: bool) -> str:
    """A figure with its unit and where it comes from; nothing used needs no such word."""
    if value is None:
        return "not known"
    origin = "" if measured or not value else " (modelled)"
    return f"{format_figure(value)} {unit}{origin}"


def format_figure(value: float) -> str:
    """Enough digits for a share of a watt and for a day of eight cameras."""
    size = abs(value)
    if size == 0:
        return "0"
    digits = 3 if size < 0.1 else 2 if size < 1 else 1 if size < 100 else 0
    return f"{value:.{digits}f}"
