"""Time from `kill -9` of each process until it works again, with all others running on.

Real processes at speed 1, by night on a full battery, with everything on. "Works again" is what
the next one in line would notice: a fresh row, a picture, a page.
"""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from appliance.errors import CameraError
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import Picture, PictureRequest
from appliance.model import EnergyLevel, EnvironmentReading, PowerReading, ServiceState
from provisioning.command import claim_port
from provisioning.laptop import DAY_S, Laptop, RunRequest
from tests.bench.report import OUT, Figure, median, publish, quick
from tests.waiting import wait_for_level, wait_until

NIGHT = datetime(2026, 4, 15, 0, 30, tzinfo=UTC)


def make_probes(laptop: Laptop) -> dict[str, Callable[[], object]]:
    """Process -> a value that changes when it has done its work once more."""
    store, settings = laptop.open_store(), laptop.settings

    def make_row_probe(kind: type) -> Callable[[], object]:
        def probe() -> object:
            row: Any = store.last(kind)
            return row.stamp.uptime_s if row else None

        return probe

    def make_picture_probe(client: FrameClient) -> Callable[[], object]:
        def probe() -> object:
            try:
                answer = client.pull(PictureRequest("jpeg"))
            except CameraError:
                return None
            return answer.stamp.uptime_s if isinstance(answer, Picture) else None

        return probe

    def read_page() -> object:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.web.port}/", timeout=1) as got:
                return time.monotonic() if got.status == 200 else None
        except (OSError, urllib.error.URLError):
            return None

    return {
        "appliance-power": make_row_probe(PowerReading),
        "appliance-sensors": make_row_probe(EnvironmentReading),
        "appliance-camera@demo": make_picture_probe(FrameClient(settings.camera_socket("demo"))),
        "appliance-inference": make_picture_probe(FrameClient(settings.view_socket)),
        "appliance-web": read_page,
    }


def recover(laptop: Laptop, name: str, probe: Callable[[], object]) -> float:
    """Kill one process and wait until its probe shows something new from another pid."""
    wait_until(lambda: probe() is not None, f"{name} at work")
    pid, before = laptop.runner.pids()[name], probe()
    began_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: laptop.runner.pids().get(name, pid) != pid, f"a new {name}")
    wait_until(lambda: probe() not in (None, before), f"{name} at work again")
    return time.monotonic() - began_s


def main() -> None:
    short = quick("recovery")
    rounds = 1 if short else 5
    # With a BMS and without sun: a voltage beside a charger that charges shows no full battery.
    wish = RunRequest(DAY_S, claim_port(0), OUT / "recovery", start=NIGHT, charge_pct=97, bms="jbd")
    with Laptop(wish) as laptop:
        wait_for_level(laptop, EnergyLevel.FULL)
        laptop.wait_for_unit_time(5)  # time stands still while a run starts
        found = make_probes(laptop)
        times = {
            name: [recover(laptop, name, probe) for _ in range(rounds)]
            for name, probe in found.items()
        }
        sentences = {row.service: row.status for row in laptop.open_store().rows(ServiceState)}
    figures = [Figure(name, median(took), "s", 5.0) for name, took in times.items()]
    publish("recovery", figures, short, seconds=times, sentences=sentences)


if __name__ == "__main__":
    main()
