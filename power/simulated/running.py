"""A plant that runs by the unit's clock behind a device: asked, it is always up to date.

Reads: the clock, the reported load. Writes: nothing.
Never: lets two threads step the plant at once.
"""

from threading import Event, Lock

from appliance.clock import Clock
from power.simulated.load import ReportedLoad
from power.simulated.pdu import SimulatedDevice
from power.simulated.plant import Plant

TICK_S = 60.0
LOAD_EVERY_S = 5.0


class RunningDevice:
    """A simulated device whose plant follows the clock, at each request and each minute."""

    def __init__(
        self, device: SimulatedDevice, plant: Plant, load: ReportedLoad, clock: Clock
    ) -> None:
        self.device_id = device.device_id
        self._device = device
        self._plant = plant
        self._load = load
        self._clock = clock
        self._lock = Lock()
        self._load_w = load.power_w()
        self._load_at_s = clock.stamp().uptime_s

    def answer(self, pdu: bytes) -> bytes | None:
        """The device's reply, with the plant brought up to now."""
        with self._lock:
            self._follow()
            return self._device.answer(pdu)

    def tick(self, stop: Event) -> None:
        """Keep the plant near the present also while nobody asks; returns when `stop` is set."""
        while not self._clock.wait(TICK_S, stop):
            with self._lock:
                self._follow()
        self._load.close()

    def _follow(self) -> None:
        now = self._clock.stamp()
        if now.uptime_s - self._load_at_s >= LOAD_EVERY_S:
            self._load_w = self._load.power_w()
            self._load_at_s = now.uptime_s
        self._plant.advance(now.utc, self._load_w)
