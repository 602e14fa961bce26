"""Another model takes over between two pictures; no frame waits and none fails."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import ModelError
from appliance.media.frames import BGR, Picture
from inference.detection.detector import FrameDetector, OnnxDetector
from inference.detection.model_swap import RETRY_AFTER_S, LoadingThread, ModelSwap
from tests.conftest import MODEL
from tests.scenes.bright_models import CLASSES, make_model
from tests.stand_ins.fakes import FakeClock

PATIENCE_S = 30.0  # only a hang takes so long


def detector(path: Path) -> OnnxDetector:
    return OnnxDetector(path, threads=1, floor=0.3, labels=CLASSES)


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """One sees half as bright as the other, so that they can be told apart."""
    return [
        make_model(tmp_path / "bright.onnx"),
        make_model(tmp_path / "dim.onnx", weight=0.5),
    ]


def white() -> Picture:
    data = np.full((48, 64, 3), 255, np.uint8).tobytes()
    return Picture("gate", FakeClock().stamp(), 0, 0, 0.0, 64, 48, BGR, data)


@dataclass
class Gate:
    """A model that is made only when the test lets it."""

    path: Path
    asked: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    made: list[OnnxDetector] = field(default_factory=list)

    def make(self) -> FrameDetector:
        self.asked.set()
        assert self.opened.wait(PATIENCE_S)
        self.made.append(detector(self.path))
        return self.made[-1]


def until(true: Callable[[], bool]) -> None:
    """Come back when it is so; a test that hangs here has found something."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.001)


def is_loading() -> bool:
    """Whether a model is being loaded in a thread."""
    return any(isinstance(thread, LoadingThread) for thread in threading.enumerate())


def settle(swap: ModelSwap) -> FrameDetector:
    until(lambda: not is_loading())
    return swap.take_current()


def confidence(detector: FrameDetector) -> float:
    (seen,) = detector.analyse([white()])
    return round(seen.detections[0].confidence, 2)


def test_the_old_model_works_on_while_the_new_one_is_loaded(models: list[Path]) -> None:
    old, gate = detector(models[0]), Gate(models[1])
    swap = ModelSwap("bright", old)
    assert confidence(swap.take_current()) == 1
    swap.want("dim", gate.make, now_s=0)
    assert gate.asked.wait(PATIENCE_S)
    for _ in range(5):
        assert swap.take_current() is old
        assert confidence(swap.take_current()) == 1
        swap.want("dim", gate.make, now_s=0)  # said again and again
    assert is_loading()
    gate.opened.set()
    new = settle(swap)
    assert len(gate.made) == 1
    assert swap.name == "dim"
    assert new.loaded, "warm before its first picture"
    assert confidence(new) == 0.5
    assert not old.loaded, "two models are not kept"


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_at_work(
    models: list[Path], tmp_path: Path
) -> None:
    bad = make_model(tmp_path / "bad.onnx", weight=float("nan"))
    swap = ModelSwap("bright", detector(models[0]))
    swap.take_current().load()
    swap.want("bad", lambda: detector(bad), now_s=0)
    assert confidence(settle(swap)) == 1
    assert swap.name == "bright"
    assert swap.trouble is not None
    assert "gives invalid numbers" in str(swap.trouble)
    swap.want("bad", lambda: detector(models[1]), now_s=RETRY_AFTER_S - 1)
    assert not is_loading(), "not tried again at once"
    swap.want("bad", lambda: detector(models[1]), now_s=RETRY_AFTER_S)
    assert confidence(settle(swap)) == 0.5, "somebody has mended it"
    assert swap.trouble is None


def test_a_model_that_is_not_wanted_any_more_does_not_take_over(models: list[Path]) -> None:
    old, gate = detector(models[0]), Gate(models[1])
    swap = ModelSwap("bright", old)
    swap.want("dim", gate.make, now_s=0)
    swap.want("bright", lambda: old, now_s=0)
    gate.opened.set()
    assert settle(swap) is old
    assert swap.name == "bright"
    assert [one.loaded for one in gate.made] == [False], "it was loaded in vain, and is freed"


