"""What others have switched: sirens and lamps by events and by alarms, a camera's supply where it
gives nothing, the modem's supply where the link asks for it.

    report = camera_switches.follow(budget, now, used_w=12.0)

Reads: `EventBegun`, `AlarmSwitch`, `CameraCoverage`, `CameraState`, `CameraHold`, `LinkState` and
fault rows, in the recorder's thread. Writes: nothing; the actuator gives the orders, the cycle
stores the rows.
Never: waits for the database: what cannot be read switches nothing on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.errors import ApplianceError
from appliance.model import EnergyBudget, Stamp
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import (
    CameraCoverage,
    CameraState,
    EventBegun,
    HoldKind,
    SwitchOrder,
    Watching,
)
from appliance.process.recorder import Followed, Recorder
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings
from appliance.store.camera_holds import HoldReader
from appliance.store.store import Store
from appliance.wording.sentence import say
from power.act.camera_supplies import CameraSupplies
from power.act.event_switches import EventSwitches
from power.act.link_switch import LinkSwitch

EVENTS_EVERY_S, CAMERAS_EVERY_S = 1.5, 30.0
MOST_EVENTS, MOST_ORDERS = 20, 200
LEFT_ON = say("off: the power service was ended while it was on, and began anew")
FROZEN = "camera-frozen"


@dataclass(frozen=True, slots=True)
class CameraSwitchReport:
    """`switches`: those that events turn on, by name; `off`: supplies that are off for a moment."""

    switches: dict[str, bool] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    rows: tuple[SwitchOrder, ...] = ()
    faults: tuple[ApplianceError, ...] = ()


@dataclass(frozen=True, slots=True)
class OrdersBefore:
    """What a power service ordered that ended without a word, as by a kill: the events that it has
    taken, and the switches that it left on. The actuator switches those off.
    """

    event_ids: frozenset[str | None] = frozenset()
    left_on: tuple[str, ...] = ()


class CameraSwitches:
    """All of them, and what they read; without any, nothing is read."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        self._settings = settings
        self._events, self._supplies = EventSwitches(settings), CameraSupplies(settings)
        self._link = LinkSwitch(settings, recorder)
        self._before: OrdersBefore | None = None
        self._is_told = False
        self._begun: Followed[tuple[EventBegun, ...]] | None = None
        self._asked: Followed[tuple[AlarmSwitch, ...]] | None = None
        self._deaths: Followed[dict[str, Stamp]] | None = None
        if self._events.has(RunsWhen.EVENT):
            self._begun = recorder.follow("the newest events", self._read_events, EVENTS_EVERY_S)
        if self._events.has(RunsWhen.ALARM):
            self._asked = recorder.follow("alarms' requests", self._read_asked, EVENTS_EVERY_S)
        if self._supplies:
            self._deaths = recorder.follow("dead cameras", self._read_deaths, CAMERAS_EVERY_S)

    @property
    def power_w(self) -> float:
        """What events have switched on draws."""
        return self._events.power_w

    def list_on(self) -> list[str]:
        """What events have switched on."""
        return self._events.list_on()

    def follow(self, budget: EnergyBudget, now: Stamp, *, used_w: float) -> CameraSwitchReport:
        """One cycle; `used_w`: what all else but inference draws of the budget. Inference uses what
        the budget leaves, so a siren would hardly ever sound beside it; it is on for seconds.
        """
        begun: Sequence[EventBegun] = (self._begun and self._begun.value) or ()
        asked: Sequence[AlarmSwitch] = (self._asked and self._asked.value) or ()
        deaths: dict[str, Stamp] = (self._deaths and self._deaths.value) or {}
        events = self._events.follow(budget, begun, now, used_w=used_w, asked=asked)
        dead_s = {name: now.uptime_s - since.uptime_s for name, since in deaths.items()}
        supplies = self._supplies.follow(dead_s, budget.level, now)
        link = self._link.follow(budget.level, now)
        off, told = supplies.off | link.off, (*supplies.rows, *link.rows)
        rows = (*self._tell_left_on(now), *events.rows, *told)
        return CameraSwitchReport(dict(events.switches), off, rows, supplies.faults)

    def _tell_left_on(self, now: Stamp) -> tuple[SwitchOrder, ...]:
        """Once: a row for each switch that was left on."""
        if self._before is None or self._is_told:
            return ()
        self._is_told = True
        return tuple(
            SwitchOrder(now, name, runs=False, reason=LEFT_ON) for name in self._before.left_on
        )

    def _read_events(self, store: Store) -> tuple[EventBegun, ...]:
        """The newest events of cameras that are not muted: a siren tells everybody. None that a
        power service before this one has taken: it would sound for its whole time once more.
        """
        before = self._read_before(store)
        newest = store.rows(EventBegun, limit=MOST_EVENTS, newest_first=True)
        found = [one for one in newest if one.event_id not in before.event_ids]
        holds = HoldReader(store)
        muted = {
            name for name in {one.camera for one in found} if HoldKind.MUTE in holds.find(name)
        }
        return tuple(one for one in reversed(found) if one.camera not in muted)

    def _read_asked(self, store: Store) -> tuple[AlarmSwitch, ...]:
        """The newest requests of alarms; none that a power service before this one has answered."""
        before = self._read_before(store)
        newest = store.rows(AlarmSwitch, limit=MOST_EVENTS, newest_first=True)
        return tuple(one for one in reversed(newest) if one.request_id not in before.event_ids)

    def _read_before(self, store: Store) -> OrdersBefore:
        """What stands in the database when this power service reads it first."""
        self._before = self._before or read_orders_before(store, self._events.names)
        return self._before

    def _read_deaths(self, store: Store) -> dict[str, Stamp]:
        """Cameras whose process is there and says that nothing comes, or only one picture."""
        frozen = {
            fault.source: fault.stamp for fault in store.list_open_faults() if fault.code == FROZEN
        }
        found: dict[str, Stamp] = {}
        for name in self._settings.camera:
            if store.latest(CameraState, camera=name) is None:
                continue
            since = frozen.get(f"camera@{name}") or find_death(store, name)
            if since is not None and store.clock.age_s(since) is not None:
                found[name] = since
        return found


def read_orders_before(store: Store, names: Sequence[str]) -> OrdersBefore:
    """The orders that stand in the database."""
    rows = store.rows(SwitchOrder, limit=MOST_ORDERS, newest_first=True)
    last = {one.switch: one for one in reversed(rows)}
    return OrdersBefore(
        event_ids=frozenset(one.event_id for one in rows),
        left_on=tuple(name for name in names if name in last and last[name].runs),
    )


def find_death(store: Store, camera: str) -> Stamp | None:
    """Since when a camera gives nothing; None where it does, or where that is not known."""
    row = store.last(CameraCoverage, camera=camera)
    if row is None or row.watching is not Watching.DEAD:
        return None
    return Stamp(row.stamp.utc, row.stamp.boot_id, row.stamp.uptime_s - row.duration_s)
