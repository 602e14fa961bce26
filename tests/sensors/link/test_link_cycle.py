"""The link's minute in the sensors service: rows, faults and orders, with a real database."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_alarms import AlarmDelivery, AlarmPriority, DeliveryState
from appliance.model_updates import (
    LinkAct,
    LinkDay,
    LinkPhase,
    LinkReset,
    LinkState,
    UpdateState,
    UpdateStep,
)
from appliance.process.service import Service
from appliance.sections.link import LinkSettings
from appliance.sections.loads import SwitchSettings
from appliance.sections.network import FleetSettings
from appliance.settings import Settings
from sensors.link.cycle import LinkCycle
from sensors.link.look import LinkLook, LinkTask, LinkTools, LinkWorker
from sensors.link.modem_manager import ModemFacts
from sensors.link.network_manager import NetworkFacts
from sensors.link.pin import PinTrial
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

MB = 1_000_000
CONNECTED = ModemFacts("/m", LinkPhase.CONNECTED, "EC25", "Orange RO", "LTE", 63.0, "wwan0")


@dataclass(frozen=True, slots=True)
class FakeTools(LinkTools):
    """Both daemons and the fleet's server. `tasks`: what was ordered."""

    tasks: list[LinkTask] = field(default_factory=list)
    seen: list[LinkLook] = field(default_factory=list)
    answers: list[bool] = field(default_factory=lambda: [True])

    def look(self, task: LinkTask) -> LinkLook:
        self.tasks.append(task)
        asked = bool(task.servers)
        return replace(self.seen[-1], asked=asked, answered=asked and self.answers[-1])


@dataclass
class Site:
    """A unit with a modem at wwan0."""

    settings: Settings
    clock: FakeClock
    open_store: OpenStore
    root: Path
    level: EnergyLevel | None = EnergyLevel.ECO

    def __post_init__(self) -> None:
        self.clock.synchronized = True
        fleet = FleetSettings(server="https://fleet.example.org")
        self.settings = replace(self.settings, fleet=fleet)
        look = LinkLook(CONNECTED, NetworkFacts(is_metered=True), LinkPhase.CONNECTED)
        self.tools = FakeTools(PinTrial(None, self.root), seen=[look])
        self.number = 4
        self.flow(0)
        self.begin()

    def begin(self) -> None:
        """A new process, as after kill -9."""
        store = self.open_store("sensors")
        self.service = Service("sensors", self.settings, self.clock, store, SentenceLog("sensors"))
        self.link = LinkCycle(self.service, LinkWorker(self.tools), self.root)

    def use(self, **changes: object) -> "Site":
        link = replace(LinkSettings(enabled=True), **changes)  # type: ignore[arg-type]
        switch = {"modem": SwitchSettings(runs_from=EnergyLevel.SENTINEL)} if link.switch else {}
        self.settings = replace(self.settings, link=link, switch=switch)
        self.begin()
        return self

    def see(self, look: LinkLook) -> None:
        self.tools.seen.append(look)

    def flow(self, received_bytes: int, sent_bytes: int = 0) -> None:
        place = self.root / "sys/class/net/wwan0"
        (place / "statistics").mkdir(parents=True, exist_ok=True)
        (place / "statistics/rx_bytes").write_text(f"{received_bytes}\n")
        (place / "statistics/tx_bytes").write_text(f"{sent_bytes}\n")
        (place / "ifindex").write_text(f"{self.number}\n")

    def pass_time(self, minutes: float = 1) -> LinkState:
        for _ in range(round(minutes)):
            if self.level is not None:
                now = self.clock.stamp()
                budget = EnergyBudget(now, self.level, 25.0, now.utc, 100.0, "for a test")
                self.open_store("power").add(budget)
            self.service.run_once(self.cycle)
            self.link.worker.take_later()  # type: ignore[attr-defined]
            self.clock.advance(60)
        state = self.service.store.last(LinkState)
        assert state is not None
        return state

    def cycle(self) -> str:
        self.link.cycle()
        return "looked"

    def list_faults(self) -> dict[str, str]:
        self.service.recorder.refresh()
        return {one.code: str(one.text) for one in self.service.store.list_open_faults()}

    def list_acts(self) -> list[LinkAct]:
        return [one.act for one in self.service.store.rows(LinkReset)]


