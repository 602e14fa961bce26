"""`unitctl cameras coverage`: when was nothing watched, each camera and day, and why.

Reads: what appliance/status/coverage.py reads. Writes: standard output.
Never: counts a time of which nothing is known as watched.
"""

from appliance.commands.opening import format_local
from appliance.commands.printing import BAD, PLAIN, Line, Section, show, show_json
from appliance.model_cameras import Watching
from appliance.settings import Settings
from appliance.status.coverage import WATCHED, CameraDay, describe_day, read_days
from appliance.status.coverage_gaps import Stretch
from appliance.store.rows import encode_time
from appliance.store.store import Store

SHORTEST_TOLD_S = 30.0
MOST_SHOWN = 6  # gaps of a camera and day; --json has more


def show_coverage(days: int, as_json: bool, settings: Settings, store: Store) -> int:
    """Print today and the days before."""
    found = read_days(store, settings, days)
    if as_json:
        show_json([describe_day(one) for one in found])
    elif found:
        begins = dict.fromkeys(one.begins for one in found)
        show([build_section([one for one in found if one.begins == at], settings) for at in begins])
    else:
        print(f"no camera in {settings.path}")
    return 0


def build_section(day: list[CameraDay], settings: Settings) -> Section:
    """One day."""
    title = format_local(encode_time(day[0].begins), settings, "%a %d %b")
    return Section(title, [line for one in day for line in describe_camera(one, settings)])


def describe_camera(day: CameraDay, settings: Settings) -> list[Line]:
    """One camera: the sums, then the longest times in which nothing was watched."""
    gaps = day.list_gaps()
    lines = [Line(day.camera, describe_sums(day))]
    lines += [Line("", describe_gap(one, settings), BAD) for one in gaps[:MOST_SHOWN]]
    more = len(gaps) - MOST_SHOWN
    return [*lines, *([Line("", f"and {more} shorter ones", PLAIN)] if more > 0 else [])]


def describe_sums(day: CameraDay) -> str:
    """Such as "watched 10.2 h, motion only noticed 4.0 h; not watched 9.8 h: energy 9.8 h"."""
    sums = day.sum_seconds()
    parts = [f"watched {format_hours(sums.get(Watching.WATCHED, 0.0))}"]
    if Watching.LISTENED in sums:
        parts.append(f"motion only noticed {format_hours(sums[Watching.LISTENED])}")
    missing = {kind: seconds for kind, seconds in sums.items() if kind not in WATCHED}
    if sum(missing.values()) < SHORTEST_TOLD_S:
        return f"{', '.join(parts)}; never unwatched"
    told = {kind: seconds for kind, seconds in missing.items() if seconds >= SHORTEST_TOLD_S}
    why = ", ".join(f"{kind.value} {format_hours(one)}" for kind, one in told.items())
    return f"{', '.join(parts)}; not watched {format_hours(sum(missing.values()))}: {why}"


def format_hours(seconds: float) -> str:
    """Hours, or minutes where it was less than one."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def describe_gap(one: Stretch, settings: Settings) -> str:
    """When, and why."""
    begins = format_local(encode_time(one.begins), settings, "%H:%M")
    ends = format_local(encode_time(one.ends), settings, "%H:%M")
    return f"{begins} to {ends} {one.watching.value}: {one.reason}"
