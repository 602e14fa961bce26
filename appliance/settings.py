"""The unit's settings: one TOML file, read once at start into frozen dataclasses.

Reads: the file named by `--settings`, else $APPLIANCE_SETTINGS, else /etc/appliance/unit.toml.
Never: invents a value for a wrong one. A mistake is a `SettingsError` that names file, line, key,
the allowed range and the nearest known key; nothing starts.

Each field carries its limits and one line of help; docs/settings.md is generated from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from appliance.clock import Clock, ScaledClock, SystemClock
from appliance.model import EnergyLevel
from appliance.sections.alarms import (
    AlarmSettings,
    AlarmsSettings,
    ChannelSettings,
    RecipientSettings,
)
from appliance.sections.cameras import CameraSettings, InferenceSettings
from appliance.sections.computer import ComputerSettings
from appliance.sections.field import setting
from appliance.sections.kiosk import KioskSettings
from appliance.sections.link import LinkSettings
from appliance.sections.loads import GpuSettings, JetsonSettings, RunsWhen, SwitchSettings
from appliance.sections.network import (
    DdiSettings,
    FleetSettings,
    MqttSettings,
    UpdateSettings,
    WebSettings,
)
from appliance.sections.pace import ClockSettings, MeterSettings, SimulationSettings
from appliance.sections.sources import SourceSettings

DEFAULT_PATH = Path("/etc/appliance/unit.toml")
PATH_VARIABLE = "APPLIANCE_SETTINGS"


class Chemistry(Enum):
    """What the battery is made of; `appliance/chemistry` has the figures of each.

    `lead-acid`: of unknown kind. `NOT_SUPPORTED` has others that people ask for.
    """

    LFP = "lfp"
    FLOODED = "flooded"
    AGM = "agm"
    GEL = "gel"
    LEAD_ACID = "lead-acid"


class SleepMode(Enum):
    """What becomes of the computer while the unit hibernates."""

    SUSPEND = "suspend"
    POWER_OFF = "power-off"
    STAY = "stay"


class Follows(Enum):
    """Which planner chooses the level below the guard's."""

    PLAN = "plan"
    LADDER = "ladder"


class ModbusFraming(Enum):
    """How Modbus frames run over a network port."""

    TCP = "tcp"
    RTU = "rtu"


BAUDS = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400)
BAUD_TEXT = "Speed of the serial line, baud; without it, the model's usual one"
FRAMING_TEXT = (
    "Of a tcp:// port: `tcp` for Modbus TCP, `rtu` for a transparent bridge to the serial line"
)


@dataclass(frozen=True, slots=True)
class UnitSettings:
    name: str = setting("unit", "Name of this unit, shown on the page and in reports")
    data_dir: Path = setting(
        Path("/var/lib/appliance"), "Directory of the database and the snapshots"
    )
    run_dir: Path = setting(Path("/run/appliance"), "Directory of the sockets; emptied by a reboot")
    id: str = setting(
        "",
        "Identity towards other programs, never changed once given; '': derived from the machine",
    )


SkyPoints = tuple[tuple[float, float], ...]  # azimuth and elevation in degrees


@dataclass(frozen=True, slots=True)
class SiteSettings:
    latitude_deg: float = setting(45.0, "Latitude in degrees, north positive", -90, 90)
    longitude_deg: float = setting(25.0, "Longitude in degrees, east positive", -180, 180)
    altitude_m: float = setting(100.0, "Height above sea level, m", -430, 6000)
    timezone: str = setting("UTC", "IANA name; only for showing times to people")
    horizon: SkyPoints = setting((), "What hides the sun: [azimuth, elevation] in degrees, or []")

    @property
    def equator_azimuth_deg(self) -> float:
        """The direction of the equator, degrees clockwise from north."""
        return 180.0 if self.latitude_deg >= 0 else 0.0


