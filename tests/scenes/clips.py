"""Made clips in which it is known when somebody walks: the yard, walkers, weather, and an encoder.

Reads: the cut-out people. Writes: build/scenes/NAME-KEY.mp4 and .json: clip, its packets and
truth.
Never: the same scene twice with other pixels: all chance comes from the scene's seed.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from sensors.camera.pictures.encoding import SMALL_HEIGHT, SMALL_WIDTH, to_grey
from tests.scenes import people
from tests.scenes.made_files import compute_key, load_or_make
from tests.scenes.people import CLIP_RATE, HEIGHT, WIDTH, load_walkers, load_yard, split_chroma

CBR_BITS_PER_S = 1_500_000
FIELDS = 8  # pictures of noise that are used again and again, shifted by chance
SEEN_SHARE = 0.25  # of a walker must be in the picture to be true
CBR = {
    "b": str(CBR_BITS_PER_S),
    "maxrate": str(CBR_BITS_PER_S),
    "minrate": str(CBR_BITS_PER_S),
    "nal-hrd": "cbr",
}


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody comes in from one side at `enters_s` and is gone again at `leaves_s`.

    A walk too short to cross the picture turns round half way. `feet` is how far down (0 to 1).
    """

    enters_s: float
    leaves_s: float
    who: int = 0
    from_left: bool = True
    feet: float = 0.6
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What is filmed and how it is encoded. Times are seconds from the beginning."""

    name: str
    seconds: float = 40.0
    walks: tuple[Walk, ...] = ()
    frames_per_s: int = 10
    key_every: int = 20
    codec: str = "libx264"
    options: tuple[tuple[str, str], ...] = (("crf", "25"), ("tune", "zerolatency"))
    noise: float = 1.0  # grey levels, standard deviation, of each pixel of the sensor
    light: float = 1.0
    lamp_at_s: float | None = None  # infrared or a lamp: other light from here on
    covered_at_s: float | None = None
    dawn: bool = False  # the light rises from a fifth to all of it
    tree: float = 0.0  # pixels by which a textured patch sways
    rain: int = 0  # streaks in each picture
    seed: int = 1


@dataclass(frozen=True)
class SceneClip:
    """A made scene. Packets are in decoding order: (media_s, size_bytes, is_key)."""

    path: Path
    packets: tuple[tuple[float, int, bool], ...]
    truth: tuple[tuple[float, float], ...]
    frames_per_s: int = field(default=10)

    @cached_property
    def greys(self) -> Any:
        """All pictures in the order of showing: frames x 120 x 160."""
        with av.open(str(self.path)) as container:
            small = [np.frombuffer(to_grey(frame), np.uint8) for frame in container.decode(video=0)]
        return np.stack(small).reshape(-1, SMALL_HEIGHT, SMALL_WIDTH)

    def grey_at(self, media_s: float) -> bytes:
        """The small picture that is shown at `media_s`."""
        number = min(round(media_s * self.frames_per_s), len(self.greys) - 1)
        return bytes(self.greys[number].tobytes())

    def is_true(self, media_s: float) -> bool:
        return any(begins <= media_s <= ends for begins, ends in self.truth)


def load_clip(
    scene: Scene, paint: Callable[[Scene], Iterator[Any]] | None = None, *sources: Path
) -> SceneClip:
    """The scene as a clip, made where it is not there yet. `paint` makes other pictures than
    `render_frames`, by the code in `sources`.
    """
    code = [one.read_bytes() for one in (Path(__file__), Path(people.__file__), *sources)]
    name = f"{scene.name}-{compute_key(repr(scene), *code)}"
    path = load_or_make(f"{name}.mp4", lambda fresh: encode(scene, fresh, paint or render_frames))
    facts = load_or_make(f"{name}.json", lambda fresh: save_facts(scene, path, fresh))
    found = json.loads(facts.read_text())
    return SceneClip(
        path,
        tuple((media_s, size, is_key) for media_s, size, is_key in found["packets"]),
        tuple((begins, ends) for begins, ends in found["truth"]),
        scene.frames_per_s,
    )


# --- the clip ------------------------------------------------------------------------------------


def encode(scene: Scene, path: Path, paint: Callable[[Scene], Iterator[Any]]) -> None:
    """Write the clip, one encoder thread: the same bytes each time."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(scene.codec, rate=scene.frames_per_s)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.thread_count = 1
        stream.time_base = Fraction(1, scene.frames_per_s)
        stream.options = encoder_options(scene)
        for planes in paint(scene):
            container.mux(stream.encode(VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))