@pytest.fixture
def site(
    settings: Settings,
    clock: FakeClock,
    open_store: OpenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    def take_later(self: LinkWorker) -> None:
        if self._thread is not None:
            self._thread.join(10.0)

    monkeypatch.setattr(LinkWorker, "take_later", take_later, raising=False)
    return Site(settings, clock, open_store, tmp_path / "root").use()


def test_a_connected_link_is_stored_with_its_operator_its_bytes_and_when_a_server_answered(
    site: Site,
) -> None:
    site.flow(5 * MB, 2 * MB)
    site.pass_time(2)
    state = site.pass_time()
    assert state.phase is LinkPhase.CONNECTED
    assert state.reason == "connected: Orange RO, LTE, signal 63 %"
    assert (state.interface, state.month_bytes, state.is_metered) == ("wwan0", 7 * MB, True)
    assert state.reached is not None
    assert not state.supply_off
    assert site.list_faults() == {}


def test_bytes_go_on_over_a_restart_a_reboot_and_an_interface_that_was_plugged_in_anew(
    site: Site,
) -> None:
    site.pass_time(2)
    site.flow(3 * MB)
    site.pass_time()
    site.begin()
    site.pass_time(2)
    site.clock.reboot()
    site.flow(1 * MB)
    site.begin()
    site.pass_time(2)
    site.number = 5
    site.flow(2 * MB)
    assert site.pass_time().month_bytes == 6 * MB
    assert sum(one.received_bytes for one in site.service.store.rows(LinkDay)) == 6 * MB


def test_at_eighty_per_cent_a_fault_warns_and_at_all_of_it_what_is_not_urgent_waits(
    site: Site,
) -> None:
    site.use(budget_mb_per_month=10.0).pass_time(2)
    site.flow(8 * MB)
    state = site.pass_time()
    assert (state.waits, state.budget_bytes) == (False, 10 * MB)
    assert "has used 8 of 10 MB since" in site.list_faults()["link-budget"]
    site.flow(10 * MB)
    assert site.pass_time().waits
    assert "updates and pictures wait" in site.list_faults()["link-budget"]


def test_at_sentinel_the_radio_goes_off_between_windows_and_the_row_says_until_when(
    site: Site,
) -> None:
    site.level = EnergyLevel.SENTINEL
    state = site.pass_time(3)  # it is 02:00
    assert state.phase is LinkPhase.OFF
    assert state.next_on is not None
    assert (state.next_on.hour, state.next_on.minute) == (2, 17)
    assert site.tools.tasks[-1] == LinkTask(radio_on=False)
    assert site.list_faults() == {}
    site.pass_time(15)
    assert site.tools.tasks[-1].radio_on


def test_a_switch_is_asked_for_in_place_of_the_radio(site: Site) -> None:
    site.use(switch="modem").level = EnergyLevel.SENTINEL
    assert site.pass_time(2).supply_off
    assert site.tools.tasks[-1].radio_on is None


def test_an_alarm_that_waits_opens_the_link_at_sentinel(site: Site) -> None:
    site.level = EnergyLevel.SENTINEL
    now = site.clock.stamp()
    row = AlarmDelivery(
        now,
        "d-1",
        "a-1",
        "owner",
        "sms",
        DeliveryState.WAITING,
        AlarmPriority.HIGH,
        covers=1,
        not_before=now.utc,
        attempts=0,
        reason="new",
    )
    site.open_store("alarm").add(row)
    assert site.pass_time(2).phase is LinkPhase.CONNECTED


def test_a_silence_is_met_by_acts_that_are_stored_and_bounded_over_restarts(site: Site) -> None:
    site.use(most_resets_per_day=2)
    site.tools.answers.append(False)
    for _ in range(8):
        site.pass_time(60)
        site.begin()
    state = site.pass_time(200)
    assert site.list_acts() == [LinkAct.RECONNECT, LinkAct.RECONNECT]
    assert state.resets == 2
    assert "has acted 2 times in 24 h" in site.list_faults()["link"]


def test_the_acts_of_a_day_are_bounded_over_a_boot_that_begins_in_1970(site: Site) -> None:
    site.use(most_resets_per_day=1)
    site.tools.answers.append(False)
    site.pass_time(60)
    assert len(site.list_acts()) == 1
    site.clock.reboot()
    site.clock.set_wall_clock(site.clock.utc.replace(year=1970))
    site.begin()
    site.pass_time(120)
    assert len(site.list_acts()) == 1


def test_the_supply_is_asked_to_go_off_for_a_power_cycle(site: Site) -> None:
    site.use(switch="modem")
    site.tools.answers.append(False)
    states = [site.pass_time() for _ in range(220)]
    assert site.list_acts() == [LinkAct.RECONNECT, LinkAct.RESET, LinkAct.POWER_CYCLE]
    assert sum(one.supply_off for one in states) == 1
    acts = [task.act for task in site.tools.tasks if task.act]
    assert acts == [LinkAct.RECONNECT, LinkAct.RESET]


def test_nothing_is_reset_while_an_update_is_being_fetched(site: Site) -> None:
    site.tools.answers.append(False)
    for _ in range(100):
        now = site.clock.stamp()
        row = UpdateState(now, UpdateStep.DOWNLOAD, "r2", "r1", "fetching", progress_pct=5.0)
        site.open_store("checkin").add(row)
        site.pass_time()
    assert site.list_acts() == []


def test_below_the_level_of_its_switch_the_watchdog_leaves_the_modem_alone(site: Site) -> None:
    site.use(switch="modem", windows_from=EnergyLevel.HIBERNATE, on_from=EnergyLevel.HIBERNATE)
    site.level = EnergyLevel.HIBERNATE
    site.tools.answers.append(False)
    site.pass_time(120)
    assert site.list_acts() == []


def test_without_a_known_level_nothing_is_switched_or_reset(site: Site) -> None:
    site.level = None
    site.tools.answers.append(False)
    assert not site.pass_time(120).supply_off
    assert site.list_acts() == []


def test_a_missing_sim_is_a_fault_that_says_what_to_do(site: Site) -> None:
    site.see(LinkLook(replace(CONNECTED, phase=LinkPhase.NO_SIM), None, LinkPhase.NO_SIM))
    site.pass_time(2)
    assert "put one in" in site.list_faults()["link"]


def test_a_bus_that_hangs_holds_no_minute_up(site: Site) -> None:
    class Hanging(LinkWorker):
        def begin(self, task: LinkTask) -> bool:
            return False

        def take(self, wait_s: float = 0.0) -> LinkLook | None:
            return None

    site.link.worker = Hanging(site.tools)
    assert site.pass_time(3).phase is LinkPhase.UNKNOWN


def test_a_stamp_of_another_boot_is_judged_by_the_wall_clock() -> None:
    from sensors.link.cycle import find_time_s

    clock = FakeClock()
    before = clock.stamp()
    clock.reboot(down_s=600)
    row = LinkReset(before, LinkAct.RESET, "for a test")
    assert find_time_s(row, clock.stamp()) < 0
    later = Stamp(clock.utc.replace(year=2030), "ffffffff", 5.0)
    assert find_time_s(replace(row, stamp=later), clock.stamp()) == clock.uptime_s
