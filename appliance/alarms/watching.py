"""What no row tells: that the unit lives, and that the battery will not last until the sun.

    for occurrence, to in Watcher(store, settings).look(level): ...

Reads: `AlarmPosition` rows, the plan and the battery. Writes: nothing.
Never: says of one night twice that the battery will not last.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.alarms.occurrences import Occurrence
from appliance.alarms.streams import make_own
from appliance.model import BatteryState, EnergyLevel
from appliance.model_alarms import AlarmKind, AlarmPosition
from appliance.settings import Settings
from appliance.status.night_ahead import NightAhead, read_night_ahead
from appliance.status.status_document import compute_power_max_age_s
from appliance.store import alarm_rows
from appliance.store.store import Store
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time

BATTERY, HEARTBEAT = "battery", "heartbeat"
EVERY_S = 600.0  # of the battery's look


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found, and the position that keeps it from being told again."""

    occurrence: Occurrence
    position: AlarmPosition


class Watcher:
    """Looks at each call; at the battery each ten minutes."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._looked_s: float | None = None

    def look(self, level: EnergyLevel) -> Iterator[Sight]:
        """Raises `StoreError`."""
        known = alarm_rows.read_positions(self._store)
        now = self._store.clock.stamp()
        if self.find_heartbeat(now.utc, known.get(HEARTBEAT)) == now.utc:
            own = make_own(AlarmKind.HEARTBEAT, now.utc, say("the unit lives"), level)
            yield Sight(own, AlarmPosition(now, HEARTBEAT, int(now.utc.timestamp())))
        if self._is_battery_due(now.uptime_s):
            self._looked_s = now.uptime_s
            yield from self._look_at_battery(known.get(BATTERY), level)

    def find_heartbeat(self, now: datetime, last_s: int | None) -> datetime | None:
        """When the next is due: now, later, or None: never. A last one that is yet to come was
        before the clock was set.
        """
        every_s = self._settings.alarms.heartbeat_s
        if not every_s:
            return None
        passed_s = now.timestamp() - (last_s or 0)
        if last_s is None or passed_s < 0 or passed_s >= every_s:
            return now
        return now + timedelta(seconds=every_s - passed_s)

    def _is_battery_due(self, now_s: float) -> bool:
        if not any(one.on is AlarmKind.BATTERY for one in self._settings.alarm.values()):
            return False
        return self._looked_s is None or not 0 <= now_s - self._looked_s < EVERY_S

    def _look_at_battery(self, told: int | None, level: EnergyLevel) -> Iterator[Sight]:
        max_age_s = compute_power_max_age_s(self._settings)
        night = read_night_ahead(self._store, self._settings, max_age_s)
        battery = self._store.latest(BatteryState, max_age_s)
        now = self._store.clock.stamp()
        empty_at = find_empty(night, battery, now.utc)
        day = night.ends.toordinal()
        if empty_at is None or told == day:
            return
        text = describe_battery(night, empty_at, self._settings.site.timezone)
        own = make_own(AlarmKind.BATTERY, now.utc, text, level)
        yield Sight(own, AlarmPosition(now, BATTERY, day))


def find_empty(night: NightAhead, battery: BatteryState | None, now: datetime) -> datetime | None:
    """When the battery is empty before the night ends: by the plan, else at the present use."""
    if night.charge_pct is not None:
        return night.empty_at
    if battery is None or battery.time_to_go_s is None:
        return None
    empty_at = now + timedelta(seconds=battery.time_to_go_s)
    return empty_at if empty_at < night.ends else None


def describe_battery(night: NightAhead, empty_at: datetime, timezone: str) -> str:
    """The sentence of the alarm."""
    until = say("sunrise") if night.sunrise else say("this time tomorrow")
    ends = format_site_time(night.ends, timezone, "%a %H:%M")
    at = format_site_time(empty_at, timezone, "%a %H:%M")
    return say(
        "the battery lasts until about {at} only, not until {until} ({ends})",
        at=at,
        until=until,
        ends=ends,
    )
