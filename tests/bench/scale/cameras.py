"""Cameras in LISTEN, by their number: processor, wake-ups, memory; and looks, by their number."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.model import EnergyLevel
from tests.bench.cameras import listening
from tests.bench.cameras.field import Field
from tests.bench.cameras.overhead import Inference
from tests.bench.cameras.video_file import FRAMES_PER_S, VIDEO_FILE
from tests.bench.processes import read_usage
from tests.bench.report import OUT, Figure
from tests.stand_ins.rtsp import serving

RATE = 15
WARM_UP_S = 4.0


def measure_listening(quick: bool) -> list[Figure]:
    """The whole group, the process that they are forked from as well."""
    settle_s, measured_s = (22.0, 10.0) if quick else (60.0, 60.0)
    return [
        figure
        for count in ((8,) if quick else (1, 8, 16, 32))
        for figure in listen(count, settle_s=settle_s, measured_s=measured_s)
    ]


def listen(count: int, *, settle_s: float, measured_s: float) -> list[Figure]:
    with tempfile.TemporaryDirectory() as place:
        video = listening.make_still_video(Path(place) / "still.mp4", RATE)
        names = [f"cam{number}" for number in range(count)]
        with serving(*(f"{name}={video}" for name in names)) as server:
            settings = listening.write_settings(Path(place), server, names)
            with listening.open_unit(settings) as (pids, power):
                time.sleep(settle_s)
                listening.allow(power, EnergyLevel.SENTINEL)
                before = read_usage(pids)
                time.sleep(measured_s)
                spent = read_usage(pids) - before
    cpu_pct = spent.cpu_s / measured_s * 100
    return [
        Figure(f"{count} listening: CPU", cpu_pct, "% of a core", count / 8),
        Figure(f"{count} listening: wake-ups", spent.wakeups / measured_s, "a second", count),
        Figure(f"{count} listening: memory", spent.pss_mb, "MB", 12.0 * count + 14),
    ]


def measure_looks(quick: bool) -> list[Figure]:
    """Looks at cameras in each picture of which something moves, with one model in one thread."""
    run_s = 3.0 if quick else 20.0
    counts: Sequence[int] = (1, 8) if quick else (1, 4, 8)
    return [figure for count in counts for figure in look(count, run_s)]


def look(count: int, run_s: float) -> list[Figure]:
    cameras = {f"cam{number}": f'source = "{VIDEO_FILE}"' for number in range(count)}
    with Field(OUT / "scale-looks", cameras, FRAMES_PER_S) as field:
        field.allow(EnergyLevel.FULL)
        field.start_cameras()
        inference = Inference(field)
        with inference.count_frames():
            inference.run(WARM_UP_S)
            began = inference.frames, time.process_time(), field.usage().cpu_s, time.monotonic()
            inference.run(run_s)
            ended = inference.frames, time.process_time(), field.usage().cpu_s, time.monotonic()
    looks, own_s, camera_s, took_s = (b - a for a, b in zip(began, ended, strict=True))
    cpu_s = own_s + camera_s
    return [
        Figure(f"{count} watched: a look", 1000 * cpu_s / max(1.0, looks), "CPU-ms"),
        Figure(f"{count} watched: looks", looks / took_s, "a second"),
        Figure(f"{count} watched: inference", own_s / took_s * 100, "% of a core"),
    ]
