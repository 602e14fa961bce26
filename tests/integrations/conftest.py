"""A unit with rows of now and its page as a real process, for the programs of other people."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.appliance.web.test_web import free_port, read_until, settings_text
from tests.conftest import CLIP, ROOT
from tests.scenes import filled

LIMIT_S = 900
INSTALLED = ROOT / "build/integrations"
OpenAs = Callable[[str], Store]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def unit(tmp_path: Path, port: int) -> Path:
    """The settings file of a unit with one camera, whose PID 1 obeys each order."""
    file = tmp_path / "unit.toml"
    camera = f'[camera.demo]\nsource = "{CLIP}"\n'
    host = '[host]\nsystemctl = "/bin/true"\n'
    file.write_text(settings_text(tmp_path, port, idle_exit_s=6) + camera + host)
    settings = settings_file.load_settings(file)
    settings.unit.run_dir.mkdir()  # as tmpfiles.d makes it on a unit
    prepare_database(settings.database)
    return file


@pytest.fixture
def open_as(unit: Path) -> Iterator[OpenAs]:
    """Opens its database as a writer, once for each."""
    database = settings_file.load_settings(unit).database
    stores: dict[str, Store] = {}
    with ExitStack() as opened:

        def open_it(writer: str) -> Store:
            if writer not in stores:
                stores[writer] = Store(database, SystemClock(), writer)
                opened.enter_context(closing(stores[writer]))
            return stores[writer]

        yield open_it


@pytest.fixture
def address(unit: Path, port: int, open_as: OpenAs) -> Iterator[str]:
    """Where its page is served, with a row of now in each table and a fault."""
    filled.fill(open_as)
    filled.break_camera(open_as)
    words = [sys.executable, "-m", "appliance.web", "--settings", str(unit)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        read_until(process, "the page is on")
        yield f"http://127.0.0.1:{port}"
        process.kill()


def run_program(
    words: Sequence[str], environment: dict[str, str], directory: Path
) -> subprocess.CompletedProcess[str]:
    """What it says and how it ended."""
    return subprocess.run(
        words,
        check=False,
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """For a program of `build/integrations`; left out where they are not installed."""
    if not (INSTALLED / "schemathesis").is_dir():
        pytest.skip("needs `make test-integrations`")
    home = {"HOME": str(tmp_path), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **home, "PYTHONPATH": str(INSTALLED)}
