"""The unit beside Home Assistant: its real processes, on a simulated site, with two cameras.

Reads: what `make run` reads. Writes: a run directory; events, in the name of the inference.
Never: speaks to the broker itself.
"""

import os
import re
import signal
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from appliance.model_cameras import Event
from appliance.store.store import Store
from provisioning.free_ports import find_free_port
from provisioning.laptop import Laptop, RunRequest, format_camera_section
from tests.conftest import CLIP
from tests.scenes import filled
from tests.waiting import wait_until

CAMERAS = ("demo", "gate")
MQTT = "appliance-mqtt"
INFERENCE = "inference"
NOON = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)  # 12:00 at the site
FAST_DAY_S = 1440.0  # sixty times as fast as it is
BROKER = '\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'


class Demonstration(Laptop):
    """`make run` with two cameras that are files, and with a broker."""

    def __init__(self, request: RunRequest, broker_port: int, clip: Path = CLIP) -> None:
        self._broker_port, self._clip = broker_port, clip
        super().__init__(request)

    def _format_cameras(self) -> str:
        text = "".join(
            format_camera_section(name, str(self._clip), listen_power_w=1, watch_power_w=2)
            for name in CAMERAS
        )
        return text + BROKER.format(port=self._broker_port) + "\n"


class Unit:
    """One unit; a context manager."""

    def __init__(
        self,
        directory: Path,
        broker_port: int,
        *,
        day_s: float = FAST_DAY_S,
        start: datetime = NOON,
        clip: Path = CLIP,
    ) -> None:
        request = RunRequest(day_s, find_free_port(), directory, start=start, charge_pct=80.0)
        self.laptop = Demonstration(request, broker_port, clip)
        self.settings = self.laptop.settings
        self._written = 0

    def __enter__(self) -> Self:
        self.laptop.__enter__()
        if MQTT not in self.laptop.runner.pids():
            self.laptop.runner.start_programs([MQTT])
        return self

    def __exit__(self, *_: object) -> None:
        self.laptop.stop()

    # --- its MQTT service --------------------------------------------------------------------

    def kill_mqtt(self) -> None:
        """As the kernel's OOM killer does; what stands in for PID 1 starts it again."""
        before = self._find_mqtt()
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self._find_mqtt() not in (0, before), "the MQTT service")

    def stop_mqtt(self) -> None:
        self.laptop.runner.stop_program(MQTT)

    def start_mqtt(self) -> None:
        self.laptop.runner.start_programs([MQTT])

    def _find_mqtt(self) -> int:
        return self.laptop.runner.pids().get(MQTT, 0)

    # --- its settings ------------------------------------------------------------------------

    def remove_camera(self, name: str) -> None:
        """From the settings; the MQTT service reads them at its next start."""
        self._rewrite(rf"(?ms)^\[camera\.{name}\]\n.*?(?=^\[)", "")

    def rename(self, name: str) -> None:
        self._rewrite(r'(?m)^name = ".*"$', f'name = "{name}"')

    def _rewrite(self, pattern: str, by: str) -> None:
        path = self.settings.path
        text, count = re.subn(pattern, by, path.read_text(), count=1)
        assert count == 1, pattern
        path.write_text(text)

    # --- its events --------------------------------------------------------------------------

    def see(self, camera: str = CAMERAS[0], label: str = "person") -> str:
        """One more event, as the inference stores it; returns its id."""
        self._written += 1
        event_id = f"t{self._written}"
        clock = self.settings.make_clock()
        with closing(Store(self.settings.database, clock, INFERENCE)) as store:
            event = filled.event(clock.stamp(), event_id)
            store.add(replace(event, camera=camera, label=label, snapshot=None))
        return event_id

    def read_event_ids(self) -> list[str]:
        """Of all that it has stored."""
        with closing(self.laptop.open_store()) as store:
            return [event.event_id for event in store.rows(Event)]
