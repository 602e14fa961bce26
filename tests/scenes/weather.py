"""Made clips of other weather than those of clips.py: rain, snow, insects, gusts, headlights.

Reads: the cut-out people, through clips.py. Writes: build/scenes/NAME-KEY.mp4 and .json.
Never: the same weather as a clip of clips.py: drops, flakes and leaves are drawn in another way.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.scenes import clips
from tests.scenes.clips import CBR, Scene, SceneClip, Walk, render_frames
from tests.scenes.people import HEIGHT, WIDTH

Painter = Callable[[Any, float], None]  # draws on luma, at a time
SUBPIXEL = 3  # bits, of OpenCV's coordinates


@dataclass(frozen=True, slots=True)
class WeatherScene(Scene):
    """A scene with weather of this module (a key of `WEATHER`)."""

    weather: str = ""


def load_weather_clip(scene: Scene) -> SceneClip:
    """The scene as a clip, made where it is not there yet; `scene` is a `WeatherScene`."""
    return clips.load_clip(scene, paint_frames, Path(__file__))


def paint_frames(scene: Scene) -> Iterator[Any]:
    """The pictures as I420 planes."""
    assert isinstance(scene, WeatherScene)
    paint = WEATHER[scene.weather](np.random.default_rng(scene.seed + 1000))
    for number, planes in enumerate(render_frames(scene)):
        paint(planes[:HEIGHT], number / scene.frames_per_s)
        yield planes


def lay_over(luma: Any, cover: Any, value: float) -> None:
    """Lay `value` over the luma, by the share of `cover` (0 to 1)."""
    mixed = luma + cover * (value - luma.astype(np.float32))
    luma[:] = np.clip(mixed, 0, 255).astype(np.uint8)


def place(value: float) -> int:
    """A coordinate in parts of a pixel, as OpenCV takes them."""
    return int(value * 2**SUBPIXEL)


# --- weather -------------------------------------------------------------------------------------


def rain(chance: np.random.Generator, drops: int, longest: float, widest: int) -> Painter:
    """Streaks of all lengths, slanted by gusts, light, and blurred as near drops are."""

    def paint(luma: Any, at_s: float) -> None:
        gust = 1 + 0.5 * math.sin(at_s / 6)
        cover = np.zeros(luma.shape, np.float32)
        for _ in range(round(drops * gust)):
            x, y = chance.uniform(-60, WIDTH + 60), chance.uniform(-60, HEIGHT)
            long, share = chance.uniform(12, longest), chance.uniform(0.15, 0.55)
            ends = (place(x + 0.25 * gust * long), place(y + long))
            wide = int(chance.integers(1, widest + 1))
            cv2.line(cover, (place(x), place(y)), ends, share, wide, cv2.LINE_AA, SUBPIXEL)
        lay_over(luma, cv2.GaussianBlur(cover, (3, 3), 0), 215)

    return paint


def snow(chance: np.random.Generator) -> Painter:
    """Flakes that fall and sway, near ones larger and faster: each keeps its way."""
    count = 160
    x, y = chance.uniform(0, WIDTH, count), chance.uniform(0, HEIGHT, count)
    radius = chance.uniform(1, 5.5, count)

    def paint(luma: Any, at_s: float) -> None:
        y[:] += radius * 7 + 2
        x[:] = (x + radius * 2 * np.sin(at_s * 1.3 + radius * 3) + 3) % WIDTH
        fallen = y > HEIGHT + 8
        y[fallen] = -8
        x[fallen] = chance.uniform(0, WIDTH, int(fallen.sum()))
        cover = np.zeros(luma.shape, np.float32)
        for left, top, size in zip(x, y, radius, strict=True):
            middle = (place(left), place(top))
            cv2.circle(cover, middle, place(size), 0.8, -1, cv2.LINE_AA, SUBPIXEL)
        lay_over(luma, cv2.GaussianBlur(cover, (3, 3), 0), 235)

    return paint


def insects(chance: np.random.Generator) -> Painter:
    """Up to three bright blurs in front of an infrared lamp, for 8 of each 25 s."""
    flying: list[Any] = []

    def paint(luma: Any, at_s: float) -> None:
        if at_s % 25 < 8 and len(flying) < 3 and chance.random() < 0.3:
            flying.append(np.array([*chance.uniform(0, (WIDTH, HEIGHT)), *chance.normal(0, 60, 2)]))
        cover = np.zeros(luma.shape, np.float32)
        for one in list(flying):
            one[2:] += chance.normal(0, 40, 2)
            before = one[:2] + 0.4 * one[2:]
            one[:2] += one[2:]
            if not (-20 < one[0] < WIDTH + 20 and -20 < one[1] < HEIGHT + 20):
                flying[:] = [other for other in flying if other is not one]
                continue
            ends = [(int(x), int(y)) for x, y in (before, one[:2])]
            cv2.line(cover, ends[0], ends[1], 0.7, 9, cv2.LINE_AA)
        lay_over(luma, cv2.GaussianBlur(cover, (9, 9), 0), 230)

    return paint


def gusts(chance: np.random.Generator) -> Painter:
    """Two round trees whose leaves flutter in gusts of 23 s; the pole of the camera shakes too."""
    leaves = cv2.GaussianBlur(chance.integers(30, 210, (260, 300)).astype(np.uint8), (7, 7), 0)
    high, wide = 190, 210
    rows, columns = np.mgrid[:high, :wide].astype(np.float32)
    round_part = ((rows - high / 2) / (high / 2)) ** 2 + (
        (columns - wide / 2) / (wide / 2)
    ) ** 2 < 1

    def paint(luma: Any, at_s: float) -> None:
        gust = max(0.0, math.sin(2 * math.pi * at_s / 23)) ** 2
        reach = 1 + 9 * gust
        for left, top, rate in ((30, 60, 1.1), (520, 40, 1.7)):
            sway = reach * math.sin(2 * math.pi * rate * at_s)
            x = columns + 20 + sway + reach * np.sin(rows / 25 + at_s * 5)
            y = rows + 20 + 0.5 * sway + 0.6 * reach * np.sin(columns / 30 + at_s * 6)
            tree = cv2.remap(leaves, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            luma[top : top + high, left : left + wide][round_part] = tree[round_part]
        x_s, y_s = 0.9 * gust * math.sin(at_s * 9), 0.7 * gust * math.sin(at_s * 11)
        shift = np.array([[1, 0, x_s], [0, 1, y_s]], np.float32)
        luma[:] = cv2.warpAffine(luma, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)

    return paint


def headlights(_chance: np.random.Generator) -> Painter:
    """A beam sweeps through the picture for 3 of each 17 s."""
    columns = np.arange(WIDTH, dtype=np.float32)[None, :]
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]

    def paint(luma: Any, at_s: float) -> None:
        if at_s % 17 < 3:
            middle = at_s % 17 / 3 * (WIDTH + 400) - 200
            beam = np.exp(-(((columns - middle) / 130) ** 2) - ((rows - 380) / 160) ** 2)
            luma[:] = np.clip(luma * (1 + 2.2 * beam) + 40 * beam, 0, 255).astype(np.uint8)

    return paint


WEATHER: dict[str, Callable[[np.random.Generator], Painter]] = {
    "shower": lambda chance: rain(chance, 220, 70, 3),
    "downpour": lambda chance: rain(chance, 500, 90, 4),
    "snow": snow,
    "insects": insects,
    "gusts": gusts,
    "headlights": headlights,
}


def make_weather_scenes() -> list[WeatherScene]:
    """Four minutes each, two visits: somebody is there for 5 % of the time."""
    one = (Walk(83, 89, 2, feet=0.72), Walk(205, 211, 5, from_left=False, size=0.95))
    other = (
        Walk(98, 104, 4, from_left=False, feet=0.58, size=0.85),
        Walk(181, 187, 3, feet=0.74, size=1.05),
    )
    constant = (*CBR.items(), ("bufsize", "1500k"), ("tune", "zerolatency"))
    h265 = (("crf", "28"), ("tune", "zerolatency"))
    make = WeatherScene
    return [
        make("shower", 240, one, noise=2, seed=201, weather="shower"),
        make("shower, constant", 240, other, options=constant, seed=209, weather="shower"),
        make("downpour", 240, other, noise=2, seed=202, weather="downpour"),
        make("snow", 240, one, noise=2, seed=203, weather="snow"),
        make("snow, H.265", 240, other, 10, 40, "libx265", h265, seed=210, weather="snow"),
        make("insects", 240, other, noise=6, light=0.4, seed=204, weather="insects"),
        make("gusts", 240, one, noise=2, seed=205, weather="gusts"),
        make("headlights", 240, one, noise=5, light=0.35, seed=207, weather="headlights"),
    ]
