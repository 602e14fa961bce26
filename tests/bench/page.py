"""The page: time to the first one after a cold start, and what a first visit loads and shifts.

Cold start: PID 1's socket is there, the process is not; from connecting to the last byte of the
page and of its first status document. A first visit, where Chromium is installed: bytes over the
line, layout shifts and largest paint, as the browser reports them, on a phone, a touchscreen and a
desktop, of a unit with six events that have snapshots of 768x576.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.media.frames import BGR, Picture
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import encode_snapshot
from provisioning.command import claim_port
from provisioning.laptop import START, Laptop, RunRequest
from tests.bench.report import OUT, Figure, median, publish, quick
from tests.scenes import filled
from tests.stand_ins.chromium import PROGRAM, Browser

SIZES = ((390, 844), (800, 480), (1280, 800))
EVENTS = 6
# JavaScript: what the browser measures, kept from before the page's first script.
OBSERVE = """
    window.measured = {shift: 0, paint: 0};
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) measured.shift += one.hadRecentInput ? 0 : one.value;
    }).observe({type: "layout-shift", buffered: true});
    new PerformanceObserver((list) => {
        measured.paint = list.getEntries().at(-1).startTime / 1000;
    }).observe({type: "largest-contentful-paint", buffered: true});
"""
BYTES = """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, one) => sum + one.transferSize, 0) / 1000"""
LOADED = "[...document.querySelectorAll('.event img')].filter((one) => one.naturalWidth).length"


@contextmanager
def serve_page(laptop: Laptop) -> Iterator[int]:
    """The page as PID 1 starts it, with a listening socket as descriptor 3; yields the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "appliance.web", "--settings", str(laptop.settings.path)]
    shell = 'exec 3<&0; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    process = subprocess.Popen(
        ["/bin/sh", "-c", shell, "sh", *command],
        stdin=listening.fileno(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield listening.getsockname()[1]
    finally:
        process.kill()
        process.wait()
        listening.close()


def measure_first_page(laptop: Laptop) -> float:
    """Seconds from the start of the process to the page and its first status."""
    began_s = time.monotonic()
    with serve_page(laptop) as port:
        for path in ("/", "/api/status"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                answer.read()
        return time.monotonic() - began_s


def measure_visit(laptop: Laptop, width: int, height: int) -> list[Figure]:
    """A first visit of a browser that knows nothing of the page; then its events are looked at."""
    profile = OUT / f"page-profile-{width}"
    shutil.rmtree(profile, ignore_errors=True)
    browser = Browser(profile, width, height)
    try:
        with serve_page(laptop) as port:
            browser.call("Page.addScriptToEvaluateOnNewDocument", source=OBSERVE)
            browser.open(f"http://127.0.0.1:{port}/")
            browser.wait_for(f"document.querySelectorAll('.event').length === {EVENTS}")
            browser.wait_for("document.querySelector('#chart canvas') !== null")
            browser.evaluate("document.getElementById('events').scrollIntoView()")
            browser.wait_for(f"{LOADED} === {EVENTS}")
            visit = f"first visit, {width}x{height}"
            return [
                Figure(f"{visit}, bytes", browser.evaluate(BYTES), "kB"),
                Figure(f"{visit}, layout shift", browser.evaluate("measured.shift"), "", 0.05),
                Figure(f"{visit}, largest paint", browser.evaluate("measured.paint"), "s"),
            ]
    finally:
        browser.close()


def fill(laptop: Laptop) -> None:
    """A unit in the middle of a good day, with events and their snapshots."""
    settings = settings_file.load_settings(laptop.settings.path)
    prepare_database(settings.database)
    clock = SystemClock()
    filled.fill(lambda writer: Store(settings.database, clock, writer))
    inference = Store(settings.database, clock, "inference")
    now = clock.stamp()
    for number in range(EVENTS):
        event = filled.event(now, f"e{number}")
        name = f"snapshots/{now.utc:%Y-%m-%d}/e{number}.jpg"
        path = settings.snapshots_dir.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        result = FrameResult(make_picture(number, inference), ())
        path.write_bytes(encode_snapshot(result, blur_heads=False))
        inference.add(replace(event, snapshot=name))
    inference.close()


def make_picture(seed: int, store: Store) -> Picture:
    """A picture with as much detail as one of a yard: coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    bgr = cv2.resize(coarse, (768, 576), interpolation=cv2.INTER_CUBIC)
    return Picture("demo", store.clock.stamp(), 1, 0, 0.0, 768, 576, BGR, bgr.tobytes())


def main() -> None:
    short = quick("page")
    laptop = Laptop(RunRequest(240, claim_port(0), OUT / "page", start=START))
    prepare_database(laptop.settings.database)
    times = [measure_first_page(laptop) for _ in range(3 if short else 15)]
    figures = [Figure("first page and status, median", median(times), "s")]
    figures.append(replace(figures[0], name="first page and status, worst", value=max(times)))
    if PROGRAM:
        fill(laptop)
        for width, height in SIZES:
            figures += measure_visit(laptop, width, height)
    publish("page", figures, short, seconds=times)


if __name__ == "__main__":
    main()
