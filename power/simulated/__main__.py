"""`python -m power.simulated epever --settings FILE`: a charge controller to plug the unit into.

Reads: the settings (site, panels, battery, simulation). Writes: only wires here.
Never: part of a unit in the field.
"""

import signal
import sys
from threading import Event, Thread

from appliance import log, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.settings import Settings
from power.devices.epever import EpeverTracer
from power.simulated.command import Command, parse
from power.simulated.epever import SimulatedEpever
from power.simulated.load import ReportedLoad
from power.simulated.plant import Plant
from power.simulated.running import RunningDevice
from power.simulated.serial_line import SerialLine, linked
from power.simulated.tcp_line import TcpLine


def main() -> None:
    command = parse()
    log.setup("simulated", under_journal=False)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(command, command.seeded(settings_file.load(command.settings)), stop)
    except ApplianceError as error:
        print(f"simulated: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


def serve(command: Command, settings: Settings, stop: Event) -> None:
    """Build the parts and answer until `stop` is set."""
    clock = settings.make_clock()
    plant = Plant(settings, clock.stamp().utc)
    device = RunningDevice(
        SimulatedEpever(plant, command.quirks), plant, ReportedLoad(settings, clock), clock
    )
    Thread(target=device.tick, args=(stop,), daemon=True).start()
    if command.tcp:
        tcp = TcpLine(device, *command.tcp)
        print(f"a simulated {command.device} answers at {tcp.url}", flush=True)
        tcp.serve(stop)
        return
    fast = settings.clock.origin_boottime_s > 0 and settings.clock.speed > 1
    baud = None if fast else EpeverTracer.baud
    line = SerialLine(device, clock, baud, command.quirks, settings.simulation.seed)
    with linked(line.path, command.link) as port:
        print(f"a simulated {command.device} answers at {port}", flush=True)
        line.serve(stop)


if __name__ == "__main__":
    main()
