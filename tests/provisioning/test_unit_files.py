"""The laptop reads its process list from the unit files."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Event

import pytest

from appliance.errors import SettingsError
from appliance.settings import Settings
from provisioning.board import ALARMS, AT_BOOT, list_at_boot
from provisioning.timers import find_next_due, wait_until
from provisioning.unit_files import (
    UNITS_DIR,
    read_boot_list,
    read_delays,
    read_keys,
    read_process,
    read_processes,
    read_timers,
)
from tests.stand_ins.fakes import START, FakeClock

UNIT = """\
[Unit]
Description=A camera

[Service]
Type=notify
# ExecStart=/bin/false
ExecStart=/opt/appliance/venv/bin/python -m sensors.camera %i --settings /etc/appliance/unit.toml
Restart=on-failure
"""


def test_a_unit_file_becomes_a_command_of_this_machine(tmp_path: Path) -> None:
    unit = tmp_path / "appliance-camera@.service"
    unit.write_text(UNIT)
    process = read_process(unit)
    assert process.template
    assert process.restart == "on-failure"
    assert process.command("python3", Path("here.toml"), "front") == [
        "python3", "-m", "sensors.camera", "front", "--settings", "here.toml",
    ]  # fmt: skip


def test_a_command_in_another_form_is_refused_by_name(tmp_path: Path) -> None:
    unit = tmp_path / "appliance-x.service"
    unit.write_text("[Service]\nExecStart=/usr/bin/python3 -m x\n")
    with pytest.raises(SettingsError, match=r"appliance-x\.service: ExecStart must begin with"):
        read_process(unit)


def test_the_process_list_of_the_unit_is_complete() -> None:
    resident = {process.name for process in read_processes() if not process.oneshot}
    assert resident == {
        "appliance-alarm",
        "appliance-power",
        "appliance-sensors",
        "appliance-camera@",
        "appliance-cameras@",
        "appliance-hints",
        "appliance-inference",
        "appliance-mqtt",
        "appliance-proxy",
        "appliance-push",
        "appliance-web",
    }


def test_the_units_timers_are_understood() -> None:
    timers = {timer.process.name: timer for timer in read_timers()}
    units = ("alarm-hourly", "plan", "backup", "certificate", "checkin")
    assert set(timers) == {f"appliance-{name}" for name in units}
    assert timers["appliance-plan"].at_boot
    assert all(timer.times for timer in timers.values())


def test_what_pid_1_starts_by_a_socket_the_board_starts() -> None:
    for path in UNITS_DIR.glob("*.socket"):
        (service,) = read_keys(path).get("Service", [f"{path.stem}.service"])
        assert service.removesuffix(".service") in {*AT_BOOT, ALARMS}


def test_the_board_starts_what_the_target_wants_and_has_no_list_of_its_own(
    tmp_path: Path, settings: Settings
) -> None:
    """What PID 1 would start, by systemd's own word for it: `Wants=` of the target."""
    target = (UNITS_DIR / "appliance.target").read_text()
    for name in ("power", "sensors", "web", "mqtt", "push"):
        assert f"appliance-{name}." in target
        assert f"appliance-{name}" in AT_BOOT
    with_broker = replace(settings, mqtt=replace(settings.mqtt, host="127.0.0.1"))
    assert "appliance-mqtt" in list_at_boot(with_broker)
    assert "appliance-mqtt" not in list_at_boot(settings), "it would leave at once"
    with_proxy = replace(settings, web=replace(settings.web, https_port=8443))
    assert "appliance-proxy" in list_at_boot(with_proxy)
    assert "appliance-proxy" not in list_at_boot(settings), "a laptop may have no nginx"
    for path in UNITS_DIR.glob("appliance*.service"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "appliance.target").write_text(
        "Wants=appliance-hints.service appliance-plan.timer appliance-backup.service\n"
    )
    assert read_boot_list(tmp_path) == ["appliance-hints"]


def test_an_hourly_timer_has_24_times(tmp_path: Path) -> None:
    (tmp_path / "a.timer").write_text("[Timer]\nOnCalendar=*-*-* *:20:00\n")
    (tmp_path / "a.service").write_text(UNIT)
    (timer,) = read_timers(tmp_path)
    assert timer.times == tuple(time(hour, 20) for hour in range(24))


def test_a_timer_that_is_neither_daily_nor_hourly_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.timer").write_text("[Timer]\nOnCalendar=hourly\n")
    (tmp_path / "a.service").write_text(UNIT)
    with pytest.raises(SettingsError, match="only daily and hourly times"):
        read_timers(tmp_path)


def test_the_next_timer_after_the_last_one_of_the_day_is_tomorrow(tmp_path: Path) -> None:
    (tmp_path / "a.timer").write_text(
        "[Timer]\nOnCalendar=*-*-* 03:30:00\nOnCalendar=*-*-* 15:30:00\n"
    )
    (tmp_path / "a.service").write_text(UNIT)
    timers = read_timers(tmp_path)
    assert timers[0].times == (time(3, 30), time(15, 30))

    def due(hour: int) -> datetime:
        found = find_next_due(timers, datetime(2026, 4, 15, hour, tzinfo=UTC))
        assert found is not None
        return found[0]

    assert due(1) == datetime(2026, 4, 15, 3, 30, tzinfo=UTC)
    assert due(4) == datetime(2026, 4, 15, 15, 30, tzinfo=UTC)
    assert due(16) == datetime(2026, 4, 16, 3, 30, tzinfo=UTC)


def test_a_timer_never_starts_early_though_a_wait_ends_too_soon() -> None:
    class Impatient(FakeClock):
        def wait(self, seconds: float, stop: Event) -> bool:
            return super().wait(seconds / 2 if seconds > 1 else seconds, stop)

    clock = Impatient()
    wait_until(clock, START + timedelta(hours=2))
    assert clock.utc >= START + timedelta(hours=2)


def test_a_timer_that_elapses_once_is_told_apart_from_those_of_the_day() -> None:
    (back,) = read_delays()
    assert (back.name, back.unit) == (
        "appliance-settings-back.timer",
        "appliance-settings-apply.service",
    )
    assert back.after_s > 300
    assert back.name.removesuffix(".timer") not in {one.process.name for one in read_timers()}
