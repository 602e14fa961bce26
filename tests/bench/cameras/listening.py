"""What eight RTSP cameras cost that all look at a scene in which nothing moves.

Eight real camera processes, forked from one as on a unit (it is counted too), a real RTSP server,
videos of a still scene with the noise of a sensor: 1280 x 720, 10 to 25 frames a second. LISTEN
(nobody asks) and WATCH with a consumer that waits for movement, as the inference process does.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import I420, Picture, PictureRequest
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import CameraState
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.unit_files import read_keys
from tests.bench.processes import Usage, read_usage
from tests.conftest import CLIP, ROOT
from tests.stand_ins.rtsp import Cameras, serving
from tests.waiting import wait_until

RATES = (10, 15, 20, 25) * 2
WIDTH, HEIGHT = 1280, 720
VIDEO_S, KEY_EVERY_S = 8, 2


PHASES = {"listen": EnergyLevel.SENTINEL, "watch": EnergyLevel.ECO}


def measure(quick: bool) -> dict[str, Any]:
    """CPU in % of one core, all eight processes together, by mode; LISTEN alone if `quick`."""
    settle_s, measured_s = (22.0, 7.0) if quick else (90.0, 60.0)
    figures: dict[str, Any] = {"cameras": len(RATES), "rates": RATES, "measured_s": measured_s}
    with tempfile.TemporaryDirectory() as place:
        videos = {
            rate: make_still_video(Path(place) / f"{rate}.mp4", rate) for rate in sorted(set(RATES))
        }
        names = {f"cam{number}": videos[rate] for number, rate in enumerate(RATES)}
        with serving(*(f"{name}={video}" for name, video in names.items())) as server:
            settings = write_settings(Path(place), server, list(names))
            with open_unit(settings) as (pids, power):
                for what, level in list(PHASES.items())[: 1 if quick else None]:
                    allow(power, level)
                    with start_consumers(settings, what == "watch") as pictures:
                        time.sleep(settle_s)
                        allow(power, level)
                        before = read_usage(pids)
                        pictures.clear()
                        time.sleep(measured_s)
                        spent = read_usage(pids) - before
                    figures[what] = format_result(spent, measured_s, settings, len(pictures))
    return figures


def format_result(
    spent: Usage, measured_s: float, settings: Settings, pictures: int
) -> dict[str, Any]:
    with closing(Store(settings.database, SystemClock())) as store:
        states = {name: store.last(CameraState, camera=name) for name in settings.camera}
    return {
        "cpu_pct": spent.cpu_s / measured_s * 100,
        "wakeups_per_s": spent.wakeups / measured_s,
        "resident_mb": spent.rss_mb,
        "pss_mb": spent.pss_mb,
        "pictures": pictures,
        "modes": Counter(state.mode.value for state in states.values() if state),
        "gates": Counter(state.gates for state in states.values() if state),
        "streams": [state.stream for state in states.values() if state],
    }


@contextmanager
def open_unit(settings: Settings) -> Iterator[tuple[list[int], Store]]:
    """The camera processes, and a hand on the energy budget."""
    prepare_database(settings.database)
    power = Store(settings.database, SystemClock(), "power")
    allow(power, EnergyLevel.SENTINEL)
    command = [sys.executable, "-m", "sensors.camera.group", "sentinel"]
    command += ["--settings", str(settings.path)]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | read_environment()) as process:
        try:
            wait_until(lambda: len(list_pids(process.pid)) == 1 + len(settings.camera), "all")
            yield list_pids(process.pid), power
        finally:
            process.terminate()
            process.wait(20)
            power.close()


def list_pids(parent: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [parent, *(int(word) for word in children.split())]


def read_environment() -> dict[str, str]:
    """What the unit file sets for several cameras."""
    lines = read_keys(ROOT / "systemd/appliance-cameras@.service")["Environment"]
    return dict(word.split("=", 1) for line in lines for word in line.split())


def allow(power: Store, level: EnergyLevel) -> None:
    stamp = SystemClock().stamp()
    power.add(EnergyBudget(stamp, level, 10.0, stamp.utc + timedelta(minutes=3), 0.0, "a bench"))


@contextmanager
def start_consumers(settings: Settings, really: bool) -> Iterator[list[Picture]]:
    """Who waits for movement at each camera; the pictures that they got."""
    got: list[Picture] = []
    over = threading.Event()

    def consume(name: str) -> None:
        client = FrameClient(settings.camera_socket(name))
        after = -1
        while not over.is_set():
            try:
                answer = client.pull(PictureRequest(I420, after, moved=True, wait_s=1.0))
            except CameraError:
                continue
            if isinstance(answer, Picture):
                got.append(answer)
                after = answer.sequence
            else:
                over.wait(0.01 if "moves" in answer.reason else 1.0)
        client.close()

    threads = [threading.Thread(target=consume, args=(name,)) for name in settings.camera]
    for thread in threads if really else ():
        thread.start()
    yield got
    over.set()
    for thread in threads if really else ():
        thread.join()


def write_settings(place: Path, server: Cameras, names: list[str]) -> Settings:
    lines = [f'[unit]\ndata_dir = "{place}/data"\nrun_dir = "{place}/run"']
    lines += [
        f'[camera.{name}]\nsource = "{server.url(name)}"\nallow_local = true' for name in names
    ]
    path = place / "unit.toml"
    path.write_text("\n".join(lines) + "\n")
    (place / "data").mkdir()
    return load_settings(path)


def make_still_video(path: Path, rate: int) -> Path:
    """One picture of the clip, standing still, with the noise of a sensor; no B-frames."""
    with av.open(str(CLIP)) as clip:
        first = next(clip.decode(video=0)).reformat(WIDTH, HEIGHT, "yuv420p")
    random = np.random.default_rng(rate)
    noises = [random.normal(0, 1.5, (HEIGHT, WIDTH)) for _ in range(7)]
    planes = first.to_ndarray()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "25", "g": str(rate * KEY_EVERY_S)}
        stream.options |= {"bf": "0", "sc_threshold": "0"}
        for number in range(VIDEO_S * rate):
            noisy = planes.copy()
            luma = planes[:HEIGHT] + noises[number % len(noises)]
            noisy[:HEIGHT] = np.clip(luma, 16, 235).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    print(measure(quick="--quick" in sys.argv))