@dataclass(frozen=True, slots=True)
class HostSettings:
    systemctl: str = setting("/usr/bin/systemctl", "The program that carries orders to PID 1")
    may_power_off: bool = setting(True, "Whether the guard may power the computer off")
    sleep: SleepMode = setting(
        SleepMode.SUSPEND, "What HIBERNATE does to the computer; `stay` only stops its loads"
    )
    rtc: Path = setting(Path("/sys/class/rtc/rtc0"), "The clock that wakes the computer")
    checkin: str = setting(
        "",
        "Service that reports the next return to the fleet, run before a sleep; '' for none",
    )


@dataclass(frozen=True, slots=True)
class ChargerSettings:
    """One charge controller; the section is [charger.NAME], one for each."""

    model: str = setting("epever-tracer", "Charge controller; `unitctl power models` lists them")
    port: str = setting("/dev/ttyUSB0", "Serial device, or tcp://HOST:PORT")
    device_id: int | None = setting(None, "Modbus id; without it, the model's usual one", 0, 255)
    baud: int | None = setting(None, BAUD_TEXT, choices=BAUDS)
    framing: ModbusFraming = setting(ModbusFraming.TCP, FRAMING_TEXT)
    loads_on_battery: bool = setting(
        False, "Loads are wired to the battery, not to its load output"
    )
    invert_current: bool = setting(
        False, "Invert the sign of its battery current (a fault names it)"
    )


@dataclass(frozen=True, slots=True)
class BmsSettings:
    """One battery's electronics or shunt; the section is [bms.NAME], one for each."""

    model: str = setting("jk-pb", "BMS or shunt; `unitctl power models` lists them")
    port: str = setting("/dev/ttyUSB1", "Serial device, or tcp://HOST:PORT")
    device_id: int | None = setting(
        None, "Its address on the line; without it, the model's usual one", 0, 255
    )
    baud: int | None = setting(None, BAUD_TEXT, choices=BAUDS)
    framing: ModbusFraming = setting(ModbusFraming.TCP, FRAMING_TEXT)
    invert_current: bool = setting(False, "Invert the sign of its current (a fault names it)")


@dataclass(frozen=True, slots=True)
class PanelsSettings:
    peak_w: float = setting(600.0, "Nominal power of the array at STC, Wp", 1, 100_000)
    tilt_deg: float = setting(35.0, "Tilt from the horizontal, degrees", 0, 90)
    azimuth_deg: float | None = setting(
        None,
        "Direction they face, degrees clockwise from north; without it, to the equator: 180 "
        "(south) where the latitude is 0 or more, 0 (north) in the southern hemisphere",
        0,
        360,
    )

    def get_azimuth_deg(self, site: SiteSettings) -> float:
        """The direction they face at that site, degrees clockwise from north."""
        return site.equator_azimuth_deg if self.azimuth_deg is None else self.azimuth_deg


@dataclass(frozen=True, slots=True)
class BatterySettings:
    chemistry: Chemistry = setting(Chemistry.LFP, "Battery chemistry")
    capacity_wh: float = setting(2560.0, "Rated energy at 25 C (lead-acid: C20), Wh", 10, 1_000_000)
    nominal_voltage_v: float = setting(12.8, "Nominal voltage, V, as sold", 12, 105)
    cells: int | None = setting(
        None,
        "Cells in series; needed where the nominal voltage is said of several numbers: 48 V of 15 "
        "and of 16 LFP cells",
        4,
        50,
    )
    resistance_ohm: float | None = setting(
        None,
        "Resistance of the whole string up to where its voltage is measured, ohm; without it, "
        "that of a usual battery of its size",
        0.0001,
        1,
    )