def encoder_options(scene: Scene) -> dict[str, str]:
    own = {"preset": "veryfast", "g": str(scene.key_every), "sc_threshold": "0"}
    if scene.codec == "libx265":
        own = {"preset": "ultrafast", "g": str(scene.key_every)}
        own["x265-params"] = "log-level=none:pools=none:frame-threads=1"
    return own | dict(scene.options)


def render_frames(scene: Scene) -> Iterator[Any]:
    """The pictures as I420 planes."""
    chance = np.random.default_rng(scene.seed)
    noise = make_noise_fields(scene, chance)
    leaves = chance.integers(40, 200, (150, 120), np.uint8)
    for number in range(round(scene.seconds * scene.frames_per_s)):
        at_s = number / scene.frames_per_s
        planes = load_yard().copy()
        if scene.tree:
            sway(planes, leaves, scene.tree, at_s)
        for walk in scene.walks:
            draw_walker(planes, walk, at_s)
        light_up(planes, scene, at_s)
        add_weather(planes, scene, noise, chance)
        yield planes


def make_noise_fields(scene: Scene, chance: np.random.Generator) -> Any:
    shape = (FIELDS, HEIGHT + 64, WIDTH + 64)
    return np.round(chance.normal(0, scene.noise, shape)).astype(np.int16)


def add_weather(planes: Any, scene: Scene, noise: Any, chance: np.random.Generator) -> None:
    """Rain, then the sensor's noise."""
    luma = planes[:HEIGHT]
    for x, y in chance.integers((0, 0), (WIDTH - 2, HEIGHT - 24), (scene.rain, 2)).tolist():
        luma[y : y + 24, x : x + 2] = np.minimum(luma[y : y + 24, x : x + 2], 180) + 50
    which, dy, dx = chance.integers((0, 0, 0), (FIELDS, 64, 64)).tolist()
    noisy = luma + noise[which, dy : dy + HEIGHT, dx : dx + WIDTH]
    np.clip(noisy, 0, 255, out=noisy)
    planes[:HEIGHT] = noisy


def light_up(planes: Any, scene: Scene, at_s: float) -> None:
    """The scene's light, or that of the lamp: flatter, brighter, without colour."""
    gain = scene.light * (0.2 + 0.8 * at_s / scene.seconds if scene.dawn else 1.0)
    lift = 0.0
    if scene.lamp_at_s is not None and at_s >= scene.lamp_at_s:
        gain, lift = 0.45, 90.0
        planes[HEIGHT:] = 128
    if scene.covered_at_s is not None and at_s >= scene.covered_at_s:
        gain, lift = 0.02, 20.0
        planes[HEIGHT:] = 128
    if (gain, lift) != (1.0, 0.0):
        planes[:HEIGHT] = cv2.convertScaleAbs(planes[:HEIGHT], alpha=gain, beta=lift)


def sway(planes: Any, leaves: Any, pixels: float, at_s: float) -> None:
    """A textured patch that follows the wind: gusts of 7 s over a sway of 1.3 s."""
    gust = 0.6 + 0.4 * math.sin(2 * math.pi * at_s / 7)
    x = 560 + round(pixels * gust * math.sin(2 * math.pi * at_s / 1.3))
    y = 180 + round(pixels * gust * 0.5 * math.sin(2 * math.pi * at_s / 0.9))
    other = np.roll(leaves, (2 * (180 - y), 2 * (560 - x)), (0, 1))  # leaves behind sway against
    planes[y : y + leaves.shape[0], x : x + leaves.shape[1]] = leaves // 2 + other // 2


# --- walkers -------------------------------------------------------------------------------------


def compute_speed(walk: Walk) -> float:
    return abs(load_walkers()[walk.who].speed) * walk.size


