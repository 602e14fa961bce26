"""Which simulator stands for which model, by the name used in the settings.

Reads and writes: nothing. A new simulator is a line in SIMULATORS.
Never: knows how a device works.
"""

import difflib
from collections.abc import Collection
from typing import Any, Protocol, cast, runtime_checkable

from appliance.errors import SettingsError
from power.simulated.daly import SimulatedDaly, SimulatedDalyD2
from power.simulated.daly_a5 import SimulatedDalyA5
from power.simulated.epever import SimulatedEpever
from power.simulated.jbd import SimulatedJbd
from power.simulated.jk import SimulatedJk
from power.simulated.pdu import SimulatedDevice
from power.simulated.prostar import SimulatedProstar
from power.simulated.pylontech import SimulatedPace, SimulatedPylontech, SimulatedSeplosV2
from power.simulated.renogy import SimulatedRover, SimulatedRoverNoLoad
from power.simulated.renogy_lfp import SimulatedRenogyLfp
from power.simulated.seplos_v3 import SimulatedSeplosV3
from power.simulated.sunspec import SimulatedSunspec
from power.simulated.talker import RtuTalker, Talker
from power.simulated.tristar import SimulatedTristar
from power.simulated.victron import SimulatedMppt, SimulatedMpptLoad, SimulatedShunt
from power.simulated.victron_gx import (
    SimulatedGxBattery,
    SimulatedGxSolarcharger,
    SimulatedGxSystem,
)


@runtime_checkable
class ModbusDevice(Protocol):
    """What tells a Modbus device from a talker."""

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


def full_name(name: str) -> str:
    """The model that `name` is or begins; raise `SettingsError` where that is not one."""
    found = [model for model in SIMULATORS if model.startswith(name)]
    if name in SIMULATORS or len(found) == 1:
        return name if name in SIMULATORS else found[0]
    near = difflib.get_close_matches(name, SIMULATORS, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]!r}? " if near else ""
    raise SettingsError(
        f"there is no simulator of {name!r}; {advice}there are: {', '.join(SIMULATORS)}"
    )


def talker_of(devices: Collection[Any], port: str) -> Talker:
    """The far end of one line with these devices; Modbus devices may be several."""
    buses = [cast("SimulatedDevice", one) for one in devices if isinstance(one, ModbusDevice)]
    if len(buses) == len(devices):
        return RtuTalker(buses)
    if len(devices) == 1:
        talker: Talker = next(iter(devices))
        return talker
    raise SettingsError(f"{port}: only Modbus devices can share a line; give each its own port")
