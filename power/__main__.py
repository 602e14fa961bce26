"""The power service: `python -m power`. Meter, estimator, guard, planner and orders, in one loop.

Reads and writes: see power/cycle.py.
Never: holds a rule; it only wires.
"""

from appliance import service
from appliance.host import Host
from power.cycle import PowerCycle
from power.ladder import Ladder
from power.loads import Actuator
from power.meters import open_meters


def assemble(unit: service.Service) -> service.Loop:
    """Settings -> parts -> the loop."""
    settings = unit.settings
    cycle = PowerCycle(
        service=unit,
        meter=open_meters(settings, unit.clock),
        planner=Ladder(settings),
        actuator=Actuator(
            Host(settings.host.systemctl), settings.camera, settings.host.may_power_off
        ),
    )
    return service.Loop(cycle, every_s=settings.meter.poll_every_s)


if __name__ == "__main__":
    service.main("power", assemble, needs_store=False)
