"""Tracking quality at 10, 5 and 2 frames a second, beside the package `trackers`.

Reads: the demonstration clip, the models, a truth if there is one. Writes: build/bench/cameras/.
Never: tunes anything, and never calls a pseudo-truth a truth.

Two scenes. The made-up one has an exact truth (tracking_scene.py). The clip is the beginning of
PETS09-S2L1, whose truth (MOTChallenge 2015) may not be passed on: give your copy with
`--truth gt.txt`. Otherwise the clip is scored against what the fp32 model sees in each frame,
linked and smoothed forwards and backwards: that shows how much is lost at low rates and with the
int8 model, and nothing about what both models miss.

The rivals get our threshold and patience, and each the better of two least overlaps; ours gets
no choice.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import av

from appliance.model_cameras import Box, Detection
from inference.detection.detector import OnnxDetector
from inference.tracking.track import FAINTEST
from tests.bench.cameras.pseudo_truth import make_smoothed_tracks
from tests.bench.cameras.tracking_scene import Frame, make_scene, select_frames, select_irregular
from tests.bench.cameras.tracking_score import (
    RIVALS,
    Answers,
    Score,
    follow_ours,
    follow_rival,
    score,
)
from tests.bench.report import OUT, ROOT

CLIP = ROOT / "sensors/media/pedestrians.mp4"
MODELS = ROOT / "inference/models"
INT8, FP32 = MODELS / "nanodet-g-416-int8.onnx", MODELS / "nanodet-g-416-fp32.onnx"
CLIP_FRAMES_PER_S = 10
CLIP_SIZE = (768, 576)
RATES = (10, 5, 2)
LEAST_OVERLAPS = (0.1, 0.3)  # of the rivals: their loosest usual value, and their default


def measure(quick: bool, truth: Path | None = None) -> dict[str, Any]:
    """All figures: scene -> rate -> tracker -> MOTA, IDF1, switches, milliseconds a frame.

    Quick: a short scene and no clip.
    """
    frames = make_scene(seed=1, duration_s=20 if quick else 300)
    results = {
        f"{rate} frames a second": compare(select_frames(frames, rate), rate) for rate in RATES
    }
    results["2 to 10, with gaps"] = compare(select_irregular(frames, 3), 4)
    found: dict[str, Any] = {"made-up scene, exact truth": results}
    if quick:
        return found
    clip, name = make_frames(truth)
    counts = find_counted_frames(clip)
    found[name] = {
        f"{rate} frames a second": compare(select_frames(clip, rate), rate, counts)
        for rate in RATES
    }
    return found


def compare(
    frames: Sequence[Frame], frames_per_s: float, counts: Callable[[Frame], bool] = bool
) -> dict[str, dict[str, float]]:
    """All trackers on the same frames."""
    found = {"ours": score_timed(frames, follow_ours, counts)}
    for name in RIVALS:
        tried = []
        for least in LEAST_OVERLAPS:
            follow = partial(
                follow_rival, name=name, frames_per_s=frames_per_s, least_overlap=least
            )
            tried.append(score_timed(frames, follow, counts))
        found[name] = max(tried, key=lambda one: one["idf1"])
    return found


def score_timed(
    frames: Sequence[Frame],
    follow: Callable[[Sequence[Frame]], Answers],
    counts: Callable[[Frame], bool],
) -> dict[str, float]:
    began_s = time.process_time()
    answers = follow(frames)
    took_s = time.process_time() - began_s
    result: Score = score(frames, answers, counts)
    return asdict(result) | {"cpu_ms_per_look": took_s * 1000 / len(frames)}


# --- the clip ------------------------------------------------------------------------------------


def make_frames(truth: Path | None) -> tuple[list[Frame], str]:
    """The clip as the int8 model sees it, and the truth beside it; its name says which truth."""
    seen = detect_all(INT8)
    if truth is not None:
        boxes, name = read_truth(truth, len(seen)), "clip, published truth"
    elif FP32.exists():
        boxes, name = make_smoothed_tracks(detect_all(FP32)), "clip, PSEUDO-truth of the fp32 model"
    else:
        boxes, name = make_smoothed_tracks(seen), "clip, PSEUDO-truth of the int8 model itself"
    pairs = zip(seen, boxes, strict=True)
    return [Frame(n / CLIP_FRAMES_PER_S, tuple(d), b) for n, (d, b) in enumerate(pairs)], name


def detect_all(model: Path) -> list[list[Detection]]:
    """What a model sees in each frame of the clip; kept under build/, since it takes its time."""
    kept = OUT / "cameras" / f"detections-{model.stem}.json"
    detector = OnnxDetector(model, threads=1, floor=FAINTEST, labels=("person",))
    if not kept.exists() or json.loads(kept.read_text())["digest"] != detector.digest:
        with av.open(str(CLIP)) as container:
            found = [
                [[one.confidence, *asdict(one.box).values()] for one in detector.detect(bgr)]
                for bgr in (f.to_ndarray(format="bgr24") for f in container.decode(video=0))
            ]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"digest": detector.digest, "frames": found}))
    frames = json.loads(kept.read_text())["frames"]
    return [[Detection("person", one[0], Box(*one[1:])) for one in frame] for frame in frames]


def read_truth(path: Path, frames: int) -> list[dict[int, Box]]:
    """A truth in the MOTChallenge form: frame (from 1), number, left, top, width, height, flag...

    Rows with flag 0 are not to be counted.
    """
    found: list[dict[int, Box]] = [{} for _ in range(frames)]
    wide, high = CLIP_SIZE
    for line in path.read_text().split():
        frame, number, left, top, width, height, flag = (float(x) for x in line.split(",")[:7])
        if flag and frame <= frames:
            found[int(frame) - 1][int(number)] = Box(
                left / wide, top / high, (left + width) / wide, (top + height) / high
            )
    return found


def find_counted_frames(frames: Sequence[Frame]) -> Callable[[Frame], bool]:
    """Which frames count: a truth may name only each so manieth, up to its last."""
    named = [n for n, frame in enumerate(frames) if frame.truth]
    stride = min((b - a for a, b in pairwise(named)), default=1)

    def counts(frame: Frame) -> bool:
        number = round(frame.media_s * CLIP_FRAMES_PER_S)
        return (number - named[0]) % stride == 0 and named[0] <= number <= named[-1]

    return counts


# --- report --------------------------------------------------------------------------------------


def format_table(found: dict[str, Any]) -> str:
    lines = [f"{'':44}{'IDF1':>8}{'MOTA':>8}{'switches':>10}{'CPU ms':>8}"]
    for name, rates in found.items():
        lines.append(name)
        for rate, trackers in rates.items():
            lines += [
                f"  {rate:<24}{tracker:<18}{one['idf1']:>8.3f}{one['mota']:>8.3f}"
                f"{one['switches']:>10.0f}{one['cpu_ms_per_look']:>8.2f}"
                for tracker, one in trackers.items()
            ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-tracker", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 60 s, coarser")
    parser.add_argument("--truth", type=Path, help="gt.txt of PETS09-S2L1 (MOTChallenge 2015)")
    asked = parser.parse_args()
    found = measure(asked.quick, asked.truth)
    print(format_table(found))
    (OUT / "cameras").mkdir(parents=True, exist_ok=True)
    (OUT / "cameras" / "tracker.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
