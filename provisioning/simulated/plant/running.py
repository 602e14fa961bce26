"""A plant that runs by the unit's clock behind its devices: at each request it is advanced to the
present.

Reads: the clock, the reported load. Writes: nothing.
Never: lets two threads step the plant at once.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import TypeVar

from appliance.clock import Clock
from provisioning.simulated.lines.byte_device import ByteDevice
from provisioning.simulated.plant.load import ReportedLoad
from provisioning.simulated.plant.plant import Plant

TICK_S = 60.0
LOAD_EVERY_S = 5.0
T = TypeVar("T")


class RunningPlant:
    """The plant follows the clock at each request to one of its devices, and each minute."""

    def __init__(self, plant: Plant, load: ReportedLoad, clock: Clock) -> None:
        self._plant = plant
        self._load = load
        self._clock = clock
        self._lock = Lock()
        self._load_w = load.power_w()
        self._load_at_s = clock.stamp().uptime_s

    def run_at_present(self, ask: Callable[[], T]) -> T:
        """What `ask` gives with the plant brought up to now."""
        with self._lock:
            self._advance()
            return ask()

    def tick(self, stop: Event) -> None:
        """Keep the plant near the present also without requests; returns when `stop` is set."""
        while not self._clock.wait(TICK_S, stop):
            self.run_at_present(lambda: None)
        self._load.close()

    def _advance(self) -> None:
        now = self._clock.stamp()
        if now.uptime_s - self._load_at_s >= LOAD_EVERY_S:
            self._load_w = self._load.power_w()
            self._load_at_s = now.uptime_s
        self._plant.advance(now.utc, self._load_w)


class RunningDevice:
    """A device whose plant is advanced to the present whenever it sends."""

    def __init__(self, device: ByteDevice, plant: RunningPlant) -> None:
        self._device = device
        self._plant = plant
        self.sends_every_s = device.sends_every_s

    def find_request_size(self, begun: bytes) -> int | None:
        return self._device.find_request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        return self._plant.run_at_present(lambda: self._device.respond(request))

    def send_unasked(self) -> bytes:
        return self._plant.run_at_present(self._device.send_unasked)
