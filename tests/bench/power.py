"""What reading power devices costs, and that a bad line never makes a wrong value.

CPU of one poll through our layers against a bare pymodbus loop of the same requests, in turns on
one pseudo-terminal; polls a second; then simulated hours on a line that damages 1 % of all replies:
an EPEver for 24 hours, every other device for one. Each value read is compared with the plant.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from pymodbus.client import ModbusSerialClient

from appliance.clock import ScaledClock, SystemClock, boottime_s
from appliance.errors import BusError
from appliance.model import Quality
from appliance.settings import Settings
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.protocol.bus import Lines
from power.protocol.profile import Profile
from power.reading.meters import open_meter
from provisioning.simulated.devices.models import SIMULATORS
from provisioning.simulated.lines.quirks import NOISE, TRUNCATED
from provisioning.simulated.plant.plant import Plant
from tests.bench.report import Figure, median, publish, quick
from tests.scenes.truth import find_wrong_values
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON, serve_on_line

LOST_SHARE = 0.01
POLL_S = 10
DAWN = NOON - timedelta(hours=7)


def poll_with_pymodbus(client: ModbusSerialClient) -> None:
    """The same requests with nothing around them."""
    for block in EpeverTracer.live:
        client.read_input_registers(block.address, count=block.count, device_id=1)


def measure_cpu_and_rate(poll: Callable[[], object], times: int) -> tuple[float, float]:
    """(CPU milliseconds a poll, polls a second)."""
    cpu_s, wall_s = time.process_time(), time.monotonic()
    for _ in range(times):
        poll()
    return (
        (time.process_time() - cpu_s) * 1000 / times,
        times / (time.monotonic() - wall_s),
    )


def compare_with_pymodbus(short: bool) -> list[Figure]:
    """Ours and a bare loop in turns, on one simulated EPEver in a process of its own."""
    rounds, times = (3, 20) if short else (9, 60)
    with tempfile.TemporaryDirectory() as folder:
        settings, link = Path(folder) / "unit.toml", Path(folder) / "charger"
        settings.write_text(f'[unit]\ndata_dir = "{folder}"\n')
        command = [
            sys.executable,
            "-m",
            "provisioning.simulated",
            "epever",
            "--settings",
            str(settings),
        ]
        with subprocess.Popen([*command, "--link", str(link)], stdout=subprocess.PIPE) as plant:
            assert plant.stdout
            plant.stdout.readline()
            ours, bare = [], []
            for _ in range(rounds):
                lines = Lines(SystemClock())
                meter = open_meter(lines, EpeverTracer(), str(link), 1, SystemClock())
                meter.read()
                ours.append(measure_cpu_and_rate(meter.read, times))
                lines.close()
                client = ModbusSerialClient(str(link), baudrate=115_200, timeout=0.8, retries=1)
                client.connect()
                bare.append(measure_cpu_and_rate(partial(poll_with_pymodbus, client), times))
                client.close()  # type: ignore[no-untyped-call]
            plant.terminate()
    ratio = median([one[0] / other[0] for one, other in zip(ours, bare, strict=True)])
    return [
        Figure("CPU a poll, ours", median([one[0] for one in ours]), "ms"),
        Figure("CPU a poll, bare pymodbus", median([one[0] for one in bare]), "ms"),
        Figure("CPU, ours / bare", ratio, "", 1.2),
        Figure("polls a second, ours", median([one[1] for one in ours]), "/s"),
        Figure("polls a second, bare", median([one[1] for one in bare]), "/s"),
        Figure("CPU at a poll each 10 s", median([one[0] for one in ours]) / 100, "% of a core"),
    ]


def measure_bad_line(profile: Profile, hours: float) -> dict[str, float]:
    """Poll for `hours` of the plant's time; what came of it."""
    clock = FakeClock(DAWN)
    plant = Plant(Settings(), DAWN)
    device = SIMULATORS[profile.name](plant, (), None, 1.0)
    counts = {"polls": 0, "lost polls": 0, "unknown values": 0, "wrong values": 0}
    quirks = (NOISE, TRUNCATED)
    talks = (
        profile.protocol == "VE.Direct"
    )  # a block a second; here twenty, so that polls are short
    with serve_on_line(
        profile,
        device,
        clock=clock,
        timeout_s=0.5 if talks else 0.2,
        line_clock=ScaledClock(20, DAWN, boottime_s()) if talks else None,
        quirks=quirks,
        seed=3,
        damaged_share=LOST_SHARE,
    ) as meter:
        while clock.utc < DAWN + timedelta(hours=hours):
            counts["polls"] += 1
            try:
                reading = meter.read()
            except BusError:
                counts["lost polls"] += 1
            else:
                counts["unknown values"] += list(reading.quality.values()).count(Quality.STALE)
                counts["wrong values"] += len(find_wrong_values(profile, plant, reading))
            clock.advance(max(POLL_S, profile.least_interval_s))
            plant.advance(clock.utc, 60.0 if clock.utc.minute % 20 < 5 else 15.0)
    return {name: float(count) for name, count in counts.items()}


def main() -> None:
    short = quick("power")
    figures = compare_with_pymodbus(short)
    results = {}
    for profile in MODELS:
        if profile.name not in SIMULATORS or profile.tcp_only:
            continue  # TCP has its own checksums and repeats
        first = profile.name == "epever-tracer"
        hours = (0.5 if first else 0.05) if short else (24.0 if first else 1.0)
        found = results[profile.name] = measure_bad_line(profile, hours)
        print(f"  {profile.name:<22} {hours:4g} h  {found}", flush=True)
    wrong_values = sum(found["wrong values"] for found in results.values())
    tracer = results["epever-tracer"]
    figures += [
        Figure("EPEver, polls on a line with 1 % loss", tracer["polls"], ""),
        Figure("EPEver, polls lost", tracer["lost polls"], ""),
        Figure("wrong values, all devices", wrong_values, "", 0),
    ]
    publish("power", figures, short, lines=results)


if __name__ == "__main__":
    main()
