"""The sensors service: `python -m sensors --settings FILE`.

Reads: the kernel's files, NVML and the modem. Writes: `EnvironmentReading`, `GpuReading` and the
link's rows.
Never: decides anything; it only wires.
"""

from typing import TYPE_CHECKING

from appliance.process.nvml import open_nvml
from appliance.process.service import Loop, Service, main
from sensors.cycle import SensorsCycle

if TYPE_CHECKING:
    from sensors.link.cycle import LinkCycle

CYCLE_EVERY_S = 60.0


def assemble(service: Service) -> Loop:
    """Wire the cycle of this computer."""
    return Loop(SensorsCycle(service, open_nvml(), link=make_link(service)).cycle, CYCLE_EVERY_S)


def make_link(service: Service) -> "LinkCycle | None":
    """The mobile link; None where the unit has none."""
    settings = service.settings
    if not settings.link.enabled:
        return None
    from sensors.link.cycle import LinkCycle  # noqa: PLC0415  (D-Bus only where there is a modem)
    from sensors.link.look import LinkTools, LinkWorker  # noqa: PLC0415
    from sensors.link.pin import PinTrial  # noqa: PLC0415

    trial = PinTrial(settings.link.pin_file, settings.unit.data_dir)
    return LinkCycle(service, LinkWorker(LinkTools(trial)))


if __name__ == "__main__":
    main("sensors", assemble)
