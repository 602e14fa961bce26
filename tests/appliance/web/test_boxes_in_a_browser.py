"""The frame around what an event is about, as a browser shows it: where the thing really is.

The picture itself has a blue block where the box says; what is seen is judged by the screenshot.
"""

import base64
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from appliance.media.thumbnails import embed_thumbnail
from appliance.model_cameras import Box
from appliance.store.store import Store
from tests.appliance.web.test_page_in_a_browser import report
from tests.scenes import filled
from tests.stand_ins.chromium import Browser

pytestmark = pytest.mark.browser
BLUE, MARK, SHADE = (255, 0, 0), (63, 210, 255), (17, 14, 11)  # blue, green, red
NEAR_PX = 4.0  # a frame is 4 pixels thick, half of it outside
ROOM_PX = 3  # beside what is cut out of a screenshot
FRAMED = "document.querySelector('.framed img')"
THUMB = "document.querySelector('.thumb img')"


def make_picture(width: int, height: int, box: Box) -> bytes:
    """A JPEG file, grey with a blue block at the box, and its thumbnail as inference makes it."""
    pixels = np.full((height, width, 3), 120, np.uint8)
    top, bottom = (round(side * height) for side in (box.top, box.bottom))
    left, right = (round(side * width) for side in (box.left, box.right))
    pixels[top:bottom, left:right] = BLUE
    small = cv2.resize(pixels, (240, round(240 * height / width)), interpolation=cv2.INTER_AREA)
    whole, thumbnail = (cv2.imencode(".jpg", one)[1].tobytes() for one in (pixels, small))
    return embed_thumbnail(whole, thumbnail)


def find_bounds(pixels: Any, colour: tuple[int, int, int]) -> list[int]:
    """Left, top, right and bottom of all that has about this colour."""
    rows, columns = np.nonzero(np.abs(pixels.astype(int) - colour).max(axis=2) < 60)
    assert rows.size, f"nothing has the colour {colour}"
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def photograph(browser: Browser, element: str) -> Any:
    """What is seen of an element, as pixels."""
    place = browser.evaluate(
        f"(({{x, y, width, height}}) => [x, y, width, height])({element}.getBoundingClientRect())"
    )
    x, y, width, height = (round(value) for value in place)
    shot = browser.call("Page.captureScreenshot", format="png")["data"]
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(shot), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels[
        max(0, y - ROOM_PX) : y + height + ROOM_PX, max(0, x - ROOM_PX) : x + width + ROOM_PX
    ]


def is_drawn(image: str) -> str:
    """JavaScript: whether an image and its frame are there."""
    return f"{image}.complete && {image}.nextElementSibling.querySelector('.frame-mark') !== null"


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (320, 240), (120, 240)], ids=str)
def test_the_frame_of_an_event_is_where_its_thing_is_whatever_the_pictures_shape(
    browser: Browser,
    server: subprocess.Popen[str],
    power: Store,
    port: int,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    box = Box(0.55, 0.3, 0.8, 0.7)
    put_event(tmp_path, power, make_picture(*size, box), box)
    browser.open(f"http://127.0.0.1:{port}/events/e1")
    browser.wait_for(is_drawn(FRAMED))
    for width, height in ((390, 844), (800, 480), (1280, 900)):
        browser.resize(width, height)
        seen = photograph(browser, FRAMED)
        assert find_bounds(seen, MARK) == pytest.approx(find_bounds(seen, BLUE), abs=NEAR_PX)
    browser.evaluate("document.getElementById('event-back').click()")
    browser.wait_for(is_drawn(THUMB))
    browser.evaluate(f"{THUMB}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    seen = photograph(browser, THUMB)
    assert find_bounds(seen, MARK) == pytest.approx(find_bounds(seen, BLUE), abs=NEAR_PX)
    assert browser.problems == [], "nothing that the content security policy forbids"


def put_event(data: Path, power: Store, picture: bytes, box: Box) -> None:
    """One event with its picture, as inference stores it."""
    path = data / "data/snapshots/2026-04-15/e1.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(picture)
    store = Store(power.path, power.clock, "inference")
    store.add(replace(filled.event(power.clock.stamp(), "e1"), box=box, stream="main"))
    store.close()
    report(power, 71.0)


def test_where_a_thing_is_stands_in_words_and_the_file_stays_clean(
    browser: Browser, server: subprocess.Popen[str], power: Store, port: int, tmp_path: Path
) -> None:
    box = Box(-0.02, 0.7, 0.2, 1.04)  # it reaches out of the picture
    picture = make_picture(640, 480, Box(0.0, 0.7, 0.2, 1.0))
    put_event(tmp_path, power, picture, box)
    browser.open(f"http://127.0.0.1:{port}/events/e1")
    browser.wait_for(is_drawn(FRAMED))
    assert browser.evaluate(f"{FRAMED}.alt") == "Person at the lower left of the picture, demo"
    facts = browser.evaluate("document.getElementById('event-facts').innerText")
    assert "At the lower left of the picture" in facts
    assert "the main stream" in facts
    seen = photograph(browser, FRAMED)
    assert find_bounds(seen, MARK) == pytest.approx(find_bounds(seen, BLUE), abs=NEAR_PX)
    link = browser.evaluate("document.getElementById('event-picture-file').href")
    saved = browser.evaluate(
        f"fetch('{link}').then((answer) => answer.bytes()).then((all) => [...all])"
    )
    assert bytes(saved) == picture, "the frame is on the page alone"
    assert browser.problems == []
