"""What listening finds and what it saves, beside a unit that decodes and looks all the time.

Reads: made clips in which it is known when somebody walks (tests/scenes/clips.py). Writes: a
database for each run. Time is virtual: a clip of twenty minutes takes as long as its work does.
Never: gives the two ways another clip, model, rate, tracker or rule: only the gates differ.

Both ways are the unit's own code from the clip's packets to the event rows, in one process. A
visit counts as found if an event of a person overlaps it. Recall is of the visits that the way that
always looks has found: what its model cannot see no gate can wake for.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from math import inf
from pathlib import Path
from threading import Event as Flag
from typing import Any

from appliance.clock import Clock
from appliance.log import SentenceLog
from appliance.media.frames import Answer, Picture, PictureRequest, Refusal
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import Event
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings, InferenceSettings
from appliance.settings import Settings, UnitSettings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from inference.__main__ import make_models, make_publisher
from inference.cameras.camera import InferenceCamera
from inference.cameras.connection import Frames
from inference.cycle import CycleParts, InferenceCycle
from inference.detection.frame_result import FrameResult
from inference.view import View
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.motion import PACKETS, Motion
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.mode import choose_mode
from sensors.camera.sources.video_file import VideoFile
from tests.bench.cameras.video_file import MODEL
from tests.bench.report import OUT
from tests.scenes.clips import Scene, SceneClip, Walk, load_clip
from tests.scenes.weather import load_weather_clip, make_weather_scenes
from tests.stand_ins.fakes import FakeClock

LOOKS_PER_S = 5.0
SLACK_S = 1.0  # an event may begin so much before or after its visit
BUDGET_EVERY_S = 60.0


class AlwaysMoving(Motion):
    """No gates: everything moves."""

    def take_packet(self, media_s: float, size_bytes: int, is_key: bool) -> None:
        """Ignores packets."""

    def wants_probe(self, media_s: float) -> bool:
        return False

    def take_picture(self, grey: Any, media_s: float) -> None:
        """Ignores pictures."""

    def find_segment(self, media_s: float) -> MotionSegment | None:
        return MotionSegment(began_s=media_s, last_s=media_s, woken_by=PACKETS, score=1.0)

    def take_ended(self, longest_s: float = inf) -> list[MotionSegment]:
        return []

    def may_look(self, media_s: float) -> bool:
        return True

    def shows_motion(self, media_s: float) -> bool:
        return True


class Pull:
    """The camera's socket without a socket; to wait for an answer lets virtual time pass."""

    def __init__(self, feed: Feed, clock: FakeClock, step_s: float) -> None:
        self._feed, self._clock, self._step_s = feed, clock, step_s
        self._asked = self._look = PictureRequest()  # with its wait, and for one moment
        self._answer: Answer = Refusal("nobody has asked")

    def ask(self, ask: PictureRequest) -> None:
        self._asked, self._look = ask, replace(ask, wait_s=0.0)

    def take(self) -> Answer:
        return self._answer

    def wait(self) -> None:
        """Let time pass until the answer is there."""
        ends_s = self._clock.media_s() + self._asked.wait_s
        while True:
            self._answer = self._feed.answer(self._look)
            if isinstance(self._answer, Picture) or self._clock.media_s() >= ends_s:
                return
            self._clock.advance(self._step_s)

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing to close."""


class Waiter:
    """Waits in virtual time."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def wait(self, asked: Sequence[Frames], seconds: float, stop: Flag) -> list[Frames]:
        if not asked:
            self._clock.advance(seconds)
        for one in asked:
            assert isinstance(one, Pull)
            one.wait()
        return list(asked)


