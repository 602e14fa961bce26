"""People cut out of the demonstration clip: the empty yard, and walkers that can be put anywhere.

Reads: sensors/media/pedestrians.mp4. Writes: build/scenes/people-KEY.npz, made anew when the clip
or this file changes.
Never: invents a person: each is as the clip shows it, but for mirroring and size.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from tests.scenes.made_files import compute_key, load_or_make

CLIP = Path(__file__).parents[2] / "sensors/media/pedestrians.mp4"
WIDTH, HEIGHT = 768, 576
CLIP_RATE = 10
LEAST_FRAMES = 40  # a walker must be seen apart from all others for so long
DIFFERS = 22  # grey levels from the empty yard
FEATHER = 5  # pixels around a person over which it fades into the yard


@dataclass(frozen=True, slots=True)
class Walker:
    """One person: patches of I420 planes with their share of cover (0 to 255), ten a second.

    `speed` is pixels to the right per second, as in the clip.
    """

    patches: tuple[Any, ...]  # each a dict of "y", "u", "v", "cover" arrays
    speed: float


@dataclass(slots=True)
class Sighting:
    """A connected patch that differs from the yard, in one frame."""

    frame: int
    left: int
    top: int
    width: int
    height: int
    mask: Any

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


@cache
def load_yard() -> Any:
    """The empty yard: I420 planes, (HEIGHT * 3 / 2) x WIDTH."""
    return load_people()["yard"]


@cache
def load_walkers() -> tuple[Walker, ...]:
    """Those who walk alone across the clip, in the order in which they come."""
    found = load_people()
    return tuple(
        Walker(tuple(unpack(found, person, patch) for patch in range(int(count))), float(speed))
        for person, (count, speed) in enumerate(found["people"])
    )


def unpack(found: Any, person: int, patch: int) -> dict[str, Any]:
    return {name: found[f"{person}.{patch}.{name}"] for name in ("y", "u", "v", "cover")}


@cache
def load_people() -> Any:
    path = load_or_make(
        f"people-{compute_key(CLIP.read_bytes(), Path(__file__).read_bytes())}.npz", cut_out
    )
    with np.load(path) as found:
        return dict(found)


def cut_out(path: Path) -> None:
    """Find who walks alone and write the patches."""
    with av.open(str(CLIP)) as container:
        frames = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    empty = np.median(np.stack(frames[::8]), axis=0).astype(np.uint8)
    out: dict[str, Any] = {"yard": empty}
    kept: list[tuple[int, float]] = []
    for track in track_people(frames, empty):
        steady = select_steady(track)
        speed = (track[-1].centre[0] - track[0].centre[0]) * CLIP_RATE / len(track)
        if len(steady) < LEAST_FRAMES or abs(speed) < 3 * CLIP_RATE:
            continue
        for number, one in enumerate(steady):
            for name, values in cut_patch(frames[one.frame], one).items():
                out[f"{len(kept)}.{number}.{name}"] = values
        kept.append((len(steady), speed))
    with path.open("wb") as file:
        np.savez_compressed(file, people=np.array(kept), **out)


def select_steady(track: list[Sighting]) -> list[Sighting]:
    """Without the frames in which somebody else merged with it, or the picture's edge cut it."""
    width = float(np.median([one.width for one in track]))
    height = float(np.median([one.height for one in track]))
    return [
        one
        for one in track
        if one.width < 1.6 * width and 0.75 * height < one.height < 1.3 * height
        if one.left > 8 and one.left + one.width < WIDTH - 8
    ]


def track_people(frames: list[Any], empty: Any) -> list[list[Sighting]]:
    """Sightings linked from frame to frame by nearness."""
    done: list[list[Sighting]] = []
    going: list[list[Sighting]] = []
    for number, frame in enumerate(frames):
        free = going
        going = []
        for one in find_sightings(number, frame, empty):
            near = [track for track in free if continues(track[-1], one)]
            track = min(near, key=lambda track: measure_distance(track[-1], one), default=[])
            free = [other for other in free if other is not track]
            if not track:
                done.append(track)
            track.append(one)
            going.append(track)
    return [track for track in done if len(track) >= LEAST_FRAMES]


def continues(before: Sighting, after: Sighting) -> bool:
    return measure_distance(before, after) < 25 and 0.6 < after.height / before.height < 1.6


def measure_distance(one: Sighting, other: Sighting) -> float:
    return abs(one.centre[0] - other.centre[0]) + abs(one.centre[1] - other.centre[1])


def find_sightings(number: int, frame: Any, empty: Any) -> list[Sighting]:
    """What differs from the yard in one frame, at least as large as a small person."""
    differs = (cv2.absdiff(frame[:HEIGHT], empty[:HEIGHT]) > DIFFERS).astype(np.uint8)
    joined = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((9, 5), np.uint8))
    clean = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(clean)
    found = []
    for label, (left, top, width, height, area) in enumerate(stats[1:].tolist(), 1):
        if area >= 250:
            mask = labels[top : top + height, left : left + width] == label
            found.append(Sighting(number, left, top, width, height, mask))
    return found


def cut_patch(frame: Any, one: Sighting) -> dict[str, Any]:
    """The planes around one person and how far each pixel is the person's."""
    left, top = (max(0, value - FEATHER) // 2 * 2 for value in (one.left, one.top))
    right = min(WIDTH, (one.left + one.width + FEATHER + 1) // 2 * 2)
    bottom = min(HEIGHT, (one.top + one.height + FEATHER + 1) // 2 * 2)
    cover = np.zeros((bottom - top, right - left), np.uint8)
    y, x = one.top - top, one.left - left
    cover[y : y + one.height, x : x + one.width] = one.mask * np.uint8(255)
    cover = cv2.blur(cv2.dilate(cover, np.ones((5, 5), np.uint8)), (FEATHER, FEATHER))
    u, v = split_chroma(frame)
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    return {"y": frame[top:bottom, left:right], "u": u[half], "v": v[half], "cover": cover}


def split_chroma(planes: Any) -> tuple[Any, Any]:
    """Views of the two chroma planes of I420 planes."""
    flat = planes.reshape(-1)[WIDTH * HEIGHT :]
    shape = (HEIGHT // 2, WIDTH // 2)
    half = WIDTH * HEIGHT // 4
    return flat[:half].reshape(shape), flat[half:].reshape(shape)
