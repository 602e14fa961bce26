"""Check: is the time plausible, and does the clock run at real time?

Reads: the clock and the settings. Writes: nothing.
Never: sets the clock.
"""

from appliance.checks import Finding
from appliance.clock import Clock, ScaledClock
from appliance.settings import DEFAULT_PATH, Settings
from appliance.store.store import Store
from appliance.wording.site_time import format_site_time

NAME = "clock"
EARLIEST_YEAR = 2026


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    now = clock.stamp().utc
    zone = settings.site.timezone
    text = f"{format_site_time(now, zone, '%Y-%m-%d %H:%M')} {zone}"
    if now.year < EARLIEST_YEAR:
        advice = "connect the unit to a network or a GPS once, and check the clock's battery"
        return Finding(NAME, f"{text} cannot be right: this software is newer", advice, ok=False)
    if not isinstance(clock, ScaledClock):
        return Finding(NAME, text, ok=True)
    # The file in /etc is a real unit's; a demonstration brings its own.
    on_a_unit = settings.path == DEFAULT_PATH
    return Finding(
        NAME,
        f"{text}, a demonstration at {settings.clock.speed:g} times real time",
        f"remove the [clock] section from {settings.path}",
        ok=not on_a_unit,
    )
