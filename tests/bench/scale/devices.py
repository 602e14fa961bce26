"""One poll of many power devices: on one line, and each on a line of its own."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from appliance.clock import SystemClock
from appliance.settings import ChargerSettings, Settings
from power.reading.meters import Meters, open_meters
from provisioning.simulated.devices.models import SIMULATORS, make_byte_device
from provisioning.simulated.lines.serial_line import SerialLine
from tests.bench.report import Figure, median
from tests.stand_ins.rig import make_sunny_noon, serve_line

MODEL, BAUD = "epever-tracer", 115_200


def measure(quick: bool) -> list[Figure]:
    """Real seconds of a poll of 1, 4 and 16 charge controllers (16 only alone if quick)."""
    polls = 2 if quick else 10
    return [
        Figure(f"{count} devices on {'one line' if shared else 'lines of their own'}", took_s, "s")
        for shared in (True, False)
        for count in (1, 4, 16)
        for took_s in (measure_poll_s(count, polls, shared=shared),)
    ]


def measure_poll_s(count: int, polls: int, *, shared: bool) -> float:
    with serve(count, shared=shared) as meters:
        meters.read()
        took_s = []
        for _ in range(polls):
            began_s = time.monotonic()
            if meters.read().faults:
                raise RuntimeError("a simulated device does not answer: the figure would be wrong")
            took_s.append(time.monotonic() - began_s)
    return median(took_s)


@contextmanager
def serve(count: int, *, shared: bool) -> Iterator[Meters]:
    """The meters of so many simulated charge controllers."""
    plant, clock = make_sunny_noon(), SystemClock()
    devices = [SIMULATORS[MODEL](plant, (), number, 1 / count) for number in range(1, count + 1)]
    groups = [devices] if shared else [[one] for one in devices]
    with ExitStack() as stack:
        chargers = {}
        for group in groups:
            line = SerialLine(make_byte_device(group, "pty"), clock, BAUD)
            stack.enter_context(serve_line(line))
            for one in group:
                chargers[f"c{one.device_id}"] = ChargerSettings(
                    model=MODEL, port=str(line.path), device_id=one.device_id
                )
        yield open_meters(Settings(charger=chargers), clock)
