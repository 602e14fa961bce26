"""`python -m provisioning.simulated`: charge controllers and batteries on lines of their own.

Reads: the settings (site, panels, battery, simulation). Writes: replies on its lines.
Never: part of a unit in the field.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any

from appliance import log
from appliance.clock import Clock
from appliance.errors import ApplianceError, SettingsError
from appliance.settings import Settings
from power.devices import BATTERIES, MODELS
from power.protocol.ports import TCP, parse_tcp_address
from provisioning.simulated.command import DeviceRequest, SimulatorArguments, parse_command
from provisioning.simulated.devices.models import SIMULATORS, make_byte_device
from provisioning.simulated.lines.bridge_line import BridgeLine
from provisioning.simulated.lines.serial_line import SerialLine, link_port
from provisioning.simulated.lines.tcp_line import TcpLine, make_answer
from provisioning.simulated.plant.generator import find_generator
from provisioning.simulated.plant.load import ReportedLoad
from provisioning.simulated.plant.plant import Plant
from provisioning.simulated.plant.running import RunningDevice, RunningPlant

Serve = Callable[[Event], None]


def main() -> None:
    command = parse_command()
    log.setup("simulated")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(command, command.read_settings(), stop)
    except ApplianceError as error:
        print(f"simulated: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


def serve(command: SimulatorArguments, settings: Settings, stop: Event) -> None:
    """Build the parts and answer until `stop` is set."""
    clock = settings.make_clock()
    generator = find_generator(settings, command.quirks)
    plant = Plant(settings, clock.stamp().utc, generator)
    running = RunningPlant(plant, ReportedLoad(settings, clock), clock)
    requests = command.list_requests(settings)
    Thread(target=running.tick, args=(stop,), daemon=True).start()
    with ExitStack() as stack:
        lines = [
            open_line(stack, wanted, devices, running, settings, clock, command.quirks)
            for wanted, devices in make_devices(requests, plant, command.quirks)
        ]
        threads = [Thread(target=line, args=(stop,), daemon=True) for line in lines]
        for thread in threads:
            thread.start()
        stop.wait()
        for thread in threads:
            thread.join()


def make_devices(
    requests: tuple[DeviceRequest, ...], plant: Plant, quirks: tuple[str, ...]
) -> list[tuple[list[DeviceRequest], list[Any]]]:
    """The devices made, those of one port together; each has its share of the plant."""
    packs = [one for one in requests if one.model in BATTERIES]
    found: dict[object, tuple[list[DeviceRequest], list[Any]]] = {}
    for number, one in enumerate(requests):
        same_kind = len(packs) if one.model in BATTERIES else len(requests) - len(packs)
        simulator = SIMULATORS[one.model]
        own = [quirk for quirk in quirks if quirk in simulator.QUIRKS]
        device = simulator(plant, own, one.device_id, 1 / same_kind)
        names, devices = found.setdefault(one.port or number, ([], []))
        names.append(one)
        devices.append(device)
    return list(found.values())


def open_line(
    stack: ExitStack,
    requests: list[DeviceRequest],
    devices: list[Any],
    running: RunningPlant,
    settings: Settings,
    clock: Clock,
    quirks: tuple[str, ...],
) -> Serve:
    """One port, ready to serve."""
    names, port = " and a ".join(one.model for one in requests), requests[0].port
    if port and port.startswith(TCP):
        bridged = any(one.bridged for one in requests)
        tcp = (open_bridge if bridged else open_tcp_line)(port, devices, running)
        print(f"a simulated {names} answers at {tcp.url}", flush=True)
        return tcp.serve
    fast = settings.clock.origin_boottime_s > 0 and settings.clock.speed > 1
    form = next(model.serial for model in MODELS if model.name == requests[0].model)
    line = SerialLine(
        RunningDevice(make_byte_device(devices, str(port)), running),
        clock,
        None if fast else form.baud,
        quirks,
        settings.simulation.seed,
    )
    place = stack.enter_context(link_port(line.path, Path(port) if port else None))
    print(f"a simulated {names} answers at {place}", flush=True)
    return line.serve


def open_bridge(port: str, devices: list[Any], running: RunningPlant) -> BridgeLine:
    """A transparent bridge to a serial line."""
    device = RunningDevice(make_byte_device(devices, port), running)
    return BridgeLine(device, *parse_tcp_address(port))


def open_tcp_line(port: str, devices: list[Any], running: RunningPlant) -> TcpLine:
    """A Modbus TCP port whose plant is advanced to the present at each request."""
    answer = make_answer(devices)

    def answer_at_present(device_id: int, pdu: bytes) -> bytes | None:
        return running.run_at_present(lambda: answer(device_id, pdu))

    return TcpLine(answer_at_present, *parse_tcp_address(port))


if __name__ == "__main__":
    main()
