"""Which holds (pause, mute, off) of a camera are in force, by the unit's own time.

    holds = HoldReader(store).find("gate")       # {HoldKind.PAUSE: CameraHold(...)}
    add_holds(store, hold)                       # a person's order

Reads and writes: `CameraHold` rows. They are written in the name of their one writer, the cameras:
a camera may not be running, and an order must not wait for it. A transaction keeps both apart.
Never: lets a wall clock that no time server has confirmed end a hold or prolong it: its age goes by
boots and uptime (unit_time.py). Time without power that nobody can explain does not count.

Of one kind, an order for all cameras and one for this camera stand side by side. Each takes the
place of the one before it, and an order that ends a hold ends those of both that came before.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.model import Stamp
from appliance.model_cameras import CameraHold, HoldKind
from appliance.parsing.times import LONGEST_SPAN
from appliance.store.hold_copy import match_copy
from appliance.store.reading import decode_row
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row, encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from appliance.store.unit_time import WRONG_DATE_S, read_time, record_time
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

ALL = ""  # as a camera's name: all of them
MOST_ROWS = 500  # newest orders that are looked at, beside the newest of each kind of each camera
NEWEST_OF_EACH = (
    "SELECT max(id) FROM camera_hold WHERE at <= ? GROUP BY camera, kind, holds "
    f"ORDER BY 1 DESC LIMIT {MOST_ROWS}"
)
EVER = "~"  # as a stored time: later than all
LONGEST_S = LONGEST_SPAN.total_seconds()  # what is longer is damaged
READ_EVERY_S = 60.0  # the time without power may become known later
TIME_OF_DAY_S = 25 * 3600.0  # who names a time of day means one within so long (a day in autumn)
Holds = Mapping[HoldKind, CameraHold]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, as far as holds go by it. `sure`: a time server has confirmed the wall clock."""

    now: Stamp
    sure: bool


def find_end(hold: CameraHold) -> datetime | None:
    """When it ends by the wall clock, for showing; None: until further notice."""
    if hold.until is not None or hold.lasts_s is None:
        return hold.until
    return hold.stamp.utc + timedelta(seconds=min(hold.lasts_s, LONGEST_S))


def is_over(hold: CameraHold, age_s: float, moment: Moment) -> bool:
    """Whether its time is over. A moment that a person named is known for sure by a clock that is
    right only, and where the clock had the right date when it was named; all else goes by the time
    that has passed.
    """
    if hold.lasts_s is None:
        return False
    if hold.until is not None and moment.sure and not had_wrong_date(hold, age_s, moment):
        return moment.now.utc >= hold.until
    return age_s >= hold.lasts_s


def had_wrong_date(hold: CameraHold, age_s: float, moment: Moment) -> bool:
    """Whether "until 18:00" was ordered on another date than the right one: as the right clock says
    now, the next 18:00 is neither then nor years away. Where the unit was without power since, the
    clock may have been ahead for sure only: `age_s` is the least.
    """
    if hold.lasts_s is None or hold.lasts_s > TIME_OF_DAY_S:
        return False  # a person has named a date
    ahead_s = (hold.stamp.utc - moment.now.utc).total_seconds() + age_s
    same_boot = hold.stamp.boot_id == moment.now.boot_id
    return ahead_s > WRONG_DATE_S or (same_boot and ahead_s < -WRONG_DATE_S)


def select_holds(
    rows: Sequence[CameraHold], ages_s: Sequence[float], camera: str, moment: Moment
) -> dict[HoldKind, CameraHold]:
    """Those in force for a camera. `rows`: the newest last, each with its age. Pure."""
    found: dict[HoldKind, CameraHold] = {}
    for kind in HoldKind:
        own: dict[str, tuple[CameraHold, float]] = {}
        for row, age_s in zip(rows, ages_s, strict=True):
            if row.kind is not kind or row.camera not in (ALL, camera):
                continue
            if not row.holds:
                own.clear()
            else:
                own[row.camera] = (row, age_s)
        held = [row for row, age_s in own.values() if not is_over(row, age_s, moment)]
        if held:
            found[kind] = max(held, key=rank_end)
    return found


def rank_end(hold: CameraHold) -> float:
    """For choosing the one that lasts longest."""
    end = find_end(hold)
    return float("inf") if end is None else end.timestamp()


