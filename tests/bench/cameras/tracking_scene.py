"""A made-up scene in which it is known who is where: hundreds of walkers, and a bad detector.

Reads and writes: nothing. The same seed gives the same scene, to the last digit.
Never: gives the detections the numbers of their walkers.

Walkers come by chance, turn, stop and pass in front of each other and behind a tree. The detector
misses, jitters, is unsure of what is half hidden, suppresses one of two boxes on one another (as
non-maximum suppression does), sees ghosts, and again and again the same bush.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.model_cameras import Box, Detection
from inference.tracking.boxes import compute_area, compute_overlap

FRAMES_PER_S = 10
SAME_THING_IOU = 0.6
TREE = Box(0.46, 0.0, 0.51, 0.75)
BUSH = Box(0.80, 0.55, 0.86, 0.72)
LEAST_VISIBLE = 0.35  # of a walker's box; whoever is hidden more than that is not in the truth


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: what the detector says, and who (by number) is really where."""

    media_s: float
    detections: tuple[Detection, ...]
    truth: dict[int, Box]


@dataclass(slots=True)
class Walker:
    """Feet at (x, y); nearer people (larger y) are larger."""

    number: int
    x: float
    y: float
    speed: float
    heading: float
    pause_s: float = 0.0
    sureness: float = field(default=0.72)

    @property
    def box(self) -> Box:
        height = 0.10 + 0.22 * self.y
        width = 0.36 * height
        return Box(self.x - width / 2, self.y - height, self.x + width / 2, self.y)

    def walk(self, chance: random.Random, step_s: float) -> None:
        if self.pause_s > 0:
            self.pause_s -= step_s
        else:
            if chance.random() < 0.03 * step_s * FRAMES_PER_S / 3:
                self.pause_s = chance.uniform(1, 6)
            self.heading += chance.gauss(0, 0.35) * step_s
            scale = self.speed * (0.5 + self.y)  # who is far away moves less of the picture
            self.x += scale * math.cos(self.heading) * step_s
            self.y += 0.5 * scale * math.sin(self.heading) * step_s
        self.sureness += 0.25 * (0.72 - self.sureness) + chance.gauss(0, 0.06)

    @property
    def here(self) -> bool:
        return 0.02 < self.x < 0.98 and 0.22 < self.y < 1.0


def make_scene(seed: int, duration_s: float, arrivals_per_s: float = 0.8) -> list[Frame]:
    """Ten frames a second of walkers, with about 10 of them at a time."""
    chance = random.Random(seed)
    walkers: list[Walker] = []
    frames: list[Frame] = []
    count = 0
    for number in range(round(duration_s * FRAMES_PER_S)):
        if chance.random() < arrivals_per_s / FRAMES_PER_S:
            count += 1
            walkers.append(make_newcomer(chance, count))
        for walker in walkers:
            walker.walk(chance, 1 / FRAMES_PER_S)
        walkers = [walker for walker in walkers if walker.here]
        visible = {walker.number: compute_visible_share(walker, walkers) for walker in walkers}
        truth = {w.number: w.box for w in walkers if visible[w.number] >= LEAST_VISIBLE}
        seen = suppress_overlaps(
            [*detect_walkers(chance, walkers, visible), *make_false_alarms(chance)]
        )
        frames.append(Frame(number / FRAMES_PER_S, tuple(seen), truth))
    return frames


def make_newcomer(chance: random.Random, number: int) -> Walker:
    """Somebody who comes in from the left or the right."""
    from_left = chance.random() < 0.5
    heading = chance.gauss(0.0 if from_left else math.pi, 0.4)
    x, y = (0.03 if from_left else 0.97), chance.uniform(0.35, 0.95)
    return Walker(number, x, y, chance.uniform(0.05, 0.16), heading)


def compute_visible_share(walker: Walker, walkers: Sequence[Walker]) -> float:
    """How much of a walker is not behind the tree or the one nearer who hides the most."""
    nearer = [other.box for other in walkers if other.y > walker.y]
    if walker.y < TREE.bottom:
        nearer.append(TREE)
    return 1 - max((compute_hidden_share(walker.box, box) for box in nearer), default=0.0)


def compute_hidden_share(box: Box, other: Box) -> float:
    wide = min(box.right, other.right) - max(box.left, other.left)
    high = min(box.bottom, other.bottom) - max(box.top, other.top)
    return max(0.0, wide) * max(0.0, high) / compute_area(box)


def detect_walkers(
    chance: random.Random, walkers: Sequence[Walker], visible: dict[int, float]
) -> list[Detection]:
    """The detections of these walkers: one in twelve missed, the hidden ones faint."""
    seen = []
    for walker in walkers:
        share = visible[walker.number]
        confidence = walker.sureness * min(1.0, 0.35 + 0.75 * share) + chance.gauss(0, 0.04)
        shaken = jitter(chance, walker.box)
        if chance.random() > 0.08 and share > 0.2 and confidence >= 0.25:
            seen.append(Detection("person", min(confidence, 0.99), shaken))
    return seen


def jitter(chance: random.Random, box: Box) -> Box:
    """Each side off by a few per cent of the box's size."""
    wide, high = 0.05 * (box.right - box.left), 0.03 * (box.bottom - box.top)
    return Box(
        box.left + chance.gauss(0, wide),
        box.top + chance.gauss(0, high),
        box.right + chance.gauss(0, wide),
        box.bottom + chance.gauss(0, high),
    )


def make_false_alarms(chance: random.Random) -> list[Detection]:
    """False alarms: now and then anywhere, and a bush that looks like somebody a third of the time.

    Few of them are surer than the threshold.
    """
    seen = []
    if chance.random() < 0.15:
        x, y = chance.uniform(0.05, 0.95), chance.uniform(0.35, 0.95)
        box = Walker(0, x, y, 0, 0).box
        seen.append(Detection("person", chance.uniform(0.25, 0.65), box))
    if chance.random() < 0.33:
        seen.append(Detection("person", chance.uniform(0.25, 0.52), jitter(chance, BUSH)))
    return seen


def suppress_overlaps(seen: list[Detection]) -> list[Detection]:
    """Of boxes on one thing, the surest."""
    kept: list[Detection] = []
    for one in sorted(seen, key=lambda one: -one.confidence):
        if all(compute_overlap(one.box, other.box) <= SAME_THING_IOU for other in kept):
            kept.append(one)
    return kept


def select_frames(frames: Sequence[Frame], frames_per_s: float) -> list[Frame]:
    """Every n-th frame, for a lower rate."""
    return list(frames[:: round(FRAMES_PER_S / frames_per_s)])


def select_irregular(frames: Sequence[Frame], seed: int) -> list[Frame]:
    """Frames 0.1 to 0.6 s apart, and now and then a pause of 1.5 s: energy was short."""
    chance = random.Random(seed)
    kept, number = [], 0
    while number < len(frames):
        kept.append(frames[number])
        number += 15 if chance.random() < 0.05 else chance.randint(1, 6)
    return kept
