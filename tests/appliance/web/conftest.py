"""The page's own server and a real browser before it: the fixtures of the tests in a browser."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.appliance.web.test_web import free_port, read_until, settings_text, start
from tests.stand_ins.chromium import PROGRAM, Browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a file: it takes seconds to start."""
    if PROGRAM is None:
        pytest.skip("needs Chromium (Debian package chromium)")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def browser(running: Browser) -> Browser:
    """The browser on an empty page, as a phone in daylight, with nothing received yet."""
    running.open("about:blank")
    running.resize(390, 844)
    running.prefer("light")
    running.requests.clear()
    running.problems.clear()
    return running


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def power(tmp_path: Path, port: int) -> Iterator[Store]:
    """The database of the unit whose page is opened, as the power service has it."""
    file = tmp_path / "written.toml"
    file.write_text(settings_text(tmp_path, port))
    settings = settings_file.load_settings(file)
    prepare_database(settings.database)
    store = Store(settings.database, SystemClock(), "power")
    yield store
    store.close()


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = start([], tmp_path, port)
    read_until(process, "the page is on")
    yield process
    process.kill()
    process.wait()
