"""The unit around an update, for ota/machine: its clock, its rows, PID 1.

Reads: fresh rows of the energy, orders of the technician. Writes: orders to PID 1.
Never: decides.
"""

import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import StoreError
from appliance.model import (
    AFTER_CUT,
    BatteryState,
    EnergyBudget,
    EnvironmentReading,
    PowerReading,
    Stamp,
    Wake,
)
from appliance.process.host import Host
from appliance.process.units import format_unit, list_camera_units
from appliance.settings import Settings
from appliance.store.prepare import NEWEST_STEP
from appliance.store.store import Store
from appliance.store.update_holds import find_ended_row, find_update_hold
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone
from ota.machine.gate import GateFacts
from ota.machine.orders import OrdersFile
from ota.manifest import LayerKind, ReleaseManifest

ALWAYS = ("sensors", "power")  # the guard last: it is without a guard for the shortest time
SOMETIMES = ("inference", "hints", "mqtt", "web")
MACHINES = {"x86_64": "x86-64", "aarch64": "arm64"}
NETWORKS = Path("/sys/class/net")
OS_SEQUENCE = Path("/usr/lib/appliance/os-sequence")  # of the image; where there is none, 0


def hold_nothing() -> str:
    """A unit without such a server."""
    return ""


@dataclass(frozen=True, slots=True)
class ThisUnit:
    """`technician`: one is present and has ordered this run. `find_server_hold`: why a server does
    not want the present step yet, "" where it does.
    """

    settings: Settings
    store: Store
    host: Host
    orders: OrdersFile
    technician: bool = False
    find_server_hold: Callable[[], str] = hold_nothing
    os_sequence: Path = OS_SEQUENCE
    networks: Path = NETWORKS

    def stamp(self) -> Stamp:
        return self.store.clock.stamp()

    def age_s(self, stamp: Stamp) -> float | None:
        return self.store.clock.age_s(stamp)

    def read_facts(self) -> GateFacts:
        state, budget = self.store.latest(BatteryState), self.store.latest(EnergyBudget)
        environment = self.store.latest(EnvironmentReading)
        now = self.stamp().utc
        return GateFacts(
            local_time=self._find_local(now).time(),
            soc_pct=state.state_of_charge_pct if state else None,
            charging_pct_per_h=self._find_charging(state),
            energy_wh=state.energy_wh if state else None,
            reserve_wh=budget.reserve_wh if budget else None,
            temperature_c=environment.hottest_temperature_c if environment else None,
            hold=self.find_hold(now) or self.find_server_hold(),
            clock_trusted=self.store.clock.is_synchronized(),
            technician=self.technician,
        )

    def find_hold(self, now: datetime) -> str:
        """That of a technician, unless one at the page has ended it since, else one that came over
        the network; one that cannot be read holds nothing: the technician's does.
        """
        orders = self.orders.read()
        with suppress(StoreError):
            own = orders.find_hold(now, find_ended_row(self.store))
            return own or find_update_hold(self.store, now)
        return orders.find_hold(now)

    def find_refusal(self, manifest: ReleaseManifest) -> str:
        own, system = find_data_schema(), read_sequence(self.os_sequence)
        if says_data_schema(manifest) and manifest.data_schema < own:
            return say(
                "it reads databases up to step {data_schema}, that of this unit has step {own}; "
                "have a release built from a newer program",
                data_schema=manifest.data_schema,
                own=own,
            )
        if manifest.find_layer(LayerKind.OS) is None and manifest.min_os > system:
            return say(
                "it needs an operating system of at least number {min_os}, this unit has {system}; "
                "assign a release with an operating system first",
                min_os=manifest.min_os,
                system=system,
            )
        return ""

    def lost_power(self) -> bool:
        wake = None
        with suppress(StoreError):
            wake = self.store.last(Wake)
        is_now = wake is not None and wake.stamp.boot_id == self.stamp().boot_id
        return is_now and wake is not None and wake.cause == AFTER_CUT

    def has_carrier(self) -> bool:
        own = (one for one in self.networks.glob("*") if one.name != "lo")
        return any(read_text(one / "carrier") == "1" for one in own)

    def restart_services(self) -> None:
        """Those that always run, and of the others those that run now. Raises `HostError`."""
        cameras = list_camera_units(self.settings.camera)
        others = [*(format_unit(name) for name in SOMETIMES), *cameras]
        self.host.try_restart(*others).wait()
        self.host.restart(*(format_unit(name) for name in ALWAYS)).wait()

    def reboot(self) -> None:
        self.host.reboot().wait()

    def _find_local(self, now: datetime) -> datetime:
        return now.astimezone(find_zone(self.settings.site.timezone))

    def _find_charging(self, state: BatteryState | None) -> float | None:
        """Net charging, % of the capacity an hour; None where it is not measured."""
        reading = self.store.latest(PowerReading)
        if state is None or reading is None or state.capacity_wh <= 0:
            return None
        voltage_v, current_a = reading.battery_voltage_v, reading.battery_current_a
        if voltage_v is None or current_a is None:
            return None
        return 100.0 * voltage_v * current_a / state.capacity_wh


def find_machine() -> str:
    """The kind of this computer, as releases name it."""
    return MACHINES.get(platform.machine(), platform.machine())


def says_data_schema(manifest: ReleaseManifest) -> bool:
    """Whether the release brings a program that reads the database: models and settings alone say
    0, and read none.
    """
    return manifest.data_schema > 0 or manifest.find_layer(LayerKind.APP) is not None


def find_data_schema() -> int:
    """The number of the newest step of the database that this program makes."""
    return int(NEWEST_STEP[1:5])


def read_sequence(path: Path) -> int:
    """The sequence of the running operating system; 0 where it does not tell."""
    try:
        return int(path.read_text()[:20])
    except (OSError, ValueError):
        return 0


def read_text(path: Path) -> str:
    """A small file of the kernel; "" where it cannot be read, as that of an interface that is
    down.
    """
    try:
        return path.read_text().strip()
    except OSError:
        return ""
