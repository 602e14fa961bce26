"""Whatever stands in an address: an answer or a refusal, never an error of the server."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.web.app import create_app
from tests.appliance.web.test_web import client
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture

VALUES = (
    "",
    "\0",
    "\x1b[31m",
    "\udcff",
    "\u0663",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "~",
    "-1",
    "nan",
    "9" * 5000,
    "9999999d",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30",
    "1:2:3",
    "x" * 300,
    "x/" * 3000,
    "' or 1=1 --",
    "\r\nX: 1",
)
ENDINGS = ("", ".jpg", "/e.jpg")
QUESTIONS = ("limit", "before", "after", "since", "until", "camera", "label", "v", "wait_s")
FINE = (
    200,
    302,
    303,
    308,
    400,
    404,
    503,
)  # 503: it is not there now, with the reason


def list_addresses(number: int, pattern: str) -> Iterator[str]:
    """One route with each value in its place. Of the questions, which all routes read alike, each
    value asks one: another with the next route.
    """
    fixed, place, _ = pattern.partition("<")
    for at, value in enumerate(VALUES, number):
        word = quote(value, safe="", errors="surrogateescape")
        if place:
            yield f"{fixed}{word}{ENDINGS[at % len(ENDINGS)]}"
        yield f"{fixed}?{QUESTIONS[at % len(QUESTIONS)]}={word}"


def test_each_route_takes_any_address(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    settings.snapshots_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, clock)
    client = app.test_client()
    rules = [one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())]
    for number, rule in enumerate(rules):
        for address in list_addresses(number, rule):
            assert client.get(address).status_code in FINE, address[:100]


@pytest.mark.parametrize("route", ["snapshots", "thumbnails"])
def test_a_snapshot_is_a_regular_file_of_its_directory(
    client: FlaskClient, settings: Settings, route: str
) -> None:
    day = settings.snapshots_dir / "2026-04-15"
    (day / "directory.jpg").mkdir(parents=True)
    (day / "nowhere.jpg").symlink_to(Path("nowhere.jpg"))
    for name in ("directory", "nowhere"):
        assert client.get(f"/{route}/2026-04-15/{name}.jpg").status_code == 404


@pytest.mark.parametrize("route", ["snapshots", "thumbnails"])
def test_a_pipe_in_the_place_of_a_snapshot_is_not_opened(
    client: FlaskClient, settings: Settings, route: str
) -> None:
    pipe = settings.snapshots_dir / "pipe.jpg"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    writer = Thread(target=lambda: os.close(os.open(pipe, os.O_WRONLY)), daemon=True)
    writer.start()  # waits for somebody who reads
    assert client.get(f"/{route}/pipe.jpg").status_code == 404
    assert writer.is_alive()
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    writer.join()
    os.close(reader)
