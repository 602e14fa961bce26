"""The power service with a generator: a real store, and an engine that obeys, or does not."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.log import SentenceLog
from appliance.model import BatteryState, EnergyLevel, Fault, Sleep
from appliance.model_sources import SourcePhase, SourceState
from appliance.process.service import Service
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.settings import BmsSettings, Settings
from power.act.loads import Actuator
from power.act.source_request import SourceRequest, leave_request
from power.act.sources import Sources
from power.cycle import PowerCycle
from power.plan.ladder import Ladder
from power.reading.meters import Poll
from power.sleep.interface import NoSleep, Permission, PermissionRequest, SleepReport
from tests.conftest import OpenStore
from tests.power.test_cycle import FakeMeter
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost

START, STOP = "start appliance-switch@relay", "stop appliance-switch@relay"
GENERATOR = SourceSettings(
    switch="relay", power_w=400, starts_by=SourceStart.NEVER, tank_kwh=10, rest_s=300
)


@dataclass
class Engine(FakeMeter):
    """A battery beside a generator: while `orders` say so and it is not `broken`, it charges. The
    generator's current is measured by a BMS.
    """

    orders: list[str] = field(default_factory=list)
    broken: bool = False
    stuck: bool = False

    def read(self) -> Poll:
        last = [one for one in self.orders if one in (START, STOP)][-1:]
        runs = self.stuck or (last == [START] and not self.broken)
        noise = self.clock.uptime_s % 70 / 1000  # a meter that shows exactly the same is frozen
        self.amps = 28.0 + noise if runs else -0.5 - noise
        return super().read()


class Awake(NoSleep):
    """Notes the levels that the sleep controller is shown."""

    def __init__(self) -> None:
        self.levels: list[EnergyLevel] = []
        self.ordered = False

    def permit(self, request: PermissionRequest) -> Permission:
        return Permission(request.verdict, sleep_ordered=self.ordered)

    def act(self, *args: object) -> SleepReport:
        assert isinstance(args[0], EnergyLevel)
        self.levels.append(args[0])
        return SleepReport()


@dataclass
class Site:
    """A unit with a generator; `pass_time` runs its cycles."""

    clock: FakeClock
    settings: Settings
    open_store: OpenStore
    host: FakeHost = field(default_factory=FakeHost)

    def __post_init__(self) -> None:
        self.store = self.open_store("power")
        self.meter = Engine(self.clock, orders=self.host.orders)
        self.meter.volts = 12.9

    def begin(self, charge_pct: float, *, boot: bool = True) -> None:
        """The unit starts with that charge."""
        if boot:
            energy_wh = charge_pct * 25.6
            state = BatteryState(
                self.clock.stamp(),
                charge_pct,
                1.0,
                energy_wh,
                2560,
                None,
                charge_blocked=False,
                method="counted",
            )
            self.store.add(state)
            self.clock.advance(60)
        log = SentenceLog("power")
        self.service = Service("power", self.settings, self.clock, self.store, log)
        self.sleep = Awake()
        self.cycle = PowerCycle(
            self.service,
            self.meter,
            Ladder(self.settings),
            Actuator(self.host, self.settings),
            self.sleep,
            Sources(self.settings),
        )

    def pass_time(self, seconds: float, every_s: float = 10.0) -> SourceState:
        for _ in range(max(1, int(seconds / every_s))):
            self.clock.advance(every_s)
            self.service.run_once(self.cycle)
        return self.state()

    def state(self) -> SourceState:
        [row] = self.store.rows(SourceState)
        return row

    def ordered(self) -> list[str]:
        return [one for one in self.host.orders if one in (START, STOP)]

    def faults(self) -> dict[str, str]:
        return {one.code: one.text for one in self.store.rows(Fault) if one.cleared is None}


def make_site(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Site:
    """A unit with a generator behind a relay, and a BMS."""
    clock.synchronized = True
    run_dir = settings.unit.data_dir / "run"
    run_dir.mkdir(parents=True)
    settings = replace(
        settings,
        unit=replace(settings.unit, run_dir=run_dir),
        source={"main": GENERATOR},
        switch={"relay": SwitchSettings(idle_w=3.0)},
        bms={"pack": BmsSettings()},
    )
    return Site(clock, settings, open_store)


@pytest.fixture
def site(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Site:
    return make_site(clock, settings, open_store)


def test_a_well_charged_unit_leaves_its_generator_off_at_every_level(site: Site) -> None:
    site.begin(90)
    assert site.pass_time(600).phase is SourcePhase.OFF
    assert site.ordered() == [STOP]


def test_the_guard_starts_it_before_any_load_stops_and_stops_it_when_it_is_safe(
    site: Site,
) -> None:
    site.begin(17)
    state = site.pass_time(60)
    assert site.ordered() == [STOP, START] or site.ordered() == [START]
    assert (state.phase, state.power_w is not None) == (SourcePhase.GIVING, True)
    assert "there may be only" in state.reason
    site.pass_time(3 * 3600)
    assert site.ordered()[-1] == STOP
    assert site.state().energy_wh > 200


def test_a_unit_with_a_running_generator_does_not_go_to_sleep(site: Site) -> None:
    site.begin(12)
    site.pass_time(20)
    asked = len(site.sleep.levels)
    site.pass_time(120)
    assert len(site.sleep.levels) == asked


def test_a_power_off_by_the_charge_waits_for_a_started_generator_and_one_by_the_voltage_does_not(
    site: Site,
) -> None:
    """And it waits for no longer than the start may take."""
    site.meter.broken = True
    site.begin(8)
    site.pass_time(120)
    assert "poweroff" not in site.host.orders
    site.pass_time(400)
    assert "poweroff" in site.host.orders
    site.host.orders.clear()
    site.clock.reboot()
    site.begin(8)
    site.meter.volts = 9.5
    site.pass_time(60)
    assert "poweroff" in site.host.orders


def test_no_source_is_started_once_the_computer_is_ordered_to_sleep(site: Site) -> None:
    site.begin(16)
    site.sleep.ordered = True
    state = site.pass_time(60)
    assert (state.phase, "about to sleep" in state.reason) == (SourcePhase.OFF, True)


def test_a_generator_that_gives_nothing_is_a_fault_with_what_to_look_for(site: Site) -> None:
    site.meter.broken = True
    site.begin(16)
    site.pass_time(600)
    assert "fuel? oil?" in site.faults()["source-main-failed"]
    assert "try 1 of 3" in site.faults()["source-main-failed"]
    assert site.ordered()[-1] == STOP
    site.pass_time(2 * 3600)
    assert site.state().locked
    assert "unitctl energy source main --unlock" in site.faults()["source-main-failed"]
    assert site.ordered().count(START) == 3


def test_who_unlocks_it_lets_it_start_again(site: Site) -> None:
    site.meter.broken = True
    site.begin(16)
    site.pass_time(2 * 3600)
    site.meter.broken = False
    leave_request(site.settings.source_request, SourceRequest("main", unlock=True))
    state = site.pass_time(60)
    assert not site.settings.source_request.exists()
    assert (state.locked, state.phase) == (False, SourcePhase.GIVING)


def test_fuel_is_corrected_by_a_person_and_a_request_that_cannot_be_read_changes_nothing(
    site: Site,
) -> None:
    site.begin(90)
    assert site.pass_time(20).fuel_left_kwh == 10
    leave_request(site.settings.source_request, SourceRequest("main", fuel_left_kwh=1.5))
    assert site.pass_time(20).fuel_left_kwh == 1.5
    assert "1.5 kWh left" in site.faults()["source-main-fuel"]
    for text in ("{", json.dumps({"source": "main", "fuel_left_kwh": "x"}), "[]"):
        site.settings.source_request.write_text(text)
        assert site.pass_time(20).fuel_left_kwh == 1.5


def test_a_service_that_starts_anew_goes_on_with_the_run_and_orders_it_again(site: Site) -> None:
    site.begin(16)
    before = site.pass_time(300)
    site.clock.advance(3)
    site.begin(16, boot=False)
    after = site.pass_time(10)
    assert STOP not in site.ordered()[1:]
    assert (after.phase, after.changed_s) == (SourcePhase.GIVING, before.changed_s)
    assert after.starts == 1


def test_a_service_that_finds_no_run_stored_orders_the_generator_off(site: Site) -> None:
    site.begin(90)
    site.pass_time(10)
    assert site.ordered() == [STOP]


def test_after_a_boot_the_run_of_the_boot_before_is_over_and_its_counts_are_kept(
    site: Site,
) -> None:
    site.begin(16)
    before = site.pass_time(600)
    site.clock.reboot(down_s=3600)
    site.meter.broken = True
    site.begin(90)
    site.host.orders.clear()
    after = site.pass_time(20)
    assert (after.phase, after.starts) == (SourcePhase.OFF, 1)
    assert after.energy_wh == pytest.approx(before.energy_wh, abs=10)
    assert START not in site.ordered()


def test_the_end_of_the_service_stops_it_unless_the_settings_let_it_run(site: Site) -> None:
    site.begin(16)
    site.pass_time(300)
    site.cycle.finish()
    assert site.ordered()[-1] == STOP
    assert site.state().phase is SourcePhase.OFF
    stays = replace(GENERATOR, stops_with_service=False)
    site.settings = replace(site.settings, source={"main": stays})
    site.clock.advance(3600)
    site.begin(16)
    site.pass_time(60)
    site.cycle.finish()
    assert site.ordered()[-1] == START


def test_power_though_it_should_be_off_is_a_fault_and_the_order_stands(site: Site) -> None:
    site.begin(90)
    site.pass_time(60)
    site.meter.stuck = True
    site.pass_time(200)
    assert "source-main-runs" not in site.faults()
    site.pass_time(300)
    assert "relay stuck" in site.faults()["source-main-runs"]
    site.meter.stuck = False
    site.pass_time(60)
    assert "source-main-runs" not in site.faults()


def test_the_current_of_a_running_source_is_no_evidence_against_any_meter(site: Site) -> None:
    site.begin(16)
    site.pass_time(300)
    assert site.meter.source_runs
    assert set(site.faults()) <= {"source-main-fuel"}


def test_a_source_that_nobody_measures_is_counted_on_by_nobody_and_says_so(
    clock: FakeClock, settings: Settings, open_store: OpenStore, tmp_path: Path
) -> None:
    blind = replace(
        settings, source={"main": GENERATOR}, switch={"relay": SwitchSettings()}, bms={}
    )
    site = Site(clock, blind, open_store)
    site.begin(16)
    state = site.pass_time(600)
    assert (state.phase, state.failures) == (SourcePhase.STARTING, 0)
    assert "nothing measures" in site.faults()["source-main-unseen"]
    assert state.fuel_left_kwh == pytest.approx(10 - 0.4 * 540 / 3600, abs=0.01)


def test_a_generator_alone_keeps_no_row_of_a_sleep(site: Site) -> None:
    site.begin(16)
    site.pass_time(timedelta(hours=1).total_seconds())
    assert site.store.rows(Sleep) == []


def test_a_unit_that_woke_with_an_empty_battery_starts_its_generator_before_it_powers_off(
    site: Site,
) -> None:
    site.begin(90)
    site.pass_time(10)
    site.store.add(replace(site.state(), starts=5))
    site.clock.reboot(down_s=7200)
    site.begin(8)
    state = site.pass_time(60)
    assert (state.phase, "poweroff" in site.host.orders) == (SourcePhase.GIVING, False)
