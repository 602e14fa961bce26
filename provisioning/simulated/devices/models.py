"""Which simulator stands for which model, by the name used in the settings.

Reads and writes: nothing. A new simulator is a line in SIMULATORS.
Never: depends on how a device works.
"""

from collections.abc import Collection
from typing import Any, Protocol, cast, runtime_checkable

from appliance.errors import SettingsError
from appliance.parsing.nearest import find_nearest
from provisioning.simulated.devices.daly import SimulatedDaly, SimulatedDalyD2
from provisioning.simulated.devices.daly_a5 import SimulatedDalyA5
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.devices.jbd import SimulatedJbd
from provisioning.simulated.devices.jk import SimulatedJk
from provisioning.simulated.devices.prostar import SimulatedProstar
from provisioning.simulated.devices.pylontech import (
    SimulatedPace,
    SimulatedPylontech,
    SimulatedSeplosV2,
)
from provisioning.simulated.devices.renogy import SimulatedRover, SimulatedRoverNoLoad
from provisioning.simulated.devices.renogy_lfp import SimulatedRenogyLfp
from provisioning.simulated.devices.seplos_v3 import SimulatedSeplosV3
from provisioning.simulated.devices.sunspec import SimulatedSunspec
from provisioning.simulated.devices.tristar import SimulatedTristar
from provisioning.simulated.devices.victron import SimulatedMppt, SimulatedMpptLoad, SimulatedShunt
from provisioning.simulated.devices.victron_gx import (
    SimulatedGxBattery,
    SimulatedGxSolarcharger,
    SimulatedGxSystem,
)
from provisioning.simulated.lines.byte_device import ByteDevice, RtuDevices
from provisioning.simulated.lines.pdu import SimulatedDevice


@runtime_checkable
class ModbusDevice(Protocol):
    """What distinguishes a Modbus device from other byte devices."""

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU."""


# Each is a `SimulatedDevice` (Modbus) or a `Talker` (own frames), has QUIRKS (name -> sentence),
# and is made of (plant, quirks, device_id, share of the plant).
SIMULATORS: dict[str, type[Any]] = {
    "epever-tracer": SimulatedEpever,
    "renogy-rover": SimulatedRover,
    "renogy-rover-no-load": SimulatedRoverNoLoad,
    "tristar-mppt": SimulatedTristar,
    "prostar-mppt": SimulatedProstar,
    "victron-mppt": SimulatedMppt,
    "victron-mppt-load": SimulatedMpptLoad,
    "victron-mppt-hex": SimulatedMppt,
    "victron-mppt-load-hex": SimulatedMpptLoad,
    "victron-shunt": SimulatedShunt,
    "victron-gx-system": SimulatedGxSystem,
    "victron-gx-solarcharger": SimulatedGxSolarcharger,
    "victron-gx-battery": SimulatedGxBattery,
    "sunspec-pv": SimulatedSunspec,
    "sunspec-battery": SimulatedSunspec,
    "jk-pb": SimulatedJk,
    "jbd": SimulatedJbd,
    "daly": SimulatedDaly,
    "daly-d2": SimulatedDalyD2,
    "daly-a5": SimulatedDalyA5,
    "seplos-v3": SimulatedSeplosV3,
    "seplos-v2": SimulatedSeplosV2,
    "pylontech": SimulatedPylontech,
    "pace": SimulatedPace,
    "renogy-lfp": SimulatedRenogyLfp,
}


def find_full_name(name: str) -> str:
    """The model that `name` is or begins; raise `SettingsError` where that is not one."""
    found = [model for model in SIMULATORS if model.startswith(name)]
    if name in SIMULATORS or len(found) == 1:
        return name if name in SIMULATORS else found[0]
    near = find_nearest(name, SIMULATORS)
    advice = f"did you mean {near!r}? " if near else ""
    raise SettingsError(
        f"there is no simulator of {name!r}; {advice}there are: {', '.join(SIMULATORS)}"
    )


def make_byte_device(devices: Collection[Any], port: str) -> ByteDevice:
    """The far end of one line with these devices; Modbus devices may be several."""
    buses = [cast("SimulatedDevice", one) for one in devices if isinstance(one, ModbusDevice)]
    if len(buses) == len(devices):
        return RtuDevices(buses)
    if len(devices) == 1:
        device: ByteDevice = next(iter(devices))
        return device
    raise SettingsError(f"{port}: only Modbus devices can share a line; give each its own port")