class UnitRun:
    """One unit before one clip, until the clip is over."""

    def __init__(
        self,
        clip: SceneClip,
        directory: Path,
        motion: Motion,
        labels: tuple[str, ...] = ("person",),
    ) -> None:
        self.clock = FakeClock()
        camera = CameraSettings(source=str(clip.path))
        inference = InferenceSettings(
            model=str(MODEL),
            full_frames_per_s=LOOKS_PER_S,
            energy_per_frame_j=0.05,
            labels=labels,
        )
        self.settings = Settings(
            path=directory / "unit.toml",
            unit=UnitSettings(data_dir=directory / "data", run_dir=directory / "run"),
            camera={"front": camera},
            inference=inference,
        )
        self.settings.database.parent.mkdir(parents=True, exist_ok=True)
        self.settings.database.unlink(missing_ok=True)
        prepare_database(self.settings.database)
        self._power = Store(self.settings.database, self.clock, "power")
        self._store = Store(self.settings.database, self.clock, "inference")
        self._service = Service(
            "inference", self.settings, self.clock, self._store, SentenceLog("inference")
        )
        opened = partial(VideoFile, clip.path)
        self._feed = Feed("front", opened, self.clock, Parts(motion))
        pull = Pull(self._feed, self.clock, 1 / clip.frames_per_s)
        watched = InferenceCamera("front", pull, inference, camera)
        models, publisher = make_models(self._service), make_publisher(self._service)
        view = View(blur_heads=inference.blur_heads, threshold=inference.threshold)
        parts = CycleParts([watched], models, Waiter(self.clock), publisher, view)
        self.looks: list[FrameResult] = []
        self._watch = InferenceCycle(self._service, parts)
        self._note_looks()
        self._seconds = len(clip.packets) / clip.frames_per_s

    def live(self) -> tuple[list[Event], float]:
        """All events, and the processor time that it took."""
        self._pay()
        self._service.run_once(self._watch.run)
        begins_s, began_cpu_s = self.clock.media_s(), time.process_time()
        paid_s = begins_s
        while self.clock.media_s() < begins_s + self._seconds:
            if self.clock.media_s() - paid_s > BUDGET_EVERY_S:
                paid_s = self.clock.media_s()
                self._pay()
            self._service.run_once(self._watch.run)
        self._watch.finish()
        cpu_s = time.process_time() - began_cpu_s
        events = self._store.rows(Event)
        self._store.close()
        self._power.close()
        self._feed.close()
        return events, cpu_s

    def _note_looks(self) -> None:
        """Keep what each look found, without its picture."""
        handle = self._watch._handle_result

        def note(camera: Any, result: FrameResult, *rest: Any) -> None:
            self.looks.append(replace(result, picture=replace(result.picture, data=b"")))
            handle(camera, result, *rest)

        self._watch._handle_result = note  # type: ignore[assignment,method-assign]

    def _pay(self) -> None:
        stamp = self.clock.stamp()
        until = stamp.utc + timedelta(minutes=10)
        budget = EnergyBudget(stamp, EnergyLevel.FULL, 1000.0, until, 0.0, "the bench pays")
        self._power.add(budget)
        self._feed.follow(choose_mode(budget))


@dataclass(frozen=True, slots=True)
class Found:
    """One clip, both ways: visits, those found by each, and the processor time of each."""

    scene: str
    seconds: float
    visits: int
    always: int
    both: int
    false: int
    always_cpu_s: float
    listening_cpu_s: float

    @property
    def recall_pct(self) -> float:
        return 100 * self.both / self.always if self.always else 100.0

    @property
    def saved(self) -> float:
        return self.always_cpu_s / self.listening_cpu_s


def compare(scene: Scene, directory: Path, load: Callable[[Scene], SceneClip] = load_clip) -> Found:
    """One clip, both ways."""
    clip = load(scene)
    always, always_cpu_s = UnitRun(clip, directory / "always", AlwaysMoving()).live()
    mine, listening_cpu_s = UnitRun(clip, directory / "listening", Motion()).live()
    origin = FakeClock()
    by_always, by_mine = (count_visits_found(clip, events, origin) for events in (always, mine))
    false = sum(not overlaps_any(clip, one, origin) for one in mine)
    seconds = len(clip.packets) / clip.frames_per_s
    both = len(by_always & by_mine)
    return Found(
        scene.name,
        seconds,
        len(clip.truth),
        len(by_always),
        both,
        false,
        always_cpu_s,
        listening_cpu_s,
    )