def test_the_trouble_of_a_model_that_is_not_wanted_any_more_troubles_nobody(
    models: list[Path], tmp_path: Path
) -> None:
    old, gate = detector(models[0]), Gate(make_model(tmp_path / "bad.onnx", weight=float("nan")))
    swap = ModelSwap("bright", old)
    swap.want("bad", gate.make, now_s=0)
    swap.want("bright", lambda: old, now_s=0)
    gate.opened.set()
    assert settle(swap) is old
    assert swap.trouble is None


def test_trouble_is_forgotten_when_the_old_model_is_wanted_again(models: list[Path]) -> None:
    swap = ModelSwap("bright", detector(models[0]))

    def gone() -> FrameDetector:
        raise ModelError("no such model")

    swap.want("dim", gone, now_s=0)
    settle(swap)
    assert str(swap.trouble) == "no such model"
    swap.want("bright", gone, now_s=1)
    assert swap.trouble is None
    swap.want("dim", lambda: detector(models[1]), now_s=2)
    assert confidence(settle(swap)) == 0.5, "a new wish is tried at once"


def test_freeing_gives_back_what_is_loaded_and_what_is_being_loaded(models: list[Path]) -> None:
    old, gate = detector(models[0]), Gate(models[1])
    swap = ModelSwap("bright", old)
    old.load()
    swap.want("dim", gate.make, now_s=0)
    swap.free()
    assert not old.loaded
    gate.opened.set()
    assert settle(swap) is old
    assert not swap.take_current().loaded


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_program_itself_ends_it(models: list[Path]) -> None:
    swap = ModelSwap("bright", detector(models[0]))

    def broken() -> FrameDetector:
        raise KeyError("a mistake")

    swap.want("dim", broken, now_s=0)
    with pytest.raises(RuntimeError, match="ended without a result"):
        settle(swap)


class Watcher(threading.Thread):
    """Looks at one picture after another, and notes by which model and how long that took."""

    def __init__(self, swap: ModelSwap) -> None:
        super().__init__(daemon=True)
        self.swap = swap
        self.stopped = threading.Event()
        self.error: Exception | None = None
        self.seen_by: list[str] = []

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                detector = self.swap.take_current()
                (seen,) = detector.analyse([white()])
                assert seen.detections
                self.seen_by.append(self.swap.name)
        except Exception as error:  # noqa: BLE001  (told to the test)
            self.error = error

    def seen(self, model: str, times: int) -> bool:
        return self.error is not None or self.seen_by.count(model) >= times

    def seen_by_anybody(self, times: int) -> bool:
        return self.error is not None or len(self.seen_by) >= times


def test_models_change_back_and_forth_and_no_picture_is_lost(models: list[Path]) -> None:
    """The wishes come from another thread than the frames here, which is harder than real life."""
    swap = ModelSwap("bright", detector(models[0]))
    watcher = Watcher(swap)
    watcher.start()
    until(partial(watcher.seen, "bright", 1))
    for turn in range(1, 6):
        for number, name in ((1, "dim"), (0, "bright")):
            gate = Gate(models[number])
            swap.want(name, gate.make, now_s=turn)
            assert gate.asked.wait(PATIENCE_S)
            # While the other one is being made, the one at work goes on.
            until(partial(watcher.seen_by_anybody, len(watcher.seen_by) + 3))
            assert swap.name != name
            gate.opened.set()
            until(partial(watcher.seen, name, watcher.seen_by.count(name) + 3))
            assert watcher.error is None
    watcher.stopped.set()
    watcher.join(PATIENCE_S)
    assert watcher.error is None
    changes = sum(one != other for one, other in pairwise(watcher.seen_by))
    assert changes == 10


def test_inference_goes_on_while_a_real_model_is_loaded(tmp_path: Path) -> None:
    """ONNX Runtime lets go of Python's lock while it loads."""
    for path in (MODEL, MODEL.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    swap = ModelSwap("bright", detector(make_model(tmp_path / "bright.onnx")))
    swap.take_current().load()
    swap.want(
        "real",
        lambda: OnnxDetector(tmp_path / MODEL.name, threads=1, floor=0.3, labels=("person",)),
        now_s=0,
    )
    frames = 0
    while swap.name != "real":
        assert swap.trouble is None
        swap.take_current().analyse([white()])
        frames += 1
    assert swap.name == "real"
    assert frames > 3
