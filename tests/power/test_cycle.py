"""The power service on a real store with a charger and a PID 1 that do as they are told."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from appliance.errors import BusError, StoreError
from appliance.log import SentenceLog
from appliance.model import (
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    Fault,
    PowerReading,
)
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.store.store import Store
from power.act.loads import Actuator
from power.cycle import PowerCycle
from power.guard.observations import EMPTY_FOR_S
from power.plan.ladder import Ladder
from power.reading.meters import Poll
from tests.conftest import ROOT, OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost
from tests.stand_ins.rig import make_bare_site

GATE, INFERENCE = "appliance-camera@gate", "appliance-inference"


@dataclass
class FakeMeter:
    """A charge controller whose values are set by hand, and which can fall silent."""

    clock: FakeClock
    volts: float = 13.2
    amps: float = 0.0
    sun_w: float = 0.0
    stage: ChargeStage = ChargeStage.BULK
    silent: bool = False
    loads_w: list[float] = field(default_factory=list)
    confirms_from_s: float | None = None
    source_runs: bool = False

    def note_load(self, power_w: float) -> None:
        self.loads_w.append(power_w)

    def note_source(self, *, runs: bool) -> None:
        self.source_runs = runs

    def confirm_from(self, uptime_s: float | None) -> None:
        self.confirms_from_s = uptime_s

    def read(self) -> Poll:
        if self.silent:
            return Poll(None, faults=(BusError("the charger does not answer"),))
        return Poll(self._reading())

    def _reading(self) -> PowerReading:
        return PowerReading(
            stamp=self.clock.stamp(),
            device="test",
            pv_power_w=self.sun_w,
            pv_voltage_v=30.0,
            battery_voltage_v=self.volts,
            battery_current_a=self.amps,
            battery_temperature_c=25.0,
            load_power_w=5.0,
            charge_stage=self.stage,
            yield_today_wh=None,
        )


@dataclass
class Unit:
    """One power service with all around it; `pass_time` runs its cycles."""

    clock: FakeClock
    settings: Settings
    store: Store
    meter: FakeMeter
    host: FakeHost = field(default_factory=FakeHost)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        log = SentenceLog("power")
        self.service = Service("power", self.settings, self.clock, self.store, log)
        actuator = Actuator(self.host, make_bare_site(["gate"], self.settings.host.may_power_off))
        self.cycle = PowerCycle(self.service, self.meter, Ladder(self.settings), actuator)
        self.sentences: list[str] = []

    def pass_time(self, seconds: float, every_s: float = 10.0) -> str:
        """Run cycles until `seconds` have passed; returns the last sentence."""
        for _ in range(max(1, int(seconds / every_s))):
            self.clock.advance(every_s)
            self.service.run_once(self._cycle)
        return self.sentences[-1]

    def budget(self) -> EnergyBudget:
        last = self.store.latest(EnergyBudget, 180)
        assert last is not None
        return last

    def _cycle(self) -> str:
        self.sentences.append(self.cycle())
        return self.sentences[-1]


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Unit:
    """A unit that was charged to 90 % when its service was last seen, a minute ago."""
    store, clock.synchronized = open_store("power"), True
    state = BatteryState(
        clock.stamp(), 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
    )
    store.add(state)
    clock.advance(60)
    return Unit(clock, settings, store, FakeMeter(clock))


def test_a_charged_unit_runs_everything_and_says_why(unit: Unit) -> None:
    assert unit.pass_time(10) == (
        "FULL: SOC 90 +- 1 %, ECO below 60 %; PV 0 W, autonomy in hibernation 3 days; "
        "the loads may draw 25 W"
    )
    assert unit.host.new() == [f"start {GATE}", f"start {INFERENCE}"]
    assert unit.budget().level == EnergyLevel.FULL


def test_the_meters_receive_what_the_ordered_loads_draw(unit: Unit) -> None:
    unit.pass_time(10)
    assert unit.meter.loads_w == [unit.settings.compute_base_w(EnergyLevel.FULL)]


def test_two_cycles_order_a_unit_only_once(unit: Unit) -> None:
    unit.pass_time(10)
    unit.host.new()
    unit.pass_time(600)
    assert unit.host.new() == []


def test_the_charger_falling_silent_sheds_work_step_by_step(unit: Unit) -> None:
    unit.pass_time(60)
    unit.host.new()
    unit.meter.silent = True
    unit.pass_time(590)
    assert unit.budget().level == EnergyLevel.FULL
    assert unit.pass_time(30).startswith(
        "ECO held by the guard: no voltage of the battery has been read for 10 min"
    )
    unit.pass_time(3000)
    assert unit.host.new() == [f"stop {INFERENCE}"]
    assert unit.budget().level == EnergyLevel.SENTINEL
    assert [fault.code for fault in unit.store.list_open_faults()] == ["bus"]


def test_after_a_silence_of_the_charger_the_level_rises_only_after_the_dwell(unit: Unit) -> None:
    unit.meter.silent = True
    unit.pass_time(4000)
    unit.meter.silent = False
    unit.pass_time(890)
    assert unit.budget().level == EnergyLevel.SENTINEL
    assert unit.pass_time(20).startswith("FULL")
    assert unit.store.list_open_faults() == []


def test_a_falling_battery_sheds_sleeps_and_shuts_down_in_order(unit: Unit) -> None:
    unit.meter.amps = -20.0
    levels = []
    for _ in range(50):
        unit.pass_time(600)
        levels.append(unit.budget().level)
        if levels[-1] is EnergyLevel.OFF:
            break
        unit.meter.volts -= 0.02
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == set(EnergyLevel)
    assert unit.host.orders == [
        f"start {GATE}",
        f"start {INFERENCE}",
        f"stop {INFERENCE}",
        f"stop {GATE}",
        "poweroff",
    ]


def test_a_low_voltage_beats_a_stored_charge_of_ninety_percent(unit: Unit) -> None:
    unit.meter.volts, unit.meter.amps = 11.8, -3.0
    assert "V per cell is below 3 V" in unit.pass_time(60)
    assert unit.host.orders[-1] == "poweroff"


def test_one_lost_poll_neither_powers_off_nor_confirms_a_sag(unit: Unit) -> None:
    unit.pass_time(10)
    unit.meter.volts, unit.meter.amps = 11.9, -3.0
    unit.pass_time(20)
    unit.meter.silent = True
    unit.pass_time(10)
    assert unit.budget().level == EnergyLevel.FULL
    unit.meter.silent, unit.meter.volts = False, 13.2
    unit.pass_time(60)
    assert unit.budget().level == EnergyLevel.FULL


def test_a_meter_that_falls_silent_with_the_battery_stops_the_loads_and_not_the_computer(
    unit: Unit,
) -> None:
    unit.pass_time(10)
    unit.meter.volts, unit.meter.amps = 11.9, -3.0
    unit.pass_time(10)
    unit.meter.silent = True
    assert unit.pass_time(30).startswith("HIBERNATE held by the guard: the last measured voltage")
    assert "poweroff" not in unit.host.orders


def test_the_meters_are_told_from_when_on_a_measurement_confirms_a_low_voltage(unit: Unit) -> None:
    confirms_from_s = []
    for volts, seconds in ((13.2, 10), (11.9, 10), (11.9, 30)):
        unit.meter.volts = volts
        unit.pass_time(seconds)
        confirms_from_s.append(unit.meter.confirms_from_s)
    fell_s = unit.clock.stamp().uptime_s - 30
    assert confirms_from_s == [None, fell_s + EMPTY_FOR_S, None]


def break_the_store(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Fill the disk: every transaction fails from now on; returns how to make room again."""

    def full(*_: object) -> None:
        raise StoreError("the database cannot be written: database or disk is full")

    monkeypatch.setattr(unit.store, "add", full)
    return monkeypatch.undo


