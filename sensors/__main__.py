"""The sensors service: `python -m sensors --settings FILE`.

Reads: the kernel's files and NVML. Writes: `EnvironmentReading` and `GpuReading` rows.
Never: decides anything; it only wires.
"""

from appliance.process.nvml import open_nvml
from appliance.process.service import Loop, Service, main
from sensors.cycle import SensorsCycle

CYCLE_EVERY_S = 60.0


def assemble(service: Service) -> Loop:
    """Wire the cycle of this computer."""
    return Loop(SensorsCycle(service, open_nvml()).cycle, CYCLE_EVERY_S)


if __name__ == "__main__":
    main("sensors", assemble)
