"""The laptop's mainboard: it freezes, ends and starts real processes by alarm and button."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.clock import ScaledClock, boottime_s
from appliance.sections.pace import ClockSettings
from appliance.settings import HostSettings, Settings
from power.act.load_states import parse_states
from provisioning import board as board_module
from provisioning import systemctl
from provisioning.board import AT_BOOT, MQTT, PROXY, PUSH, Mainboard, Power
from tests.stand_ins.fakes import START
from tests.stand_ins.sleeping_unit import stopped
from tests.waiting import wait_until


class FakeSupervisor:
    """Keeps `sleep` processes by name, each in a group of its own, as supervisord does."""

    def __init__(self) -> None:
        self.known = ["plant", "board", "timers", "appliance-inference", *AT_BOOT]
        self.kept: dict[str, subprocess.Popen[bytes]] = {}

    def getAllProcessInfo(self) -> list[dict[str, Any]]:  # noqa: N802  (supervisord's word)
        return [
            {"name": name, "pid": pid, "statename": "RUNNING" if pid else "STOPPED"}
            for name, pid in ((name, self.pid(name)) for name in self.known)
        ]

    def startProcess(self, name: str, _wait: bool) -> None:  # noqa: N802
        self.kept[name] = subprocess.Popen(["sleep", "60"], process_group=0)

    def stopProcess(self, name: str, _wait: bool) -> None:  # noqa: N802
        if name in self.kept:
            self.kept[name].terminate()

    def pid(self, name: str) -> int:
        kept = self.kept.get(name)
        return kept.pid if kept and kept.poll() is None else 0


@pytest.fixture
def supervisor() -> Iterator[FakeSupervisor]:
    kept = FakeSupervisor()
    yield kept
    for process in kept.kept.values():
        process.kill()
        process.wait()


@pytest.fixture
def desk(
    supervisor: FakeSupervisor,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> "Desk":
    monkeypatch.setattr(board_module, "GRACE_S", 0.0)
    (tmp_path / "run").mkdir()
    settings = replace(
        settings,
        host=HostSettings(rtc=tmp_path / "rtc", systemctl="systemctl"),
        clock=ClockSettings(1.0, START, boottime_s()),
    )
    return Desk(settings, supervisor)


class Desk:
    """A board, and the words that reach it."""

    def __init__(self, settings: Settings, supervisor: FakeSupervisor) -> None:
        self.settings, self.supervisor = settings, supervisor
        self.messages: list[str] = []
        ear, self.mouth = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ear.settimeout(0.01)
        self.ear = ear
        self.board = Mainboard(
            settings, supervisor, ear, lambda text, **_: self.messages.append(text)
        )
        self.alarm = settings.host.rtc / "wakealarm"

    def send(self, *words: str) -> None:
        for word in words:
            self.mouth.send(word.encode())
        self.board._obey(self.ear.recv(64).decode())

    def look(self, alarm_in_s: float | None = None) -> None:
        if alarm_in_s is not None:
            now = self.settings.make_clock().stamp().utc
            self.alarm.write_text(str(round((now + timedelta(seconds=alarm_in_s)).timestamp())))
        self.board._check_clock()

    def find_running(self) -> dict[str, int]:
        return systemctl.find_pids(self.supervisor)

    def boot_id(self) -> str:
        return self.settings.make_clock().stamp().boot_id


def test_the_button_boots_the_unit(desk: Desk) -> None:
    before = desk.boot_id()
    desk.send("power-button")
    assert set(desk.find_running()) == set(AT_BOOT) - {MQTT, PROXY, PUSH}
    assert desk.boot_id() != before
    assert desk.messages == ["the computer boots by the power button"]


def test_an_order_to_restart_ends_all_processes_and_begins_a_new_boot_at_once(desk: Desk) -> None:
    desk.send("power-button")
    before, first = desk.find_running(), desk.boot_id()
    desk.send("reboot")
    assert set(desk.find_running()) == set(AT_BOOT) - {MQTT, PROXY, PUSH}
    assert not set(desk.find_running().values()) & set(before.values())
    assert desk.boot_id() != first
    assert desk.board.power is Power.ON


def test_a_restart_starts_what_is_stopped_and_a_try_restart_does_not(
    supervisor: FakeSupervisor,
) -> None:
    units = ["appliance-inference.service", "appliance-power.service"]
    systemctl.send_orders(supervisor, "start", units[:1])
    before = systemctl.find_pids(supervisor)
    systemctl.restart(supervisor, units, also_stopped=False)
    after = systemctl.find_pids(supervisor)
    assert set(after) == {"appliance-inference"}
    assert after != before
    systemctl.restart(supervisor, units, also_stopped=True)
    assert set(systemctl.find_pids(supervisor)) == {"appliance-inference", "appliance-power"}


def test_who_waits_for_a_oneshot_waits_until_it_has_ended(supervisor: FakeSupervisor) -> None:
    supervisor.kept["appliance-plan"] = subprocess.Popen(["sleep", "0.3"], process_group=0)
    supervisor.known.append("appliance-plan")
    systemctl.wait_for_end(supervisor, ["appliance-plan.service"])
    assert supervisor.pid("appliance-plan") == 0


def test_a_power_off_ends_all_processes_and_the_alarm_begins_a_new_boot(desk: Desk) -> None:
    desk.send("power-button")
    before, first = desk.find_running(), desk.boot_id()
    desk.look(alarm_in_s=3600)
    desk.send("poweroff")
    assert desk.find_running() == {}
    assert "its clock wakes it at 15 Apr 03:00" in desk.messages[-1]
    desk.look()
    assert desk.board.power is Power.OFF
    desk.look(alarm_in_s=-1)
    assert set(desk.find_running()) == set(before)
    assert not set(desk.find_running().values()) & set(before.values())
    assert desk.boot_id() != first
    assert desk.alarm.read_text() == ""  # one shot


def test_suspend_freezes_what_runs_and_the_alarm_thaws_the_same(desk: Desk) -> None:
    desk.send("power-button")
    before, boot = desk.find_running(), desk.boot_id()
    desk.send("suspend")
    wait_until(lambda: all(stopped(pid) for pid in before.values()), "the frost")
    desk.look(alarm_in_s=-1)
    wait_until(lambda: not any(stopped(pid) for pid in before.values()), "the thaw")
    assert desk.find_running() == before
    assert desk.boot_id() == boot


def test_without_an_alarm_it_stays_off_and_reports_it(desk: Desk) -> None:
    desk.send("power-button")
    desk.alarm.write_text("0")
    desk.send("poweroff")
    assert desk.messages[-1].endswith(
        "nothing is set to wake it; its button: systemctl power-button"
    )
    desk.look()
    assert desk.find_running() == {}


def test_a_power_cut_leaves_no_process_time_to_react(desk: Desk) -> None:
    desk.send("power-button")
    desk.supervisor.startProcess("appliance-inference", systemctl.NO_WAIT)
    kept = dict(desk.supervisor.kept)
    desk.send("power-cut")
    assert desk.find_running() == {}
    assert {process.wait() for process in kept.values()} == {-9}


def test_the_plant_lives_through_all_of_it(desk: Desk) -> None:
    desk.supervisor.startProcess("plant", systemctl.NO_WAIT)
    pid = desk.find_running()["plant"]
    for word in ("power-button", "suspend", "power-cut", "power-button", "poweroff"):
        desk.send(word)
    assert desk.find_running() == {"plant": pid}
    assert not stopped(pid)


def test_an_alarm_that_rings_while_the_unit_is_on_does_nothing(desk: Desk) -> None:
    desk.send("power-button")
    before = desk.find_running()
    desk.look(alarm_in_s=-1)
    assert desk.find_running() == before
    assert desk.alarm.read_text() == ""


def test_pending_reports_of_the_boot_before_are_dropped(desk: Desk) -> None:
    desk.send("power-button", "suspend")
    with pytest.raises(TimeoutError):
        desk.ear.recv(64)


def test_the_stand_in_carries_commands_to_the_board(tmp_path: Path) -> None:
    control = str(tmp_path / "supervisord.sock")
    command = [sys.executable, "-m", "provisioning.systemctl", control, "--no-block", "suspend"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(systemctl.board_socket(control)))
        subprocess.run(command, check=True)
        assert ear.recv(64) == b"suspend"
    deaf = subprocess.run(command, capture_output=True, text=True, check=False)
    assert deaf.returncode == 1
    assert "does not answer" in deaf.stderr


def test_the_stand_in_reports_of_units_what_pid_one_would(desk: Desk) -> None:
    desk.supervisor.startProcess("appliance-inference", systemctl.NO_WAIT)
    units = ["appliance-inference", "appliance-camera@gone"]
    states = parse_states("\n\n".join(systemctl.describe(desk.supervisor, units)))
    assert states["appliance-inference"].active == "active"
    assert states["appliance-camera@gone"].loaded == "not-found"


def test_the_world_follows_the_boots_of_its_unit(tmp_path: Path) -> None:
    clock = ScaledClock(240, START, boottime_s(), tmp_path / "boot")
    before = clock.stamp()
    (tmp_path / "boot").write_text("2")
    assert clock.age_s(before) is None
    assert clock.stamp().uptime_s >= before.uptime_s
    assert clock.age_s(clock.stamp()) == 0