class HoldReader:
    """The holds of a unit for a loop that asks each second: rows are read again where one came."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[CameraHold] = []
        self._ages_s: list[float] = []
        self._read_at: Stamp | None = None
        self._newest = -1
        self._sure = False

    def find(self, camera: str) -> dict[HoldKind, CameraHold]:
        """The holds in force of that camera. Raises `StoreError`."""
        moment = make_moment(self._store.clock)
        self._refresh(moment)
        assert self._read_at is not None
        passed_s = moment.now.uptime_s - self._read_at.uptime_s
        ages_s = [age_s + passed_s for age_s in self._ages_s]
        return select_holds(self._rows, ages_s, camera, moment)

    def find_known(self, camera: str) -> dict[HoldKind, CameraHold]:
        """The same; where the database cannot be read, by what was read last."""
        try:
            return self.find(camera)
        except StoreError:
            if self._read_at is None:
                return {}
            return select_holds(self._rows, self._ages_s, camera, make_moment(self._store.clock))

    def _refresh(self, moment: Moment) -> None:
        newest = find_newest_id(self._store)
        before = self._read_at
        is_young = (
            before is not None
            and before.boot_id == moment.now.boot_id
            and 0 <= moment.now.uptime_s - before.uptime_s < READ_EVERY_S
        )
        if is_young and newest == self._newest and moment.sure == self._sure:
            return
        rows = read_rows(self._store)
        self._ages_s = measure_ages_s(self._store, rows, moment.now)
        self._rows, self._read_at, self._newest = rows, moment.now, newest
        self._sure = moment.sure


def make_moment(clock: Clock) -> Moment:
    return Moment(clock.stamp(), clock.is_synchronized())


def find_newest_id(store: Store) -> int:
    """The id of the newest order; 0 where there is none."""
    found = store.query("SELECT max(id) FROM camera_hold")
    return int(found[0][0] or 0) if found else 0


def read_rows(store: Store, until: str = EVER) -> list[CameraHold]:
    """The newest orders, the newest last, and however old it is the newest of each kind of each
    camera: "until further notice" ends by no number of others. `until`: a stored time.
    """
    newest = ", ".join(map(str, list_newest_ids(store, until)))
    newest_500 = "id > (SELECT max(id) FROM camera_hold WHERE at <= ?) - ?"
    search = RowSearch(
        "camera_hold",
        f"at <= ? AND ({newest_500} OR id IN ({newest}))",
        "ORDER BY id DESC",
        (until, until, MOST_ROWS),
    )
    return store.collect(search, partial(decode_hold, store), 2 * MOST_ROWS)[::-1]


def list_newest_ids(store: Store, until: str) -> list[int]:
    """The ids of the newest order of each kind of each camera; none where a row is so large that
    they cannot be compared.
    """
    with suppress(StoreError):
        return [int(row[0]) for row in store.query(NEWEST_OF_EACH, (until,))]
    return []


def decode_hold(store: Store, row: Row) -> CameraHold | None:
    """One order; None where it cannot be read."""
    found: CameraHold | None = decode_row(BY_ROW[CameraHold], row, store.unreadable)
    return found


def measure_ages_s(store: Store, rows: Sequence[CameraHold], now: Stamp) -> list[float]:
    """How old each is at least: of a boot that is not recorded, the uptime of this one."""
    if not rows:
        return []
    time = read_time(store)
    known = (time.measure_age_s(row.stamp.boot_id, row.stamp.uptime_s) for row in rows)
    return [now.uptime_s if age_s is None else age_s for age_s in known]


def find_holds_at(store: Store, camera: str, at: datetime) -> list[CameraHold]:
    """Those in force at a moment of the past, as far as the wall clock of the rows tells."""
    rows = read_rows(store, encode_time(at))
    ages_s = [(at - row.stamp.utc).total_seconds() for row in rows]
    moment = Moment(Stamp(at, "", 0.0), sure=True)
    return list(select_holds(rows, ages_s, camera, moment).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who orders a hold, by what, and why; for how long: a duration, or until a moment, or (both
    None) until further notice.
    """

    who: str
    via: str
    reason: str = ""
    span: timedelta | None = None
    until: datetime | None = None


def make_hold(
    camera: str, kind: HoldKind, order: Order, now: Stamp, *, holds: bool = True
) -> CameraHold:
    """The row of an order. Raises `InputError` where it would be over already, or lasts so long
    that its row could not be read again.
    """
    span = require_span(order, now.utc) if holds else None
    return CameraHold(
        stamp=now,
        camera=camera,
        kind=kind,
        holds=holds,
        lasts_s=None if span is None else span.total_seconds(),
        until=order.until if holds else None,
        who=order.who,
        via=order.via,
        reason=order.reason,
    )


def require_span(order: Order, now: datetime) -> timedelta | None:
    """How long an order holds; None: until further notice. Raises `InputError` where it would be
    over already, or lasts so long that its row could not be read again.
    """
    span = order.span if order.until is None else order.until - now
    if span is not None and span <= timedelta():
        raise InputError(
            say(
                "{now} is the unit's time: that is over already",
                now=show(encode_time(now)),
            )
        )
    if span is not None and span > LONGEST_SPAN:
        raise InputError(
            say(
                "that is more than {days} days ahead: leave it out, and the hold lasts until "
                "further notice",
                days=LONGEST_SPAN.days,
            )
        )
    return span


def add_holds(store: Store, *holds: CameraHold) -> None:
    """Store a person's orders, and the unit's time with them; a second copy of them follows.
    Raises `StoreError`.
    """
    store.add(*holds)
    record_time(store)
    match_copy(store.path)
