"""What the checks look at: rows of the services, PID 1, files of the kernel, a camera's picture.

    with open_scene(unit, world) as scene:
        reading = scene.find(PowerReading, READING_AGE.value)   # None where there is no fresh one

Reads: the database, PID 1, the cameras' sockets, /sys. Writes: nothing.
Never: takes an old row for what is so now.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from appliance.checks import open_reader
from appliance.errors import HostError
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import JPEG, Answer, PictureRequest
from appliance.settings import Settings
from appliance.store.store import Store
from provisioning.commissioning.unit import Unit

T = TypeVar("T")
WAIT_S = 2.0


def pull(path: Path, camera: str = "") -> Answer:
    """A picture over a socket; raises `CameraError`."""
    client = FrameClient(path)
    try:
        return client.pull(PictureRequest(JPEG, wait_s=WAIT_S, camera=camera))
    finally:
        client.close()


@dataclass(frozen=True, slots=True)
class World:
    """What is outside of the unit's files: tests hand in another one. `system`: where /sys and /dev
    are. `pull`: a picture over a socket.
    """

    system: Path = Path("/")
    pull: Callable[..., Answer] = pull


@dataclass(frozen=True, slots=True)
class Scene:
    """`store` is None where the database cannot be opened. `wishes`: the technician's answers."""

    unit: Unit
    settings: Settings
    store: Store | None
    world: World = field(default_factory=World)
    wishes: dict[str, Any] = field(default_factory=dict)

    def find(self, kind: type[T], oldest_s: float | None = None, **where: str) -> T | None:
        """The newest row; None where there is none that is fresh, by its table or by `oldest_s`."""
        return self.store.latest(kind, oldest_s, **where) if self.store else None

    def age_s(self, row: Any) -> float | None:
        """How old a row is; None where it is of another boot."""
        return None if row is None else self.unit.clock.age_s(row.stamp)

    def wait(self, seconds: float) -> None:
        """In the unit's time."""
        self.unit.clock.wait(seconds, Event())

    def show(self, properties: str, *units: str) -> dict[str, str]:
        """What PID 1 says of itself or of units; nothing where it does not answer."""
        order = self.unit.host.show(properties, *units)
        try:
            order.wait()
        except HostError:
            return {}
        return dict(line.partition("=")[::2] for line in order.output.splitlines() if "=" in line)

    def list_files(self, pattern: str) -> list[Path]:
        """Files of the kernel, such as "sys/class/watchdog/*/state"."""
        return sorted(self.world.system.glob(pattern))


@contextmanager
def open_scene(unit: Unit, world: World, wishes: dict[str, Any]) -> Iterator[Scene]:
    """The unit as it is now."""
    settings = unit.settings()
    with open_reader(settings, unit.clock) as store:
        yield Scene(unit, settings, store, world, wishes)
