"""The unit on a laptop: its real processes beside a simulated plant on a real Modbus line.

Reads: the unit files (what to run), provisioning/laptop.toml (the demonstration's settings).
Writes: a run directory with settings, database, sockets and logs; an older one is moved aside.
Never: is used on a unit, where PID 1 does all of this.
"""

import hashlib
import shutil
import string
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from appliance import settings_file
from appliance.clock import boottime_s
from appliance.errors import HostError
from appliance.model import EnergyBudget
from appliance.process.units import list_camera_units
from appliance.settings import Settings, SleepMode
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from power import devices
from power.protocol.ports import TCP, parse_tcp_address
from power.protocol.profile import Profile
from power.sleep.wake_test import WakeTest, identify_computer, write_test
from provisioning.alarm_demo import AlarmDemo, make_demo
from provisioning.board import GUARD, MAILBOX, SIMULATED_CAMERAS, TIMERS
from provisioning.calm_video import make_calm_video
from provisioning.free_ports import find_free_port, is_listening
from provisioning.run_directory import make_socket_dir, move_aside
from provisioning.runner import ROOT, UPDATES, Program, Runner
from provisioning.systemctl import board_socket, command_board
from provisioning.unit_files import Process, read_delays, read_processes, read_timers

TEMPLATE = Path(__file__).with_name("laptop.toml")
START = datetime(2026, 4, 15, 2, 30, tzinfo=UTC)  # an hour before dawn at the demonstration's site
DAY_S = 86_400.0
CLIP = ROOT / "sensors/media/pedestrians.mp4"
CAMERAS = ("front", "gate", "yard", "barn", "road", "roof", "shed", "pond")
BUSY = ("front", "gate")  # where people walk all the time
PROTECTED, USER, PASSWORD = "gate", "unit", "only on a laptop"  # one camera needs a password
# Debian's own Python has the bindings of GStreamer; no venv has.
RTSP_CAMERAS = ("/usr/bin/python3", str(ROOT / "provisioning/rtsp_cameras.py"))
GENERATOR = """[switch.generator]
path = "{path}"
[source.generator]
switch = "generator"
power_w = 150
tank_kwh = 1
least_run_s = 1800
"""
UPDATER = "appliance-checkin"
LEAD_S = 6.0  # real seconds in which the processes start; the day begins after them


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: how long a day takes (real seconds), where, with which devices and weather."""

    day_s: float
    port: int
    directory: Path
    seed: int = 1
    quirks: tuple[str, ...] = ()
    charger: str = "epever-tracer"
    bms: str | None = None
    start: datetime = START
    charge_pct: float = 36.0
    cloudiness: float = 0.25
    sleep: SleepMode = SleepMode.SUSPEND
    generator: bool = False  # a simulated one behind a switch; it needs a BMS to be seen
    cameras: int = 1  # 1: the clip as a file; more: that many simulated RTSP cameras
    alarms: bool = False  # a mailbox on this computer shows what people get
    broker: tuple[str, int] | None = None  # an MQTT broker that the unit reports to
    https_port: int = 0  # of the TLS proxy; 0: there is none


class Laptop:
    """One run; a context manager that stops everything at its end.

    The simulated plant and the computer's board are started first. They stand for the hardware and
    are not among the unit's processes. The board boots the unit (on a unit the page is
    socket-activated); cameras and inference are started by the power service.
    """

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self.directory = request.directory.absolute()
        move_aside(self.directory)
        self._sockets = make_socket_dir(self.directory)
        self._rtsp_port = find_free_port() if request.cameras > 1 else 0  # 0: no simulated cameras
        self.alarm_demo = self._make_alarm_demo() if request.alarms else None
        self.settings = self._write_settings()
        self._control = str(self._sockets / "supervisord.sock")
        self.runner = Runner(self.directory, Path(self._control), self._list_programs())

    def __enter__(self) -> Self:
        try:
            self.runner.start()
            cameras = [program.name for program in self._list_simulated_cameras()]
            if cameras:
                make_calm_video(CLIP, self.directory / "calm.mp4")
            boxes = [MAILBOX] if self.alarm_demo else []
            self.runner.start_programs(["plant", "board", *cameras, *boxes])
            prepare_database(self.settings.database)
            self._prepare_certificate()
            self._record_wake_test()
            self.runner.wait_for(self._is_plant_ready, "the simulated plant")
            if self._rtsp_port:
                self.runner.wait_for(self._are_cameras_ready, "the simulated cameras")
            self.runner.wait_for(board_socket(self._control).exists, "the board")
            self.command_board("power-button")
            self.runner.wait_for(self._has_budget, "the power service")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        for name in ("board", TIMERS, GUARD):  # what gives orders stops first
            self.runner.stop_program(name)
            self.runner.thaw()
        self.runner.stop()
        if self._sockets.parent != self.directory:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _prepare_certificate(self) -> None:
        """Before the proxy starts: as PID 1 does it on a unit."""
        if self._request.https_port:
            words = ["appliance.actuators.certificate", "--settings", str(self.settings.path)]
            subprocess.run([sys.executable, "-m", *words], check=True)

    def _record_wake_test(self) -> None:
        """The simulated board always wakes: what a technician's test of it would have shown."""
        host = self.settings.host
        test = WakeTest(
            at=self._request.start,
            woke=True,
            said="the simulated board was not tested",
            computer=identify_computer(),
            rtc=str(host.rtc),
            mode=host.sleep,
        )
        write_test(self.settings.wake_test_file, test)

    def open_store(self) -> Store:
        """The unit's database, for reading."""
        return Store(self.settings.database, self.settings.make_clock())

    def command_board(self, command: str) -> None:
        """What a person or the hardware does: `power-button`, `power-cut`."""
        command_board(self._control, command)

    def wait_for_unit_time(self, seconds: float) -> None:
        """Wait until that much unit time has passed since the start, or the unit is gone."""
        clock = self.settings.make_clock()
        while self.runner.running and clock.stamp().uptime_s < seconds:
            time.sleep(0.1)  # the runner stands outside the unit, on real time

    def _is_plant_ready(self) -> bool:
        """Whether all simulated devices have their ports."""
        ports = [one.port for one in self.settings.power_devices]
        return all(
            is_listening(*parse_tcp_address(port)) if port.startswith(TCP) else Path(port).exists()
            for port in ports
        )

    def _are_cameras_ready(self) -> bool:
        return is_listening("127.0.0.1", self._rtsp_port)

    def _has_budget(self) -> bool:
        """Whether there is a first energy budget."""
        with closing(self.open_store()) as store:
            return store.last(EnergyBudget) is not None

    def _list_programs(self) -> list[Program]:
        here = ["--settings", str(self.settings.path)]
        plant = ["provisioning.simulated"]
        for quirk in self._request.quirks:
            plant += ["--quirk", quirk]
        board = ["provisioning.board", *here, "--control", self._control]
        programs = [
            Program("plant", [sys.executable, "-m", *plant, *here], "always", stops_last=True),
            Program("board", [sys.executable, "-m", *board], "always"),
            *self._list_simulated_cameras(),
            *self._list_mailbox(),
            Program("timers", [sys.executable, "-m", "provisioning.timers", *here], "always"),
        ]
        programs += [
            Program(f"appliance-switch@{name}", self._command_switch(name), "no")
            for name in self.settings.switch
        ]
        return programs + self._list_services()

    def _make_alarm_demo(self) -> AlarmDemo:
        return make_demo(
            self.directory,
            self._request.port,
            smtp_port=find_free_port(),
            page_port=find_free_port(),
        )

    def _list_mailbox(self) -> list[Program]:
        demo = self.alarm_demo
        return [Program(MAILBOX, demo.command, "always", stops_last=True)] if demo else []

    def _list_services(self) -> list[Program]:
        """Those of the unit files, and the oneshots that timers start."""
        programs = self._list_delays()
        timed = {timer.process.name for timer in read_timers()}
        delayed = {Path(delay.unit).stem for delay in read_delays()}
        for process in read_processes():
            if process.oneshot and process.name not in timed | delayed:
                continue
            for instance in self._list_instances(process):
                command = process.command(sys.executable, self.settings.path, instance)
                name = process.name + instance
                own = self._find_updater_app(name)
                programs.append(
                    Program(name, command, process.restart, oneshot=process.oneshot, app=own)
                )
        return programs

    def _list_delays(self) -> list[Program]:
        """What stands in for timers that elapse once."""
        here = ["--settings", str(self.settings.path)]
        start = [sys.executable, "-m", "provisioning.delayed_start"]
        return [
            Program(one.name, [*start, f"{one.after_s:g}", one.unit, *here], "no", oneshot=True)
            for one in read_delays()
        ]

    def _find_updater_app(self, name: str) -> Path | None:
        """The updater runs from the committed release, all others from the one in use."""
        committed = self.settings.update.dir / "pointers/app/committed"
        return committed if name == UPDATER else None

    def _list_instances(self, process: Process) -> list[str]:
        """The instances of a template that this site has; one without a name of what is none."""
        units = list_camera_units(self.settings.camera) if process.template else [process.name]
        return [unit.removeprefix(process.name) for unit in units if unit.startswith(process.name)]

    def _command_switch(self, name: str) -> list[str]:
        words = ["provisioning.switch_unit", name, "--settings", str(self.settings.path)]
        return [sys.executable, "-m", *words]

    def _list_simulated_cameras(self) -> list[Program]:
        """One server for all of them, as the plant is one for all power devices."""
        if not self._rtsp_port:
            return []
        command = [*RTSP_CAMERAS, "--port", str(self._rtsp_port), "--protect", PROTECTED]
        command += ["--user", USER, "--password-file", str(self._password_file)]
        command += [f"{name}={video}" for name, video in self._choose_videos().items()]
        return [Program(SIMULATED_CAMERAS, command, "always", stops_last=True)]

    @property
    def _password_file(self) -> Path:
        return self.directory / "camera-password"

    def _choose_videos(self) -> dict[str, Path]:
        """The video of each camera: people all the time at some, now and then at the others."""
        calm = self.directory / "calm.mp4"
        names = CAMERAS[: self._request.cameras]
        return {name: CLIP if name in BUSY else calm for name in names}

    def _format_cameras(self) -> str:
        """The settings' sections of the cameras: the clip as a file, or simulated RTSP cameras."""
        if self._request.cameras == 1:
            return format_camera_section("demo", str(CLIP), listen_power_w=2.5, watch_power_w=4)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(f"{PASSWORD}\n")
        text = ""
        for name in CAMERAS[: self._request.cameras]:
            # together about what the one camera draws: the demonstration's battery is small
            text += format_camera_section(
                name,
                f"rtsp://127.0.0.1:{self._rtsp_port}/{name}",
                listen_power_w=0.4,
                watch_power_w=0.6,
            )
            text += "allow_local = true\n"
            if name == PROTECTED:
                text += f'user = "{USER}"\npassword_file = "{self._password_file}"\n'
            text += "\n"
        return text

    def _format_power_devices(self) -> str:
        """The settings' sections of charger and BMS, each at a port of its own."""
        text = self._format_section("charger", "main", devices.find_charger(self._request.charger))
        if self._request.bms:
            text += self._format_section("bms", "pack", devices.find_battery(self._request.bms))
        return text + (self._format_generator() if self._request.generator else "")

    def _format_generator(self) -> str:
        """The settings' sections of a generator behind a switch, and the file of that."""
        path = self.directory / "generator"
        path.write_text("0")
        return GENERATOR.format(path=path)

    def _format_section(self, kind: str, name: str, profile: Profile) -> str:
        port = f"{TCP}127.0.0.1:{find_free_port()}" if profile.tcp_only else self.directory / kind
        section = f'[{kind}.{name}]\nmodel = "{profile.name}"\nport = "{port}"\n'
        if kind == "charger" and self._request.bms:
            section += "loads_on_battery = true\n"
        return section + "\n"

    def _make_unit_id(self) -> str:
        """One for each run directory: two demonstrations on one machine are two units."""
        return f"demo-{hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]}"

    def _list_web_values(self) -> dict[str, object]:
        """The settings' section of the page."""
        return {
            "web_port": self._request.port,
            "https_port": self._request.https_port,
            "tls_dir": self.directory / "tls",
            "page_socket": self._sockets / "page.sock",
        }

    def _write_settings(self) -> Settings:
        values = {
            "data_dir": self.directory / "data",
            "update_dir": self.directory / UPDATES,
            "run_dir": self._sockets,
            "speed": f"{DAY_S / self._request.day_s:.6f}",
            "origin_utc": self._request.start.isoformat().replace("+00:00", "Z"),
            "origin_boottime_s": f"{boottime_s() + LEAD_S:.6f}",
            "systemctl": self.directory / "systemctl",
            "sleep": self._request.sleep.value,
            "rtc": self.directory / "rtc",
            "power_devices": self._format_power_devices(),
            "cameras": self._format_cameras(),
            "alarms": self.alarm_demo.sections if self.alarm_demo else "",
            "mqtt": format_broker(self._request.broker),
            "unit_id": self._make_unit_id(),
            "model": ROOT / "inference/models/nanodet-g-416-int8.onnx",
            **self._list_web_values(),
            "seed": self._request.seed,
            "charge_pct": self._request.charge_pct,
            "cloudiness": self._request.cloudiness,
        }
        path = self.directory / "unit.toml"
        path.write_text(string.Template(TEMPLATE.read_text()).substitute(values))
        return settings_file.load_settings(path)


def format_camera_section(
    name: str, source: str, *, listen_power_w: float, watch_power_w: float
) -> str:
    """One camera of the demonstration."""
    return (
        f'[camera.{name}]\nsource = "{source}"\n'
        f"listen_power_w = {listen_power_w}\nwatch_power_w = {watch_power_w}\n"
    )


def format_broker(broker: tuple[str, int] | None) -> str:
    """The settings' section of the broker; only a demonstration takes orders unasked."""
    if broker is None:
        return ""
    host, port = broker
    return f'[mqtt]\nhost = "{host}"\nport = {port}\ncontrols = true\npictures = true\n\n'


def check_simulated_cameras() -> None:
    """Raises `HostError` that names the packages where this computer cannot simulate cameras."""
    try:
        done = subprocess.run(
            [*RTSP_CAMERAS, "--help"], capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise HostError(f"there is no {RTSP_CAMERAS[0]}: run without simulated cameras") from None
    if done.returncode:
        raise HostError(done.stderr.strip())
