"""The simulated plant: physics in one process, and the same plant behind a real line."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import pytest

from appliance.clock import Clock
from appliance.errors import BusError, ListenError, SettingsError
from appliance.model import ChargeStage, EnvironmentReading, PowerReading
from appliance.settings import BatterySettings, Chemistry, Settings, SiteSettings
from power.devices.epever import EpeverTracer
from power.protocol.bus import Lines
from power.protocol.errors import NoAnswer
from power.reading.meter import Meter
from power.reading.meters import open_meter
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.pdu import build_read, parse_words
from provisioning.simulated.lines.quirks import ECHO, NOISE, TWO_BURSTS
from provisioning.simulated.lines.serial_line import SerialLine, link_port
from provisioning.simulated.lines.tcp_line import TcpLine, make_answer
from provisioning.simulated.plant.clouds import compute_cloud_share
from provisioning.simulated.plant.load import ReportedLoad
from provisioning.simulated.plant.pack import OCV, Pack
from provisioning.simulated.plant.plant import Plant
from provisioning.simulated.plant.running import RunningDevice, RunningPlant
from tests.conftest import ROOT, OpenStore
from tests.power.devices.test_epever import assert_agrees
from tests.stand_ins.fakes import FakeClock

MIDNIGHT = datetime(2026, 4, 15, 0, 0, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=10)  # the default site is at 25 degrees east


def make_plant(settings: Settings, start: datetime = MIDNIGHT, **simulation: float) -> Plant:
    changed = replace(settings.simulation, **simulation)  # type: ignore[arg-type]
    return Plant(replace(settings, simulation=changed), start)


def compute_stored_wh(pack: Pack, charge: float) -> float:
    """Energy between empty and `charge` at 25 C: the area under the voltage curve."""
    area = 0.0
    for (x0, v0), (x1, v1) in pairwise(OCV):
        if x0 >= 0 and charge > x0:
            top = min(charge, x1)
            top_v = v0 + (v1 - v0) * (top - x0) / (x1 - x0)
            area += (top - x0) * (v0 + top_v) / 2
    return area * pack.cells * pack.capacity_ah


def test_no_energy_appears_or_is_lost_over_a_day(settings: Settings) -> None:
    plant = make_plant(settings, battery_charge_pct=50.0, temperature_c=35.0)
    before_wh = compute_stored_wh(plant.pack, 0.5)
    plant.advance(MIDNIGHT + timedelta(days=1), 40.0)
    totals = plant.totals
    stored_wh = compute_stored_wh(plant.pack, plant.state_of_charge_pct / 100) - before_wh
    spent_wh = totals.load_wh + totals.conversion_loss_wh + totals.resistance_loss_wh
    assert totals.pv_wh > 1000
    assert totals.load_wh == pytest.approx(960)
    assert totals.pv_wh == pytest.approx(spent_wh + stored_wh, rel=0.005)


def test_a_sunny_day_goes_from_night_through_bulk_and_absorption_to_float(
    settings: Settings,
) -> None:
    plant = make_plant(settings, battery_charge_pct=60.0, cloudiness=0.0)
    stages = [plant.stage]
    highest_v = 0.0
    for minute in range(0, 1440, 5):
        plant.advance(MIDNIGHT + timedelta(minutes=minute), 10.0)
        highest_v = max(highest_v, plant.battery_voltage_v)
        if plant.stage is not stages[-1]:
            stages.append(plant.stage)
    assert stages == [
        ChargeStage.OFF,
        ChargeStage.BULK,
        ChargeStage.ABSORPTION,
        ChargeStage.FLOAT,
        ChargeStage.OFF,
    ]
    assert highest_v == pytest.approx(14.4, abs=0.02)


def test_a_full_battery_leaves_sun_unused(settings: Settings) -> None:
    plant = make_plant(settings, battery_charge_pct=99.0, cloudiness=0.0)
    plant.advance(NOON + timedelta(hours=2), 10.0)
    assert plant.stage is ChargeStage.FLOAT
    assert plant.curtailed
    assert plant.pv_power_w < 0.2 * plant.available_w


def test_cold_blocks_charging_and_the_load_still_runs_from_the_sun(settings: Settings) -> None:
    plant = make_plant(settings, temperature_c=-15.0, cloudiness=0.0)
    plant.advance(NOON, 25.0)
    assert plant.charge_blocked
    assert plant.battery_current_a == pytest.approx(0, abs=1e-9)
    assert plant.load_power_w == 25.0
    assert plant.pv_power_w == pytest.approx(25.0 / 0.97)


def test_cold_hides_charge_that_warmth_gives_back(settings: Settings) -> None:
    plant = make_plant(settings)
    assert plant.pack.find_ocv(0.2, -20.0).ocv_v < plant.pack.cut_off_v
    assert plant.pack.find_ocv(0.2, 25.0).ocv_v > 12.8


def test_an_empty_battery_cuts_the_load_and_its_controller_is_silent_until_the_sun(
    settings: Settings,
) -> None:
    plant = make_plant(settings, battery_charge_pct=1.0, temperature_c=25.0, cloudiness=0.0)
    device = SimulatedEpever(plant)
    plant.advance(MIDNIGHT + timedelta(hours=2), 40.0)
    cut_at_night = plant.disconnected
    assert cut_at_night
    assert plant.load_power_w == 0
    assert plant.totals.dark_s > 0
    assert device.answer(build_read(4, 0x3104, 1)) is None
    plant.advance(NOON, 40.0)
    assert not plant.disconnected
    assert device.answer(build_read(4, 0x3104, 1)) is not None


def test_the_sky_is_a_function_of_seed_and_time(settings: Settings) -> None:
    times = [MIDNIGHT + timedelta(minutes=7 * step) for step in range(500)]
    sky = [compute_cloud_share(3, 0.3, at) for at in times]
    assert sky == [compute_cloud_share(3, 0.3, at) for at in reversed(times)][::-1]
    assert sky != [compute_cloud_share(4, 0.3, at) for at in times]
    assert max(abs(a - b) for a, b in pairwise(sky)) < 0.5
    years = [
        compute_cloud_share(3, 0.3, MIDNIGHT + timedelta(hours=7 * step)) for step in range(3000)
    ]
    assert sum(years) / len(years) == pytest.approx(0.3, abs=0.03)


def test_the_result_does_not_depend_on_how_often_it_is_asked(settings: Settings) -> None:
    often, seldom = make_plant(settings), make_plant(settings)
    for minute in range(721):
        often.advance(MIDNIGHT + timedelta(minutes=minute, seconds=minute % 50), 25.0)
    seldom.advance(often.utc, 25.0)
    assert often.state_of_charge_pct == pytest.approx(seldom.state_of_charge_pct, abs=0.02)
    assert often.yield_today_wh == pytest.approx(seldom.yield_today_wh, rel=0.001)


def test_the_counters_begin_again_at_local_midnight(settings: Settings) -> None:
    east = replace(settings, site=SiteSettings(timezone="Asia/Tokyo"))  # 9 h ahead
    plant = make_plant(east, start=NOON)
    plant.advance(NOON + timedelta(hours=4, minutes=59), 25.0)
    assert plant.yield_today_wh > 100
    total_wh = plant.counters.generated_wh["total"]
    plant.advance(NOON + timedelta(hours=5, minutes=2), 25.0)
    assert plant.yield_today_wh < 25
    assert plant.counters.generated_wh["total"] >= total_wh


def test_what_cannot_be_simulated_is_a_mistake_in_the_settings(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="lfp only"):
        make_plant(replace(settings, battery=BatterySettings(chemistry=Chemistry.LEAD_ACID)))
    with pytest.raises(SettingsError, match="IANA"):
        make_plant(replace(settings, site=SiteSettings(timezone="Mars/Olympus")))


# --- the device, without a wire -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_hex", "reply_hex", "why"),
    [
        ("03 3100 0001", "83 02", "function 03 where 04 is right"),
        ("04 9000 0001", "84 02", "function 04 where 03 is right"),
        ("04 3100 0014", "84 02", "over the end of the block"),
        ("04 4000 0001", "84 02", "no such address"),
        ("06 9007 05A0", "86 01", "a write"),
        ("10 9003 0001 02 05A0", "90 01", "a write of a block"),
        ("05 0002 0000", "85 01", "load off"),
        ("02 200C 0001", "02 01 01", "it is night"),
    ],
)
def test_the_device_refuses_as_a_tracer_does(
    settings: Settings, request_hex: str, reply_hex: str, why: str
) -> None:
    device = SimulatedEpever(make_plant(settings))
    assert device.answer(bytes.fromhex(request_hex)) == bytes.fromhex(reply_hex), why


def test_the_low_word_comes_first(settings: Settings) -> None:
    plant = make_plant(settings, cloudiness=0.0)
    plant.advance(NOON, 25.0)
    reply = SimulatedEpever(plant).answer(build_read(4, 0x3102, 2))
    assert reply is not None
    low, high = parse_words(reply)
    assert (high << 16 | low) / 100 == pytest.approx(plant.pv_power_w, abs=0.006)


def test_the_load_is_what_the_unit_reports(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    load = ReportedLoad(settings, clock)
    assert load.power_w() == settings.energy.hibernate_power_w  # no database yet
    store = open_store("sensors")
    store.add(
        EnvironmentReading(
            clock.stamp(),
            hottest_zone=None,
            hottest_temperature_c=None,
            disk_free_bytes=1,
            disk_used_pct=1.0,
            memory_available_bytes=None,
            computer_power_w=7.5,
            computer_power_measured=True,
        )
    )
    assert load.power_w() == 7.5
    clock.advance(3600)
    assert load.power_w() == settings.energy.hibernate_power_w  # stale: nobody draws
    for path in settings.unit.data_dir.iterdir():
        path.unlink()
    assert load.power_w() == settings.energy.hibernate_power_w
    load.close()


# --- the device on real lines ---------------------------------------------------------------------


@contextmanager
def serve_plant(serve: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    worker = Thread(target=serve, args=(stop,), daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(5)


@contextmanager
def serve_on_serial_line(plant: Plant, clock: Clock, *quirks: str, seed: int = 1) -> Iterator[str]:
    line = SerialLine(RtuDevices([SimulatedEpever(plant)]), clock, quirks=quirks, seed=seed)
    with serve_plant(line.serve):
        yield str(line.path)
    line.close()


def read_once(port: str, clock: Clock) -> PowerReading:
    return open_meter_at(port, clock).read()  # type: ignore[no-any-return]


def open_meter_at(port: str, clock: Clock, device_id: int | None = None) -> Meter:
    return open_meter(Lines(clock), EpeverTracer(), port, device_id, clock)


def make_noon(settings: Settings) -> Plant:
    plant = make_plant(settings, start=NOON - timedelta(minutes=30))
    plant.advance(NOON, 25.0)
    return plant


@pytest.mark.parametrize("quirks", [(), (ECHO,), (TWO_BURSTS,), (ECHO, TWO_BURSTS)])
def test_a_serial_reading_is_the_plants_state(
    settings: Settings, clock: FakeClock, quirks: tuple[str, ...]
) -> None:
    plant = make_noon(settings)
    with serve_on_serial_line(plant, clock, *quirks) as port:
        assert_agrees(read_once(port, clock), plant)


def test_a_tcp_reading_is_the_plants_state(settings: Settings, clock: FakeClock) -> None:
    plant = make_noon(settings)
    line = TcpLine(make_answer([SimulatedEpever(plant)]), "127.0.0.1", 0)
    with serve_plant(line.serve):
        assert_agrees(read_once(line.url, clock), plant)


def test_noise_never_makes_a_wrong_reading(settings: Settings, clock: FakeClock) -> None:
    plant = make_noon(settings)
    with serve_on_serial_line(plant, clock, NOISE, seed=5) as port:
        meter = open_meter_at(port, clock)
        good = 0
        for _ in range(4):
            try:
                reading = meter.read()
            except BusError:
                continue
            good += not reading.quality
            for name in ("pv_power_w", "battery_voltage_v", "battery_current_a", "load_power_w"):
                found = getattr(reading, name)
                assert found is None or found == pytest.approx(getattr(plant, name), abs=0.006)
    assert good  # a lost reply is asked for again


def test_a_request_to_another_id_or_a_damaged_one_is_not_answered(
    settings: Settings, clock: FakeClock
) -> None:
    port = serve_on_serial_line(make_noon(settings), clock)
    with port as name, pytest.raises(NoAnswer, match="id 9"):
        open_meter_at(name, clock, device_id=9).read()


def test_each_request_brings_the_plant_up_to_the_clock(
    settings: Settings, clock: FakeClock
) -> None:
    clock.set_wall_clock(NOON)
    plant = make_plant(settings, start=NOON)
    load = ReportedLoad(settings, clock)
    running = RunningPlant(plant, load, clock)
    device = RunningDevice(RtuDevices([SimulatedEpever(plant)]), running)
    clock.advance(3600)
    device.respond(build_rtu_frame(1, build_read(4, 0x3100, 1)))
    assert plant.utc == clock.utc
    assert plant.load_power_w == settings.energy.hibernate_power_w


def test_the_link_replaces_an_older_link_but_nothing_else(tmp_path: Path) -> None:
    target, link = tmp_path / "pty", tmp_path / "run/charger"
    target.touch()
    link.parent.mkdir()
    link.symlink_to("/dev/pts/gone")
    with link_port(target, link) as port:
        assert port.resolve() == target
    assert not link.is_symlink()
    link.write_text("a file of somebody")
    with pytest.raises(ListenError, match="no link"), link_port(target, link):
        pass
    assert link.read_text() == "a file of somebody"


@pytest.mark.processes
def test_the_program_needs_no_settings_and_no_link(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "provisioning.simulated", "jk", "--quirk", "torn32"]
    environment = {**os.environ, "APPLIANCE_SETTINGS": str(tmp_path / "none.toml")}
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    try:
        assert program.stdout
        assert "a simulated jk-pb answers at /dev/pts/" in program.stdout.readline()
    finally:
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait(10) == 0


@pytest.mark.processes
def test_the_program_serves_a_port_under_its_link_until_it_is_stopped(tmp_path: Path) -> None:
    settings_file, link = tmp_path / "unit.toml", tmp_path / "run/charger"
    settings_file.write_text(f'[unit]\ndata_dir = "{tmp_path}/data"\n')
    command = [sys.executable, "-m", "provisioning.simulated", "epever", "--settings"]
    program = subprocess.Popen(
        [*command, str(settings_file), "--link", str(link), "--quirk", "echo"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert program.stdout
        assert str(link) in program.stdout.readline()
        reading = read_once(str(link), FakeClock())
        assert reading.load_power_w == pytest.approx(2.0)
        assert reading.quality == {}
    finally:
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait(10) == 0
    assert not link.is_symlink()