def count_visits_found(clip: SceneClip, events: Sequence[Event], origin: Clock) -> set[int]:
    """The numbers of the visits that an event overlaps."""
    spans = [compute_span(one, origin) for one in events]
    return {
        number
        for number, (begins, ends) in enumerate(clip.truth)
        if any(first <= ends + SLACK_S and last >= begins - SLACK_S for first, last in spans)
    }


def overlaps_any(clip: SceneClip, event: Event, origin: Clock) -> bool:
    first, last = compute_span(event, origin)
    return any(first <= ends + SLACK_S and last >= begins - SLACK_S for begins, ends in clip.truth)


def compute_span(event: Event, origin: Clock) -> tuple[float, float]:
    """From when to when, in seconds of the clip."""
    start = origin.stamp().utc
    return (event.stamp.utc - start).total_seconds(), (event.last_seen - start).total_seconds()


def make_visits(seconds: float, count: int, seed: int, stay_s: float = 6.0) -> tuple[Walk, ...]:
    """`count` people of different size and way, spread over the clip."""
    gap_s = seconds / count
    return tuple(
        Walk(
            enters_s=gap_s * number + gap_s * (0.35 + 0.3 * ((number * 7 + seed) % 5) / 5),
            leaves_s=gap_s * number + gap_s * (0.35 + 0.3 * ((number * 7 + seed) % 5) / 5) + stay_s,
            who=(number + seed) % 3,
            from_left=(number + seed) % 2 == 0,
            feet=0.5 + 0.1 * ((number + seed) % 4),
            size=(1.0, 0.8, 1.2)[(number + seed) % 3],
        )
        for number in range(count)
    )


def make_scenes(quick: bool) -> list[Scene]:
    """The field by day, which the targets are about, and where gates fail."""
    if quick:
        return [Scene("field", 80.0, make_visits(80.0, 2, 3, stay_s=3.0), seed=31)]
    hard_s = 480.0
    hard = make_visits(hard_s, 4, 5)
    bits = (("b", "1500k"), ("maxrate", "1500k"), ("minrate", "1500k"), ("nal-hrd", "cbr"))
    constant = (*bits, ("bufsize", "1500k"), ("tune", "zerolatency"))
    return [
        Scene("field", 900.0, make_visits(900.0, 8, 3), seed=31),
        Scene("night", hard_s, hard, noise=8.0, light=0.35, seed=32),
        Scene("noisy", hard_s, hard, noise=10.0, seed=33),
        Scene("tree", hard_s, hard, tree=4.0, seed=34),
        Scene("rain", hard_s, hard, rain=60, noise=2.0, seed=35),
        Scene("constant bit rate", hard_s, hard, options=constant, seed=36),
    ]


def measure(quick: bool) -> list[Found]:
    """All clips; the first is the field by day."""
    return [compare(scene, OUT / "cameras-recall" / scene.name) for scene in make_scenes(quick)]


def measure_weather(quick: bool) -> list[Found]:
    """Clips of other weather than those on which the gates were made."""
    scenes = [] if quick else make_weather_scenes()
    return [
        compare(scene, OUT / "cameras-recall" / scene.name, load_weather_clip) for scene in scenes
    ]


def format_table(found: Sequence[Found]) -> str:
    head = (
        f"{'scene':<18} {'seconds':>7} {'visits':>6} {'always':>6} {'listening':>9} {'recall':>7}"
    )
    head = f"{head} {'false':>5} {'CPU always':>10} {'listening':>9} {'saved':>6}"
    return "\n".join([head, *(format_row(one) for one in found)])


def format_row(one: Found) -> str:
    return (
        f"{one.scene:<18} {one.seconds:>7.0f} {one.visits:>6} {one.always:>6} {one.both:>9} "
        f"{one.recall_pct:>6.0f}% {one.false:>5} {one.always_cpu_s:>9.1f}s "
        f"{one.listening_cpu_s:>8.1f}s {one.saved:>5.1f}x"
    )


def compute_pooled_recall_pct(found: Sequence[Found]) -> float:
    """Over the visits of all clips."""
    return statistics.fmean([one.recall_pct for one in found for _ in range(one.always)] or [100.0])


if __name__ == "__main__":
    print(format_table(measure(quick="--quick" in sys.argv)))
