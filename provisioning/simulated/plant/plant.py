"""The simulated plant: sun, panels, charge controller and battery of one unit, stepped in time.

Reads: settings. Writes: nothing. The caller gives the time to advance to and the load.
Never: reads a clock, waits, or starts a thread; usable in a test as in a demonstration.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.errors import SettingsError
from appliance.model import ChargeStage
from appliance.settings import Settings
from provisioning.simulated.plant.charging import (
    ChargingState,
    Flow,
    choose_rated_a,
    compute_flow,
    get_limit_v,
    update_charging,
)
from provisioning.simulated.plant.counters import Counters
from provisioning.simulated.plant.generator import Generator
from provisioning.simulated.plant.pack import COLD_LIMIT_C, make_pack
from provisioning.simulated.plant.weather import Weather

STEP_S = 60.0
PANEL_V = 36.0  # maximum power voltage of the string for 12 V and 24 V batteries
PANEL_HIGH_V = 90.0  # and for more


@dataclass
class Totals:
    """All energy that went through the plant since it began, in Wh; `dark_s` without power."""

    pv_wh: float = 0.0
    load_wh: float = 0.0
    conversion_loss_wh: float = 0.0
    resistance_loss_wh: float = 0.0
    dark_s: float = 0.0


class Plant:
    """One unit's energy hardware, from `start` (aware) on. Raises `SettingsError` if it must."""

    def __init__(
        self, settings: Settings, start: datetime, generator: Generator | None = None
    ) -> None:
        self.settings = settings
        self.utc = start.astimezone(UTC)
        self.pack = make_pack(settings.battery)
        self.rated_a = choose_rated_a(settings.panels.peak_w, settings.battery.nominal_voltage_v)
        self.totals = Totals()
        self.generator = generator
        self._zone = find_zone(settings.site.timezone)
        self._weather = Weather(settings)
        self._charge = settings.simulation.battery_charge_pct / 100
        self._charging = ChargingState()
        self._flow = self._compute_flow(
            step_s=0.0, middle=self.utc, load_w=settings.energy.hibernate_power_w
        )
        self._charging = update_charging(self._charging, self.pack, self._flow, 0.0)
        self.counters = Counters(self.local.date())

    def advance(self, to_utc: datetime, load_w: float) -> None:
        """Let time pass up to `to_utc` while the load wants `load_w`, in steps of <= 60 s."""
        while (left_s := (to_utc - self.utc).total_seconds()) > 0:
            self._step(min(left_s, STEP_S), load_w)

    @property
    def local(self) -> datetime:
        """The controller's own clock: local time."""
        return self.utc.astimezone(self._zone)

    @property
    def available_w(self) -> float:
        """What the panels could give now."""
        return self._flow.available_w

    @property
    def pv_power_w(self) -> float:
        """What is taken from the panels."""
        return self._flow.pv_w

    @property
    def pv_voltage_v(self) -> float:
        """Falls with the light, rises where the sun is not all taken."""
        best_v = PANEL_V if self.settings.battery.nominal_voltage_v <= 24 * 1.1 else PANEL_HIGH_V
        light = min(1.0, self.available_w / self.settings.panels.peak_w)
        taken = self.pv_power_w / self.available_w if self.available_w > 0 else 1.0
        dawn = min(1.0, self.available_w)
        return best_v * dawn * (0.9 + 0.1 * light) * (1.2 - 0.2 * taken)

    @property
    def charge_power_w(self) -> float:
        """What the controller puts into battery and load."""
        return self._flow.charge_w

    @property
    def battery_voltage_v(self) -> float:
        return self._flow.battery_v

    @property
    def battery_current_a(self) -> float:
        """+ is into the battery."""
        return self._flow.battery_a

    @property
    def battery_temperature_c(self) -> float:
        return self._weather.compute_temperature_c(self.utc)

    @property
    def load_power_w(self) -> float:
        """What the load gets: what it wants, or nothing when the battery has disconnected."""
        return self._flow.load_w

    @property
    def stage(self) -> ChargeStage:
        return self._charging.stage

    @property
    def yield_today_wh(self) -> float:
        return self.counters.generated_wh["today"]

    @property
    def state_of_charge_pct(self) -> float:
        """The truth that no driver can see: charge in % of the nominal ampere-hours."""
        return 100 * self._charge

    @property
    def charge_blocked(self) -> bool:
        """Too cold to charge."""
        return self.battery_temperature_c < COLD_LIMIT_C

    @property
    def curtailed(self) -> bool:
        """More sun than battery and load take."""
        return self._flow.curtailed

    @property
    def disconnected(self) -> bool:
        """The battery's own protection has disconnected: what must never happen."""
        return not self._flow.connected

    @property
    def controller_powered(self) -> bool:
        """A controller without battery and sun is silent."""
        return self._flow.connected or self._flow.battery_v > 0

    def stage_voltage_v(self, stage: ChargeStage) -> float:
        """The controller's setpoint for that stage."""
        return get_limit_v(stage, self.pack)

    def _step(self, step_s: float, load_w: float) -> None:
        middle = self.utc + timedelta(seconds=step_s / 2)
        if self.generator is not None:
            self.generator.advance(step_s, on=self.generator.read_switch())
        self._flow = now = self._compute_flow(
            step_s=step_s, middle=middle, load_w=load_w, connected=self._flow.connected
        )
        self._charge += now.battery_a * step_s / 3600 / self.pack.capacity_ah
        self._charge = min(1.0, max(0.0, self._charge))
        self._charging = update_charging(self._charging, self.pack, now, step_s)
        self.utc += timedelta(seconds=step_s)
        self._count(now, step_s=step_s, load_w=load_w)

    def _compute_flow(
        self, *, step_s: float, middle: datetime, load_w: float, connected: bool = True
    ) -> Flow:
        given_w = self.generator.power_w if self.generator is not None else 0.0
        flow = compute_flow(
            self.pack,
            self._charging,
            charge=self._charge,
            temperature_c=self._weather.compute_temperature_c(middle),
            available_w=self._weather.compute_sun_w(middle),
            wanted_w=load_w - given_w,
            rated_a=self.rated_a,
            connected=connected,
            step_s=step_s,
        )
        return replace(flow, load_w=flow.load_w + given_w) if given_w and flow.connected else flow

    def _count(self, now: Flow, *, step_s: float, load_w: float) -> None:
        hours = step_s / 3600
        totals = self.totals
        totals.pv_wh += now.pv_w * hours
        totals.load_wh += now.load_w * hours
        totals.conversion_loss_wh += (now.pv_w - now.charge_w) * hours
        totals.resistance_loss_wh += now.loss_w * hours
        if now.load_w < load_w:
            totals.dark_s += step_s
        self.counters.count(
            self.local.date(),
            pv_wh=now.pv_w * hours,
            load_wh=now.load_w * hours,
            battery_v=now.battery_v,
            pv_v=self.pv_voltage_v,
        )


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that name; raise `SettingsError` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"site.timezone {name!r} is not known here; use an IANA name such as Europe/Bucharest"
        ) from error
