"""Stand-ins for the inference service: cameras, a waiter, a model, each with behaviour.

Nothing here sleeps: time passes when the waiter waits, just as far as the next answer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from appliance.errors import CameraError, ModelError
from appliance.media.frames import I420, MP4, Answer, Picture, PictureRequest, Refusal
from appliance.model_cameras import Box, Detection, Tier
from inference.detection.detector import CPU, NOT_LOADED, PictureDetections
from inference.model_store import ModelCost
from inference.tracking.boxes import is_shown_whole
from tests.stand_ins.fakes import FakeClock

SOMEBODY = Detection("person", 0.8, Box(0.4, 0.2, 0.6, 0.9))
FRAMES_PER_S = 10
WIDTH, HEIGHT = 80, 60


class FakeCamera:
    """A camera's socket without a socket: 10 pictures a second of the clock's picture time.

    `moving`: something moves before it. `gone`: nobody listens. `hung`: no answer ever comes.
    `refusal`: it refuses at once.
    """

    def __init__(self, name: str, clock: FakeClock) -> None:
        self.name = name
        self.moving = True
        self.gone = self.hung = False
        self.refusal: str | None = None
        self.region: Box | None = None
        self.clip: bytes | None = b"clip"
        self.born_s = 0.0  # its own time begins then: a restart begins it anew
        self.asks: list[tuple[float, PictureRequest]] = []
        self._clock = clock
        self._asked: tuple[float, PictureRequest] | None = None

    @property
    def pulls(self) -> int:
        return len(self.asks)

    @property
    def is_idle(self) -> bool:
        """Whether no request waits for its answer."""
        return self._asked is None

    def restart(self) -> None:
        """The process ends, and another one begins: its numbers and its time begin anew."""
        self.born_s = self._clock.media_s()
        self._asked = None
        self.gone = False

    def ask(self, ask: PictureRequest) -> None:
        if self.gone:
            raise CameraError(f"no pictures from {self.name}: nobody listens")
        assert self._asked is None, "one request at a time"
        self._asked = self._clock.media_s(), ask
        self.asks.append(self._asked)

    def ready_s(self) -> float:
        """When the answer to the pending request is there."""
        assert self._asked is not None
        asked_s, ask = self._asked
        if self.hung:
            return math.inf
        if self.gone or self.refusal or ask.encoding == MP4:
            return asked_s
        ends_s = asked_s + ask.wait_s
        if ask.moved and not self.moving:
            return ends_s
        if self._sequence() != ask.after:
            return asked_s
        return min(ends_s, self.born_s + (ask.after + 1) / FRAMES_PER_S)

    def take(self) -> Answer:
        assert self._asked is not None
        _, ask = self._asked
        self._asked = None
        if self.gone:
            raise CameraError(f"no pictures from {self.name}: the connection ended")
        if self.refusal:
            return Refusal(self.refusal)
        if ask.encoding == MP4:
            return self._picture(MP4, self.clip) if self.clip else Refusal("no clip is kept")
        if ask.moved and not self.moving:
            return Refusal("nothing moves")
        if self._sequence() == ask.after:
            return Refusal("no new picture yet")
        return self._picture(I420, np.full(WIDTH * HEIGHT * 3 // 2, 90, np.uint8).tobytes())

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self._asked = None

    def _sequence(self) -> int:
        return int((self._clock.media_s() - self.born_s) * FRAMES_PER_S + 1e-6)

    def _picture(self, encoding: str, data: bytes) -> Picture:
        media_s = self._clock.media_s() - self.born_s
        return Picture(
            self.name,
            self._clock.stamp(),
            self._sequence(),
            0,
            media_s,
            WIDTH,
            HEIGHT,
            encoding,
            data,
            woken_by="packets" if self.moving else "",
            region=self.region,
        )


class FakeWaiter:
    """Lets the clock pass until an answer is there, or the wait is over."""

    def __init__(self, clock: FakeClock) -> None:
        self.wakes = 0
        self._clock = clock

    def wait(self, asked: Sequence[Any], seconds: float, stop: Event) -> list[Any]:
        self.wakes += 1
        now_s = self._clock.media_s()
        first_s = min((frames.ready_s() for frames in asked), default=math.inf)
        if first_s > now_s:
            self._clock.wait_media(min(seconds, first_s - now_s), stop)
        return [one for one in asked if one.ready_s() <= self._clock.media_s() + 1e-6]


@dataclass
class FakeDetector:
    """Detects what is in `scene`; notes when it is loaded, freed, and what it analysed together."""

    digest: str = "d16e57"
    scene: list[Detection] = field(default_factory=list)
    provider: str = NOT_LOADED
    wanted: str = CPU
    got: str = CPU
    degraded: str = ""
    tier: Tier = Tier.INT8
    size: int = 32
    load_s: float | None = None
    analysed: int = 0
    loads: int = 0
    broken: bool = False
    batches: list[list[str]] = field(default_factory=list)

    @property
    def loaded(self) -> bool:
        return self.provider != NOT_LOADED

    def analyse(
        self, pictures: Sequence[Picture], parts: Sequence[Box | None] | None = None
    ) -> list[PictureDetections]:
        assert self.loaded
        self.batches.append([picture.camera for picture in pictures])
        self.analysed += len(pictures)
        assert all(picture.encoding == I420 for picture in pictures)
        parts = parts or [None] * len(pictures)
        return [
            PictureDetections(
                tuple(one for one in self.scene if is_shown_whole(part, one.box)), part
            )
            for part in parts
        ]

    def load(self) -> None:
        self.loads += 1
        if self.broken:
            raise ModelError("the model fell over")
        self.provider = self.got

    def free(self) -> None:
        self.provider = NOT_LOADED


@dataclass
class FakeChoice:
    """Which model is chosen, as the model store says it; `cost_j` is the cost per run."""

    name: str = "usual"
    changed: bool = False
    cost_j: float = 0.5
    load_j: float = 0.0
    measured: bool = False

    def choose(self, name: str) -> None:
        self.name, self.changed = name, True

    def find_active(self) -> str:
        return self.name

    def has_active_changed(self) -> bool:
        changed, self.changed = self.changed, False
        return changed

    def find_cost(self, digest: str, provider: str) -> ModelCost:
        return ModelCost(self.cost_j, self.load_j, 0.1, measured=self.measured)
