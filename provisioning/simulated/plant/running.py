"""A plant that runs by the unit's clock behind its devices: asked, they are always up to date.

Reads: the clock, the reported load. Writes: nothing.
Never: lets two threads step the plant at once.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import TypeVar

from appliance.clock import Clock
from provisioning.simulated.lines.talker import Talker
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

    def now(self, ask: Callable[[], T]) -> T:
        """What `ask` gives with the plant brought up to now."""
        with self._lock:
            self._follow()
            return ask()

    def tick(self, stop: Event) -> None:
        """Keep the plant near the present also while nobody asks; returns when `stop` is set."""
        while not self._clock.wait(TICK_S, stop):
            self.now(lambda: None)
        self._load.close()

    def _follow(self) -> None:
        now = self._clock.stamp()
        if now.uptime_s - self._load_at_s >= LOAD_EVERY_S:
            self._load_w = self._load.power_w()
            self._load_at_s = now.uptime_s
        self._plant.advance(now.utc, self._load_w)


class RunningTalker:
    """A talker whose plant is up to date whenever it speaks."""

    def __init__(self, talker: Talker, plant: RunningPlant) -> None:
        self._talker = talker
        self._plant = plant
        self.speaks_every_s = talker.speaks_every_s

    def request_size(self, begun: bytes) -> int | None:
        return self._talker.request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        return self._plant.now(lambda: self._talker.respond(request))

    def speak(self) -> bytes:
        return self._plant.now(self._talker.speak)
