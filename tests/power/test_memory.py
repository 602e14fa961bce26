"""What the power service remembers over a restart, also where the database answers late."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.log import SentenceLog
from appliance.model import BatteryState, EnergyBudget, EnergyLevel, PowerReading
from appliance.process.recorder import Recorder
from appliance.process.rtc import Rtc
from appliance.process.service import Service
from appliance.settings import Settings
from power import memory
from power.act.arbiter import ArbiterState
from power.act.loads import Actuator
from power.battery.estimate import Estimate
from power.cycle import PowerCycle
from power.memory import Memory, merge_estimates, merge_level, merge_readings
from power.plan.ladder import Ladder
from tests.conftest import OpenStore
from tests.power.test_cycle import FakeMeter
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost
from tests.stand_ins.rig import make_bare_site

ECO, FULL, SENTINEL = EnergyLevel.ECO, EnergyLevel.FULL, EnergyLevel.SENTINEL


def estimate(clock: FakeClock, sigma_pct: float) -> Estimate:
    return Estimate(clock.stamp(), 50.0, sigma_pct, "counted")


def budget(clock: FakeClock, level: EnergyLevel) -> EnergyBudget:
    return replace(filled.budget(clock.stamp(), level), stamp=clock.stamp())


def test_of_two_estimates_the_more_certain_counts(clock: FakeClock) -> None:
    sure, unsure = estimate(clock, 2.0), estimate(clock, 20.0)
    assert merge_estimates(unsure, sure) is sure
    assert merge_estimates(sure, unsure) is sure
    assert merge_estimates(None, unsure) is unsure
    assert merge_estimates(unsure, None) is unsure
    assert merge_estimates(None, None) is None


def test_of_two_readings_the_newer_counts(clock: FakeClock) -> None:
    old = filled.reading(clock.stamp())
    clock.advance(10)
    new = filled.reading(clock.stamp())
    assert merge_readings(old, new) is merge_readings(new, old) is new
    assert merge_readings(None, old) is old


def test_before_the_first_order_the_recalled_level_holds(clock: FakeClock) -> None:
    found = merge_level(ArbiterState(), budget(clock, SENTINEL), clock.stamp())
    assert found == ArbiterState(SENTINEL)
    assert merge_level(ArbiterState(), None, clock.stamp()) == ArbiterState()


@pytest.mark.parametrize(
    ("running", "recalled", "late_s", "level"),
    [(SENTINEL, FULL, 30, FULL), (FULL, SENTINEL, 30, FULL), (SENTINEL, FULL, 300, SENTINEL)],
)
def test_a_level_recalled_late_is_no_rise_while_it_holds_and_stops_nothing(
    clock: FakeClock, running: EnergyLevel, recalled: EnergyLevel, late_s: float, level: EnergyLevel
) -> None:
    stored = budget(clock, recalled)
    clock.advance(late_s)
    assert merge_level(ArbiterState(running), stored, clock.stamp()).level == level


TABLES = {"battery_state": "estimate", "power_reading": "reading", "energy_budget": "budget"}


OF_ONE_FIELD = ("extra", "battery_voltage_v = x'00'", "charge_stage = 'TURBO'")  # the rest counts


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE {table} SET at = 'yesterday'",
        "UPDATE {table} SET uptime_s = 'late'",
        "UPDATE battery_state SET state_of_charge_pct = 'half'",
        "UPDATE battery_state SET sigma_pct = 9e999",
        "UPDATE power_reading SET battery_voltage_v = x'00'",
        "UPDATE power_reading SET charge_stage = 'TURBO'",
        "UPDATE energy_budget SET level = 'TURBO'",
        "ALTER TABLE {table} DROP COLUMN boot_id",
        "ALTER TABLE {table} RENAME TO gone",
        "ALTER TABLE {table} ADD COLUMN extra",
    ],
)
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_row_is_unknown_and_takes_nothing_else_with_it(
    open_store: OpenStore, clock: FakeClock, tmp_path: Path, table: str, damage: str
) -> None:
    store = open_store("power")
    filled.fill(open_store)
    damaged = damage.split()[2 if damage.startswith("ALTER") else 1].format(table=table)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute(damage.format(table=table))
        db.commit()
    found = Memory(Recorder(store, clock, SentenceLog("power"), "power"), clock, Rtc(tmp_path))
    assert found.is_here()
    for name, attribute in TABLES.items():
        known = getattr(found, attribute) is not None
        assert known == (name != damaged or damage.endswith(OF_ONE_FIELD)), attribute


class LateRecorder(Recorder):
    """Does nothing until `come()`: a database that answers late, without a thread."""

    def refresh(self) -> None:
        """Nothing is done yet."""

    def come(self) -> None:
        self.work_off()


@pytest.fixture
def late(
    clock: FakeClock, settings: Settings, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A power cycle whose database answers late; a minute ago it was at FULL and 90 %."""
    monkeypatch.setattr(memory, "WAIT_S", 0.0)
    store = open_store("power")
    state = BatteryState(
        clock.stamp(), 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
    )
    store.add(state, budget(clock, FULL))
    clock.advance(60)
    service = Service("power", settings, clock, store, SentenceLog("power"))
    service.recorder = LateRecorder(store, clock, SentenceLog("power"), "power")
    host = FakeHost()
    actuator = Actuator(host, make_bare_site(["gate"], may_power_off=True))
    cycle = PowerCycle(service, FakeMeter(clock), Ladder(settings), actuator)
    return service, cycle, host, store


def test_the_first_verdict_comes_without_the_database(late: Any, clock: FakeClock) -> None:
    service, cycle, host, store = late
    clock.advance(10)
    service.run_once(cycle)
    assert host.orders
    assert store.last(PowerReading) is None


def test_what_comes_late_raises_the_level_at_once_and_keeps_the_charge(
    late: Any, clock: FakeClock
) -> None:
    service, cycle, _host, store = late
    clock.advance(10)
    service.run_once(cycle)
    without = cycle._estimate.sigma_pct
    service.recorder.come()
    clock.advance(10)
    service.run_once(cycle)
    assert cycle._estimate.sigma_pct < without
    assert cycle._arbiter.level == FULL
    service.recorder.come()
    assert store.last(PowerReading) is not None


@pytest.mark.parametrize(
    ("confirmed", "rtc_off_by_s", "sigma_pct"),
    [
        (False, 2, 6.0),  # the real-time clock has gone on, and the wall clock is set by it
        (False, -12 * 86_400, 30.0),  # the wall clock was saved, the real-time clock begins anew
        (False, None, 30.0),  # there is none
        (True, None, 6.0),
    ],
)
def test_a_charge_from_before_a_power_off_is_as_sure_as_the_clock_that_went_on(
    open_store: OpenStore,
    clock: FakeClock,
    tmp_path: Path,
    confirmed: bool,
    rtc_off_by_s: int | None,
    sigma_pct: float,
) -> None:
    store = open_store("power")
    store.add(replace(filled.battery_state(clock.stamp()), sigma_pct=3.0))
    clock.reboot(down_s=20)
    clock.synchronized = confirmed
    if rtc_off_by_s is not None:
        own_s = round(clock.utc.timestamp()) + rtc_off_by_s
        (tmp_path / "since_epoch").write_text(f"{own_s}\n")
    found = Memory(Recorder(store, clock, SentenceLog("power"), "power"), clock, Rtc(tmp_path))
    assert found.is_here()
    assert found.estimate is not None
    assert found.estimate.sigma_pct == sigma_pct