@dataclass(frozen=True, slots=True)
class EnergySettings:
    """The SOC ladder and the guard. A level holds from its threshold up."""

    full_from_pct: float = setting(60.0, "SOC in % from which everything runs", 20, 100)
    eco_from_pct: float = setting(40.0, "SOC in % from which inference runs at a low rate", 15, 95)
    sentinel_from_pct: float = setting(20.0, "SOC in % from which cameras detect movement", 12, 90)
    off_below_pct: float = setting(10.0, "SOC in % below which the computer powers off", 10, 50)
    hysteresis_pct: float = setting(
        5.0, "How far above a threshold a level is entered, % of SOC", 1, 20
    )
    dwell_up_s: float = setting(
        900.0, "Seconds for which the charge must allow a higher level", 0, 7200
    )
    sigma_weight: float = setting(
        1.0, "Standard deviations subtracted from the estimated charge", 0, 3
    )
    full_power_w: float = setting(25.0, "Power limit of the loads at FULL, W", 1, 20_000)
    eco_power_w: float = setting(12.0, "Power limit of the loads at ECO, W", 1, 20_000)
    sentinel_power_w: float = setting(6.0, "Power limit of the loads at SENTINEL, W", 0.1, 20_000)
    hibernate_power_w: float = setting(
        2.0,
        "Power drawn at HIBERNATE, W, all that hangs on the battery; without it, by what HIBERNATE "
        "does: `suspend` 2, `power-off` 0.5, `stay` the computer's idle power",
        0.01,
        1000,
    )
    reserve_days: float = setting(7.0, "Dark, cold days for which the reserve must last", 0, 60)
    follows: Follows = setting(Follows.PLAN, "The plan, or the ladder (levels by charge alone)")
    worth_of_listening: float = setting(
        0.3, "Utility of an hour with cameras in LISTEN mode; an hour at FULL has utility 1", 0, 1
    )
    worth_of_full_hour: float = setting(
        1.0,
        "What an hour at FULL is worth in money, in the currency in which [source.NAME] has costs",
        0,
        1e6,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All of one unit's settings. `path` is the file they came from."""

    path: Path = DEFAULT_PATH
    unit: UnitSettings = field(default_factory=UnitSettings)
    site: SiteSettings = field(default_factory=SiteSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)
    host: HostSettings = field(default_factory=HostSettings)
    charger: Mapping[str, ChargerSettings] = field(default_factory=dict)
    bms: Mapping[str, BmsSettings] = field(default_factory=dict)
    meter: MeterSettings = field(default_factory=MeterSettings)
    panels: PanelsSettings = field(default_factory=PanelsSettings)
    battery: BatterySettings = field(default_factory=BatterySettings)
    energy: EnergySettings = field(default_factory=EnergySettings)
    computer: ComputerSettings = field(default_factory=ComputerSettings)
    switch: Mapping[str, SwitchSettings] = field(default_factory=dict)
    source: Mapping[str, SourceSettings] = field(default_factory=dict)
    kiosk: KioskSettings = field(default_factory=KioskSettings)
    jetson: JetsonSettings = field(default_factory=JetsonSettings)
    gpu: GpuSettings = field(default_factory=GpuSettings)
    camera: Mapping[str, CameraSettings] = field(default_factory=dict)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    web: WebSettings = field(default_factory=WebSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    update: UpdateSettings = field(default_factory=UpdateSettings)
    fleet: FleetSettings = field(default_factory=FleetSettings)
    ddi: DdiSettings = field(default_factory=DdiSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    alarms: AlarmsSettings = field(default_factory=AlarmsSettings)
    alarm: Mapping[str, AlarmSettings] = field(default_factory=dict)
    recipient: Mapping[str, RecipientSettings] = field(default_factory=dict)
    channel: Mapping[str, ChannelSettings] = field(default_factory=dict)
    simulation: SimulationSettings = field(default_factory=SimulationSettings)

    @property
    def power_devices(self) -> tuple[ChargerSettings | BmsSettings, ...]:
        """All charge controllers and batteries."""
        return (*self.charger.values(), *self.bms.values())

    @property
    def source_switches(self) -> frozenset[str]:
        """The switches that start and stop a source, and so are no loads."""
        return frozenset(one.switch for one in self.source.values() if one.switch)

    @property
    def decided_switches(self) -> frozenset[str]:
        """Those that more than the level decides about: of sources, heaters and surplus."""
        heaters = (name for name, one in self.switch.items() if one.runs_when is not RunsWhen.LEVEL)
        return self.source_switches | frozenset(heaters)

    @property
    def database(self) -> Path:
        """The unit database: the bus between all processes."""
        return self.unit.data_dir / "unit.db"

    @property
    def access_file(self) -> Path:
        """Logins, PIN, tokens and acts, in a directory of the page's user alone."""
        return self.unit.data_dir / "access" / "access.db"

    @property
    def forecast_file(self) -> Path:
        """The day-ahead forecast, where one was downloaded (docs/energy.md describes its
        format).
        """
        return self.unit.data_dir / "forecast.json"

    @property
    def boot_record_file(self) -> Path:
        """How the unit went to sleep and how its boots went: needs no database."""
        return self.unit.data_dir / "boots.json"

    @property
    def wake_test_file(self) -> Path:
        """How the last wake test of this computer ended."""
        return self.unit.data_dir / "wake-test.json"

    @property
    def wake_test_request(self) -> Path:
        """A file that asks the power service for a wake test; a boot takes it away."""
        return self.unit.run_dir / "wake-test-requested"

    @property
    def source_request(self) -> Path:
        """A file that asks the power service to count a source's fuel anew, or to unlock it."""
        return self.unit.run_dir / "source-request.json"

    @property
    def boot_file(self) -> Path:
        """Which boot of a demonstration this is; a unit asks the kernel."""
        return self.unit.run_dir / "boot"

    @property
    def snapshots_dir(self) -> Path:
        return self.unit.data_dir / "snapshots"

    @property
    def timelapse_dir(self) -> Path:
        return self.unit.data_dir / "timelapse"

    @property
    def alarm_socket(self) -> Path:
        """Where the alarm service is told that there is something new."""
        return self.unit.run_dir / "alarm.sock"

    @property
    def alarm_key_file(self) -> Path:
        """What reply links are signed with; made by the alarm service."""
        return self.unit.data_dir / "alarm-links.key"

    @property
    def alarm_answers_dir(self) -> Path:
        """What channels have answered, of messages of which the answer is not stored yet."""
        return self.unit.data_dir / "alarm-answers"

    def camera_socket(self, camera: str) -> Path:
        """Where the process of that camera hands out frames."""
        return self.unit.run_dir / f"camera-{camera}.sock"

    @property
    def view_socket(self) -> Path:
        """Where the inference process hands out the last picture that it analysed."""
        return self.unit.run_dir / "inference.sock"

    def get_level_power_w(self, level: EnergyLevel) -> float:
        """What the loads may draw together at `level`."""
        return {
            EnergyLevel.FULL: self.energy.full_power_w,
            EnergyLevel.ECO: self.energy.eco_power_w,
            EnergyLevel.SENTINEL: self.energy.sentinel_power_w,
            EnergyLevel.HIBERNATE: self.energy.hibernate_power_w,
            EnergyLevel.OFF: 0.0,
        }[level]

    def compute_base_w(self, level: EnergyLevel) -> float:
        """What is drawn at `level` before any work: computer, cameras that are on, other switches.

        Cameras are counted as watched from ECO on, where inference runs.
        """
        watched = level >= EnergyLevel.ECO
        cameras_w = sum(
            camera.watch_power_w if watched else camera.listen_power_w
            for camera in self.camera.values()
            if level >= camera.runs_from
        )
        others_w = sum(
            switch.idle_w
            for name, switch in self.switch.items()
            if level >= switch.runs_from
            and not switch.is_host
            and name not in self.decided_switches
        )
        return self.computer.idle_w + cameras_w + others_w

    def make_clock(self) -> Clock:
        """The kernel's clock, or in a demonstration the scaled one."""
        if self.clock.origin_boottime_s == 0:
            return SystemClock()
        own = self.clock
        return ScaledClock(own.speed, own.origin_utc, own.origin_boottime_s, self.boot_file)
