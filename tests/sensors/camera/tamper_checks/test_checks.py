"""Covered, moved, frozen, out of focus: noticed on pictures of the yard; and what is no fault."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from appliance.model_cameras import CameraMode
from sensors.camera.feed import Feed, Parts
from sensors.camera.mode import ModeChoice
from sensors.camera.pictures.encoding import to_grey
from sensors.camera.sources.video_file import VideoFile
from sensors.camera.tamper_checks.checks import Tamper, TamperKind
from tests.scenes.clips import Scene, load_clip, render_frames
from tests.scenes.people import HEIGHT, WIDTH
from tests.stand_ins.fakes import FakeClock

Change = Callable[[Any], Any]
EVERY_S = 10.0


class Watcher:
    """Shows pictures to the check, one each ten seconds."""

    def __init__(self) -> None:
        self.tamper = Tamper()
        self.tamper.is_day = True
        self.now_s = 0.0
        self.found: list[TamperKind] = []
        self.chance = np.random.default_rng(1)

    def show(self, pictures: Iterator[Any], seconds: float, change: Change | None = None) -> None:
        for _ in range(round(seconds / EVERY_S)):
            self.now_s += EVERY_S
            planes = next(pictures).copy()
            frame = make_frame(change(planes) if change else planes)
            self.tamper.take(frame, to_grey(frame), self.now_s)
            if self.tamper.trouble and self.tamper.trouble.kind not in self.found:
                self.found.append(self.tamper.trouble.kind)

    @property
    def kind(self) -> TamperKind | None:
        return self.tamper.trouble.kind if self.tamper.trouble else None


def make_frame(planes: Any) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(planes), format="yuv420p")


def yard(**weather: Any) -> Iterator[Any]:
    """Pictures of the yard, a few again and again: no two in a row are the same."""
    return cycle(list(render_frames(Scene("yard", seconds=0.7, **weather))))


@pytest.fixture
def watcher() -> Watcher:
    """One that has learned the yard by day."""
    made = Watcher()
    made.show(yard(), 400)
    assert made.found == []
    return made


def noisy(watcher: Watcher, level: float) -> Change:
    """Something of one brightness before the lens; the sensor still has noise."""

    def change(planes: Any) -> Any:
        luma = watcher.chance.normal(level, 1.5, (HEIGHT, WIDTH))
        planes[:HEIGHT] = np.clip(luma, 0, 255)
        planes[HEIGHT:] = 128
        return planes

    return change


def shifted(right: int, down: int) -> Change:
    def change(planes: Any) -> Any:
        planes[:HEIGHT] = np.roll(planes[:HEIGHT], (down, right), (0, 1))
        return planes

    return change


def blurred(sigma: float) -> Change:
    chance = np.random.default_rng(2)

    def change(planes: Any) -> Any:
        planes[:HEIGHT] = cv2.GaussianBlur(planes[:HEIGHT], (0, 0), sigma)
        noise = chance.normal(0, 1, (HEIGHT, WIDTH))
        planes[:HEIGHT] = np.clip(planes[:HEIGHT] + noise, 0, 255)
        return planes

    return change


def foggy(clear: float) -> Change:
    """Contrast falls to that share, towards a bright grey."""

    def change(planes: Any) -> Any:
        luma = planes[:HEIGHT] * clear + 170 * (1 - clear)
        planes[:HEIGHT] = np.clip(luma, 0, 255)
        return planes

    return change


# --- what is a fault ------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [8, 120])
def test_a_covered_camera_is_noticed_within_two_minutes_and_again_when_it_is_free(
    watcher: Watcher, level: float
) -> None:
    watcher.show(yard(), 120, noisy(watcher, level))
    assert watcher.kind is TamperKind.COVERED
    watcher.show(yard(), 20)
    assert watcher.kind is None


@pytest.mark.parametrize(("right", "down"), [(60, 0), (-90, 40), (0, -45)])
def test_a_camera_that_was_pushed_aside_is_noticed_with_how_far(
    watcher: Watcher, right: int, down: int
) -> None:
    watcher.show(yard(), 300, shifted(right, down))
    assert watcher.tamper.trouble is not None
    assert watcher.tamper.trouble.kind is TamperKind.MOVED
    where = "right" if right > 0 else "left" if right < 0 else "up"
    assert f"to the {where}" in watcher.tamper.trouble.seen or where in watcher.tamper.trouble.seen


def test_a_camera_that_looks_elsewhere_is_noticed(watcher: Watcher) -> None:
    watcher.show(yard(), 300, flip)
    assert watcher.kind is TamperKind.MOVED


def flip(planes: Any) -> Any:
    planes[:HEIGHT] = planes[HEIGHT - 1 :: -1, ::-1]
    return planes


def test_a_frozen_picture_is_noticed_though_its_clock_goes_on(watcher: Watcher) -> None:
    still = next(yard()).copy()

    def freeze(_: Any) -> Any:
        planes = still.copy()
        planes[10:30, 10:60] = watcher.chance.integers(0, 255)
        return planes

    watcher.show(yard(), 150, freeze)
    assert watcher.kind is TamperKind.FROZEN
    watcher.show(yard(), 20)
    assert watcher.kind is None


def test_a_camera_out_of_focus_is_noticed_after_ten_minutes(watcher: Watcher) -> None:
    watcher.show(yard(), 500, blurred(4))
    assert watcher.kind is None
    watcher.show(yard(), 200, blurred(4))
    assert watcher.kind is TamperKind.BLURRED


def test_a_view_that_stays_for_a_day_is_the_usual_one(watcher: Watcher) -> None:
    watcher.show(yard(), 300, shifted(60, 0))
    watcher.now_s += 86_000
    watcher.show(yard(), 900, shifted(60, 0))
    assert watcher.kind is None


# --- what is none ---------------------------------------------------------------------------------


def test_night_rain_wind_and_a_lamp_are_no_fault(watcher: Watcher) -> None:
    watcher.show(yard(tree=20.0), 700)
    watcher.show(yard(rain=400), 700)
    watcher.tamper.is_day = False
    watcher.show(yard(light=0.4, noise=10), 700)
    watcher.show(yard(light=0.05, noise=4), 700)
    watcher.show(yard(lamp_at_s=0.0), 700)  # infrared: other light, no colour
    watcher.show(yard(), 700)
    assert watcher.found == []


def test_dusk_that_ends_black_is_no_fault(watcher: Watcher) -> None:
    watcher.tamper.is_day = False
    for step in range(20):
        watcher.show(yard(light=1.0 - step / 20), 30)
    watcher.show(yard(), 900, noisy(watcher, 2))
    assert watcher.found == []


def test_a_lamp_that_goes_out_at_night_is_no_cover(watcher: Watcher) -> None:
    watcher.tamper.is_day = False
    watcher.show(yard(), 900, noisy(watcher, 6))
    assert watcher.found == []


def test_fog_that_comes_in_and_goes_is_no_fault(watcher: Watcher) -> None:
    for clear in (0.8, 0.6, 0.45, 0.3, 0.2, 0.15):
        watcher.show(yard(), 120, foggy(clear))
    watcher.show(yard(), 900, foggy(0.12))
    watcher.show(yard(), 120, foggy(0.5))
    assert watcher.found == []


def test_a_lorry_before_half_of_the_picture_is_no_other_view(watcher: Watcher) -> None:
    def park(planes: Any) -> Any:
        planes[200:, 100 : 100 + WIDTH // 2] = 90
        return planes

    watcher.show(yard(), 900, lambda planes: np.vstack([park(planes[:HEIGHT]), planes[HEIGHT:]]))
    assert watcher.found == []


def test_what_is_never_at_rest_is_never_judged() -> None:
    watcher = Watcher()
    pictures = yard()
    for turn in range(60):
        watcher.show(pictures, 20, shifted(97 * turn, 31 * turn))
    assert watcher.found == []


def test_a_camera_process_takes_the_key_frames_that_it_decodes_anyway() -> None:
    scene = Scene("covered later", seconds=40, covered_at_s=20.0)
    clip, clock, tamper = load_clip(scene), FakeClock(), Tamper()
    tamper.is_day = True
    feed = Feed("front", lambda hear: VideoFile(clip.path, hear), clock, Parts(tamper=tamper))
    seen = set()
    for _ in range(30):
        feed.follow(ModeChoice(CameraMode.PROBE, "probing"))
        seen.add(tamper._taken_s)
        clock.advance(1)
    decoded = feed.frames_decoded
    assert 3 <= len(seen) <= 8
    assert decoded <= 16


def test_another_stream_of_the_camera_is_another_view_to_learn(watcher: Watcher) -> None:
    large = next(yard())
    wide = np.vstack([np.roll(large[:HEIGHT], 90, 1), large[HEIGHT:]])[:, : WIDTH - 64]
    frame = make_frame(wide[: (HEIGHT * 3 // 2) // 3 * 3])
    for step in range(40):
        watcher.tamper.take(frame, to_grey(frame), watcher.now_s + 10 * step)
        assert watcher.kind in (None, TamperKind.FROZEN)
