"""Time from a bad reading on the wire to the guard's order to PID 1, in the real power process.

A simulated charge controller on a pseudo-terminal lets the voltage fall below the floor. The guard
wants that confirmed for half a minute, so the clock starts with the reply that confirms it. First
the battery is being charged (the loads must stop), then no longer (the computer must power off).
"The order" is when the recording `systemctl` runs: process start and file writes are in it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from appliance.clock import SystemClock
from appliance.settings import Settings
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.devices.models import make_byte_device
from provisioning.simulated.lines.byte_device import ByteDevice
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.bench.report import ROOT, Figure, median, publish, quick
from tests.waiting import wait_until

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
POLL_EVERY_S = 5
# Replies closer together than this are of one poll; two polls are a second apart at a low voltage.
POLL_LASTS_S = 0.4
TARGET_S = 1.0
SETTINGS = """\
[unit]
data_dir = "{here}/data"
run_dir = "{here}/run"
[host]
systemctl = "{here}/systemctl"
rtc = "{here}/rtc"
[charger.main]
port = "{port}"
[meter]
poll_every_s = {poll}
[camera.demo]
source = ""
"""


class WeakPlant(Plant):
    """A plant with the values that the bench sets: battery V, A into it, W of sun."""

    values = (13.3, -0.5, 0.0)

    @property
    def battery_voltage_v(self) -> float:
        return self.values[0]

    @property
    def battery_current_a(self) -> float:
        return self.values[1]

    @property
    def pv_power_w(self) -> float:
        return self.values[2]


class ReplyRecorder:
    """A device that notes when each of its replies went out."""

    def __init__(self, device: ByteDevice) -> None:
        self._device = device
        self.sends_every_s = device.sends_every_s
        self.replied_s: list[float] = []

    def find_request_size(self, begun: bytes) -> int | None:
        return self._device.find_request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        reply = self._device.respond(request)
        self.replied_s.append(time.time())
        return reply

    def send_unasked(self) -> bytes:
        return self._device.send_unasked()

    def poll_before(self, at_s: float) -> tuple[float, float]:
        """The first and the last reply of the poll that came last before `at_s`."""
        replies = [reply_s for reply_s in self.replied_s if reply_s <= at_s]
        first_s = last_s = replies[-1]
        for reply_s in reversed(replies):
            if first_s - reply_s > POLL_LASTS_S:
                break
            first_s = reply_s
        return first_s, last_s


@contextmanager
def run_power(here: Path, plant: Plant) -> Iterator[tuple[ReplyRecorder, Callable[[str], float]]]:
    """The service at work; gives the recorded replies, and when PID 1 first got an order with a
    word.
    """
    (here / "rtc").mkdir()
    (here / "rtc/wakealarm").touch()
    orders, program = here / "orders", here / "systemctl"
    orders.touch()
    program.write_text(f'#!/bin/sh\necho "$(date +%s.%N) $*" >> {orders}\n')
    program.chmod(0o755)

    def find_order(words: str) -> float:
        wanted = set(words.split())
        found = [line for line in orders.read_text().splitlines() if wanted <= set(line.split())]
        return float(found[0].split()[0]) if found else 0.0

    replies = ReplyRecorder(make_byte_device([SimulatedEpever(plant)], "pty"))
    line, stop = SerialLine(replies, SystemClock()), Event()
    worker = Thread(target=line.serve, args=(stop,), daemon=True)
    worker.start()
    settings = here / "unit.toml"
    settings.write_text(SETTINGS.format(here=here, port=line.path, poll=POLL_EVERY_S))
    command = [sys.executable, "-m", "power", "--settings", str(settings)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=(here / "log").open("w"))
    try:
        yield replies, find_order
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        stop.set()
        worker.join(5)
        line.close()


def measure_round() -> dict[str, float]:
    """Seconds from the reply to the order, for a drop of the level and for a power-off."""
    plant = WeakPlant(Settings(), NOON)
    with (
        TemporaryDirectory(prefix="reaction-") as place,
        run_power(Path(place), plant) as (replies, find_order),
    ):
        wait_until(lambda: find_order("start appliance-camera@demo") > 0, "the camera's start", 90)
        plant.values = (11.6, 6.0, 75.0)
        wait_until(lambda: find_order("stop appliance-camera@demo") > 0, "the order to stop", 90)
        stopped_s = find_order("stop")
        plant.values = (11.6, -2.0, 0.0)
        wait_until(lambda: find_order("poweroff") > 0, "the order to power off", 90)
        off_s = find_order("poweroff")
        return {
            "loads stopped": stopped_s - replies.poll_before(stopped_s)[1],
            "powered off": off_s - replies.poll_before(off_s)[1],
            "powered off, from the poll's first reply": off_s - replies.poll_before(off_s)[0],
        }


def main() -> None:
    short = quick("reaction")
    rounds = [measure_round() for _ in range(1 if short else 5)]
    figures = []
    for name in rounds[0]:
        seconds = [one[name] for one in rounds]
        figures.append(Figure(f"{name}, median", median(seconds), "s", TARGET_S))
        figures.append(Figure(f"{name}, worst", max(seconds), "s", TARGET_S))
    publish("reaction", figures, short, rounds=rounds)


if __name__ == "__main__":
    main()