def test_a_full_disk_does_not_stop_the_guard(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit.pass_time(10)
    break_the_store(unit, monkeypatch)
    unit.meter.volts, unit.meter.amps = 11.8, -3.0
    unit.pass_time(60)
    assert unit.host.orders[-3:] == [f"stop {INFERENCE}", f"stop {GATE}", "poweroff"]


def test_loads_that_left_without_a_budget_are_started_again_when_there_is_room(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.pass_time(10)
    make_room = break_the_store(unit, monkeypatch)
    unit.pass_time(600)
    unit.host.new()
    make_room()
    unit.pass_time(20)
    assert unit.host.new() == [f"start {GATE}", f"start {INFERENCE}"]


def test_orders_are_given_before_anything_is_stored(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders_at_first_write: list[str] = []
    add = unit.store.add

    def watched(*rows: object) -> None:
        if not orders_at_first_write:
            orders_at_first_write.extend(unit.host.orders)
        add(*rows)

    monkeypatch.setattr(unit.store, "add", watched)
    unit.pass_time(10)
    assert orders_at_first_write == [f"start {GATE}", f"start {INFERENCE}"]


def test_a_refused_order_is_a_fault_until_it_is_taken(unit: Unit) -> None:
    unit.host.refuses = {f"start {GATE}"}
    unit.pass_time(30)
    assert [fault.code for fault in unit.store.list_open_faults()] == ["host"]
    assert set(unit.host.new()) == {f"start {INFERENCE}"}
    unit.host.refuses = set()
    unit.pass_time(10)
    assert unit.host.new() == [f"start {GATE}"]
    assert unit.store.list_open_faults() == []


def test_a_generator_that_nobody_measures_is_a_fault_while_it_runs(unit: Unit) -> None:
    unit.meter.amps, unit.meter.volts = -0.4, 13.1
    unit.pass_time(60)
    unit.meter.volts = 14.1
    unit.pass_time(600)
    assert [fault.code for fault in unit.store.list_open_faults()] == ["battery-source"]
    unit.meter.volts = 13.2
    unit.pass_time(20)
    assert unit.store.list_open_faults() == []


def test_rows_are_sparing_a_budget_each_minute_and_one_transaction_every_other_poll(
    unit: Unit,
) -> None:
    written: list[int] = []
    unit.store._db.set_trace_callback(
        lambda sql: written.append(1) if sql.startswith("BEGIN") else None
    )
    unit.pass_time(10)
    written.clear()
    unit.pass_time(600)
    unit.store._db.set_trace_callback(None)
    assert len(unit.store.rows(PowerReading)) == 31
    assert len(unit.store.rows(EnergyBudget)) == 11
    assert len(written) == 30 + 10  # and the service's own sentence, once a minute


def test_a_restart_keeps_charge_and_level(unit: Unit) -> None:
    unit.meter.silent = True
    unit.pass_time(4000)
    unit.meter.silent = False
    unit.restart()
    assert unit.pass_time(10).startswith("SENTINEL: ")
    assert "FULL in" in unit.sentences[-1]
    state = unit.store.latest(BatteryState, 60)
    assert state is not None
    assert state.state_of_charge_pct == pytest.approx(90, abs=1)


def test_a_restart_does_not_forget_how_long_the_charger_has_been_silent(unit: Unit) -> None:
    unit.pass_time(10)
    unit.meter.silent = True
    unit.pass_time(660)
    unit.restart()
    assert unit.pass_time(10).startswith("ECO held by the guard: no voltage of the battery")


def test_a_new_boot_has_no_level(unit: Unit) -> None:
    unit.meter.silent = True
    unit.pass_time(4000)
    unit.clock.reboot()
    unit.meter.silent = False
    unit.restart()
    assert unit.pass_time(10).startswith("FULL")


def test_fast_demonstrations_count_as_slow_units_do(unit: Unit) -> None:
    unit.meter.amps = -20.0
    unit.pass_time(7200, every_s=200)
    state = unit.store.latest(BatteryState, 60)
    assert state is not None
    assert state.state_of_charge_pct == pytest.approx(70, abs=1)
    assert unit.store.rows(Fault) == []


def test_a_laptop_goes_to_level_off_but_is_never_powered_off(unit: Unit) -> None:
    unit.settings = replace(unit.settings, host=replace(unit.settings.host, may_power_off=False))
    unit.restart()
    unit.meter.volts, unit.meter.amps = 11.8, -3.0
    unit.pass_time(120)
    assert unit.budget().level == EnergyLevel.OFF
    assert "poweroff" not in unit.host.orders


def test_nothing_heavy_is_imported_by_the_resident_service() -> None:
    check = (
        "import sys, power.__main__; "
        "print([m for m in ('numpy', 'pandas', 'pvlib', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_guard_starts_without_a_database_and_opens_it_when_there_is_room(
    clock: FakeClock, settings: Settings
) -> None:
    blocker = settings.unit.data_dir
    blocker.write_text("a file where the data directory should be")
    store = Store(settings.database, clock, "power", opened=False)
    unit = Unit(clock, settings, store, FakeMeter(clock, volts=11.0))
    unit.pass_time(120)
    assert unit.host.orders[-1] == "poweroff"
    blocker.unlink()
    unit.pass_time(120)
    assert store.last(PowerReading) is not None
