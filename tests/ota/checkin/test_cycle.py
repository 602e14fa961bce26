"""One check-in: when it asks, what it obeys, what it tells, and that no error is lost."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event
from typing import cast

import pytest

from appliance.errors import HostError
from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.store.store import Store
from ota.checkin.cycle import CheckInCycle
from ota.checkin.rows import UpdateRows
from ota.errors import SlotError, SpaceError
from ota.machine.engine import Engine
from ota.machine.orders import Orders, OrdersFile
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.push.heard import Heard, HintFiles
from ota.push.hint import make_serial
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, UpdatedUnit, make_offer


@dataclass
class WatchedEngine:
    """The engine, with what happens during a run before it."""

    engine: Engine
    desk: "Desk"

    @property
    def progress(self) -> Progress:
        return self.engine.progress

    def forget_failures(self, release: str) -> bool:
        return self.engine.forget_failures(release)

    def run(self) -> Wait:
        self.desk.during()
        self.desk.unit.uptime_s += 30
        return self.engine.run()


@dataclass
class Desk:
    """A unit and its check-ins; `received`: what came over the link, not noted yet."""

    store: Store
    clock: FakeClock
    unit: UpdatedUnit
    received: int = 0
    asked: list[bool] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    @property
    def orders(self) -> OrdersFile:
        return OrdersFile(self.unit.files, HOME)

    @property
    def hints(self) -> HintFiles:
        return HintFiles(self.unit.files, HOME / "push.json", HOME / "hint-obeyed.json")

    def make_engine(self, *, asks: bool) -> Engine:
        self.asked.append(asks)
        engine = self.unit.make_engine()
        engine.asks = asks
        engine.on_record = lambda record: self.rows.follow(engine.progress, record)
        return cast("Engine", WatchedEngine(engine, self))

    @property
    def rows(self) -> UpdateRows:
        return UpdateRows(self.store, SentenceLog("checkin"))

    def check_in(self, *, now: bool = False) -> str:
        cycle = CheckInCycle(
            clock=self.clock,
            stop=Event(),
            rows=self.rows,
            orders=self.orders,
            hints=self.hints,
            unit="hill 7",
            make_engine=self.make_engine,
            find_received=lambda: ("a mirror", self.received),
            now=now,
        )
        return cycle.run()


@pytest.fixture
def desk(open_store: OpenStore, clock: FakeClock) -> Desk:
    unit = UpdatedUnit(RecordingFiles())
    unit.begin()
    return Desk(open_store("checkin"), clock, unit)


def set_level(open_store: OpenStore, clock: FakeClock, level: EnergyLevel) -> None:
    now = clock.stamp()
    open_store("power").add(EnergyBudget(now, level, 25.0, now.utc, 100.0, "for a test"))


def test_it_asks_the_first_time_and_then_not_before_its_time(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.FULL)
    assert "no release is assigned" in desk.check_in()
    assert "not time to ask" in desk.check_in()
    clock.advance(3700)
    set_level(open_store, clock, EnergyLevel.FULL)
    desk.check_in()
    assert desk.asked == [True, False, True]


def test_the_level_of_now_says_when_and_not_the_one_of_then(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.HIBERNATE)
    desk.check_in()
    clock.advance(2 * 3600)
    set_level(open_store, clock, EnergyLevel.FULL)
    desk.check_in()
    clock.advance(2 * 3600)
    set_level(open_store, clock, EnergyLevel.SENTINEL)
    desk.check_in()
    assert desk.asked == [True, True, False]


def test_a_release_is_taken_to_its_end_in_one_check_in_and_shown(desk: Desk) -> None:
    desk.unit.offers = [make_offer("2", sequence=2)]
    assert desk.check_in() == "release 2 is committed"
    steps = [row.step for row in desk.store.rows(UpdateState)]
    assert steps[:3] == [UpdateStep.OFFERED, UpdateStep.PLAN, UpdateStep.DOWNLOAD]
    assert {UpdateStep.COMMIT, UpdateStep.REPORT, UpdateStep.IDLE} < set(steps)
    (asked,) = desk.store.rows(CheckIn)
    assert (asked.mirror, asked.text) == ("a mirror", "release 2 is committed")


def test_an_order_is_done_with_only_when_it_was_obeyed(desk: Desk) -> None:
    desk.check_in()
    desk.orders.write(Orders(asked_at="12:00"))

    def cut() -> None:
        raise KeyboardInterrupt

    desk.during = cut
    with pytest.raises(KeyboardInterrupt):
        desk.check_in()
    assert desk.orders.read().asked_at == "12:00"
    desk.during = lambda: None
    desk.check_in()
    assert desk.orders.read() == Orders()
    assert desk.asked == [True, True, True]


def test_what_is_ordered_meanwhile_is_not_lost(desk: Desk) -> None:
    desk.orders.write(Orders(asked_at="12:00", retry=("2",)))
    later = Orders(asked_at="12:01", retry=("2", "3"), hold="by anna")
    desk.during = lambda: desk.orders.write(later)
    desk.check_in()
    assert desk.orders.read() == replace(later, retry=("3",))


def test_a_retry_of_what_has_not_failed_is_told_and_done_with(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.orders.write(Orders(retry=("7",)))
    with caplog.at_level(logging.WARNING):
        desk.check_in()
    assert "release 7 has not failed here" in caplog.text
    assert desk.orders.read() == Orders()


def test_bytes_that_came_without_asking_are_noted(desk: Desk) -> None:
    desk.unit.facts = replace(desk.unit.facts, soc_pct=31.0)
    desk.unit.offers = [make_offer("2", sequence=2)]
    desk.check_in()
    desk.received = 5_000_000
    desk.check_in()
    assert [row.received_bytes for row in desk.store.rows(CheckIn)] == [0, 5_000_000]


@pytest.mark.parametrize(
    ("error", "waits_for"),
    [
        (HostError("PID 1 refused the order"), "operator"),
        (OSError(28, "No space left on device"), "space"),
        (SpaceError("no room", "journal-not-written"), "space"),
        (SlotError("no second slot", "no-slots"), "slot"),
    ],
)
def test_what_cannot_be_done_is_a_fault_and_no_crash(
    desk: Desk, error: Exception, waits_for: str
) -> None:
    def fail() -> None:
        raise error

    desk.during = fail
    desk.check_in()
    row = desk.store.last(UpdateState)
    assert row is not None
    assert row.waits_for == waits_for
    assert [fault.code for fault in desk.store.list_open_faults()] == ["update"]
    desk.during = lambda: None
    desk.check_in(now=True)
    assert desk.store.list_open_faults() == []


def test_a_wait_for_energy_is_no_fault_and_is_told_once(desk: Desk) -> None:
    desk.unit.facts = replace(desk.unit.facts, soc_pct=31.0)
    desk.unit.offers = [make_offer("2", sequence=2)]
    desk.check_in()
    count = len(desk.store.rows(UpdateState))
    desk.check_in(now=True)
    assert len(desk.store.rows(UpdateState)) == count
    assert desk.store.list_open_faults() == []


def test_a_directory_that_cannot_be_read_is_told_with_what_to_do(desk: Desk) -> None:
    def make(*, asks: bool) -> Engine:
        raise OSError(5, "Input/output error")

    desk.make_engine = make  # type: ignore[method-assign]
    with pytest.raises(SpaceError, match="check the disk"):
        desk.check_in()


def hear(desk: Desk, clock: FakeClock, *, due_s: float = 0.0) -> int:
    """A hint of the fleet, as the push service writes it down."""
    serial = make_serial(clock.utc)
    due = clock.utc + timedelta(seconds=due_s)
    desk.hints.write(Heard({"fleet/unit/x/hint": serial}, serial, due))
    return serial


def test_a_hint_of_the_fleet_has_it_ask_before_its_time_and_once(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.ECO)
    desk.check_in()
    serial = hear(desk, clock)
    desk.check_in()
    assert desk.hints.read_obeyed() == serial
    assert "not time to ask" in desk.check_in()
    assert desk.asked == [True, True, False]


def test_a_hint_that_comes_while_mirrors_are_asked_is_not_taken_for_obeyed(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.ECO)
    hear(desk, clock)

    def hear_another() -> None:
        clock.advance(1)
        hear(desk, clock)

    desk.during = hear_another
    desk.check_in()
    desk.during = lambda: None
    assert desk.hints.find_waiting() is not None
    desk.check_in()
    assert desk.asked == [True, True]
    assert desk.hints.find_waiting() is None


def test_a_hint_asks_neither_below_sentinel_nor_before_its_part_of_the_spread(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.HIBERNATE)
    desk.check_in()
    hear(desk, clock, due_s=600)
    desk.check_in()
    clock.advance(601)
    set_level(open_store, clock, EnergyLevel.HIBERNATE)
    desk.check_in()
    clock.advance(1)
    set_level(open_store, clock, EnergyLevel.SENTINEL)
    desk.check_in()
    assert desk.asked == [True, False, False, True]


def test_a_check_in_that_was_killed_has_obeyed_nothing(
    desk: Desk, open_store: OpenStore, clock: FakeClock
) -> None:
    set_level(open_store, clock, EnergyLevel.ECO)
    desk.check_in()
    hear(desk, clock)

    def die() -> None:
        raise SystemExit

    desk.during = die
    with pytest.raises(SystemExit):
        desk.check_in()
    assert desk.hints.find_waiting() is not None