def compute_place(walk: Walk, at_s: float) -> tuple[float, bool]:
    """(pixels walked into the picture, whether it is on the way in) at a time within the walk."""
    whole_s = walk.leaves_s - walk.enters_s
    since_s = at_s - walk.enters_s
    if whole_s * compute_speed(walk) >= WIDTH or since_s <= whole_s / 2:
        return since_s * compute_speed(walk), True
    return (whole_s - since_s) * compute_speed(walk), False


def draw_walker(planes: Any, walk: Walk, at_s: float) -> None:
    """Lay the walker over the picture; nothing outside of its time."""
    if not walk.enters_s <= at_s <= walk.leaves_s:
        return
    who = load_walkers()[walk.who]
    walked, inwards = compute_place(walk, at_s)
    step = int((at_s - walk.enters_s) * CLIP_RATE)
    patch = who.patches[swing(step, len(who.patches))]
    to_the_right = inwards == walk.from_left
    cover = fit(patch["cover"], walk.size, to_the_right != (who.speed > 0), even=True)
    height, width = cover.shape
    left = round((walked - width if walk.from_left else WIDTH - walked) / 2) * 2
    top = round((HEIGHT * walk.feet - height) / 2) * 2
    u, v = split_chroma(planes)
    blend(planes[:HEIGHT], fit_to(patch["y"], cover, to_the_right, who), cover, left, top)
    small = cover[::2, ::2]
    for plane, name in ((u, "u"), (v, "v")):
        blend(plane, fit_to(patch[name], small, to_the_right, who), small, left // 2, top // 2)


def swing(step: int, count: int) -> int:
    """To and fro through a row of pictures."""
    step %= 2 * count - 2
    return min(step, 2 * count - 2 - step)


def fit(values: Any, size: float, mirror: bool, even: bool = False) -> Any:
    height, width = (round(side * size / 2) * 2 if even else side for side in values.shape)
    fresh = cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA)
    return fresh[:, ::-1] if mirror else fresh


def fit_to(values: Any, cover: Any, to_the_right: bool, who: people.Walker) -> Any:
    """`values` in the size of `cover`, facing the way it walks."""
    fresh = cv2.resize(values, cover.shape[::-1], interpolation=cv2.INTER_AREA)
    return fresh[:, ::-1] if to_the_right != (who.speed > 0) else fresh


def blend(plane: Any, values: Any, cover: Any, left: int, top: int) -> None:
    """Blend `values` into `plane`, cut off at the picture's edges."""
    x0, x1 = max(0, -left), min(values.shape[1], plane.shape[1] - left)
    y0, y1 = max(0, -top), min(values.shape[0], plane.shape[0] - top)
    if x0 >= x1 or y0 >= y1:
        return
    under = plane[top + y0 : top + y1, left + x0 : left + x1]
    share = cover[y0:y1, x0:x1].astype(np.float32) / 255
    under[:] = under + share * (values[y0:y1, x0:x1].astype(np.float32) - under)


# --- packets and truth ---------------------------------------------------------------------------


def compute_truth(scene: Scene) -> list[tuple[float, float]]:
    """When enough of somebody is in the picture; what overlaps is one."""
    spans = []
    for walk in sorted(scene.walks, key=lambda walk: walk.enters_s):
        width = load_walkers()[walk.who].patches[0]["cover"].shape[1] * walk.size
        edge_s = SEEN_SHARE * width / compute_speed(walk)
        turns = (walk.leaves_s - walk.enters_s) * compute_speed(walk) < WIDTH
        gone_s = walk.enters_s + (WIDTH + width) / compute_speed(walk)
        ends_s = walk.leaves_s if turns else min(walk.leaves_s, gone_s)
        spans.append((walk.enters_s + edge_s, min(scene.seconds, ends_s - edge_s)))
    joined: list[tuple[float, float]] = []
    for begins, ends in spans:
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((begins, ends))
    return joined


def save_facts(scene: Scene, clip: Path, path: Path) -> None:
    with av.open(str(clip)) as container:
        tick_s = float(container.streams.video[0].time_base or 1)
        packets = [
            (float((packet.pts or 0) * tick_s), packet.size, packet.is_keyframe)
            for packet in container.demux(video=0)
            if packet.size
        ]
    path.write_text(json.dumps({"packets": packets, "truth": compute_truth(scene)}))
