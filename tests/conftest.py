"""Fixtures that many tests share: a fake clock, settings in a temporary place, a prepared store."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from appliance.sections.cameras import CameraSettings, InferenceSettings
from appliance.sections.network import WebSettings
from appliance.settings import ChargerSettings, Settings, UnitSettings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.stand_ins.fakes import FakeClock

if TYPE_CHECKING:  # half a second: for who opens a browser
    from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "inference/models/nanodet-g-416-int8.onnx"
CLIP = ROOT / "sensors/media/pedestrians.mp4"

OpenStore = Callable[..., Store]

# Random tests find their examples on slow, shared machines as well: no clock judges them.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that wait longest come first, so that side by side they end with the others."""
    items.sort(key=lambda item: not any(item.iter_markers("processes")))
    items.sort(key=lambda item: not any(item.iter_markers("slow")))
    items.sort(key=lambda item: not any(item.iter_markers("long")))


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium, for the tests of one file."""
    from tests.stand_ins.playwright_browser import PROGRAM, open_browser

    if PROGRAM is None:
        pytest.skip("needs Chromium (Debian package chromium)")
    with open_browser() as browser:
        yield browser


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with the directories of this test, the committed model and one clip camera."""
    return replace(
        Settings(),
        path=tmp_path / "unit.toml",
        unit=UnitSettings(name="test", data_dir=tmp_path / "data", run_dir=tmp_path / "run"),
        charger={"main": ChargerSettings()},
        camera={"demo": CameraSettings(source=str(CLIP))},
        inference=InferenceSettings(model=str(MODEL)),
        web=WebSettings(tls_dir=tmp_path / "tls", page_socket=tmp_path / "page.sock"),
    )


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of today's shape, made once: preparing takes a process and seconds."""
    path = tmp_path_factory.mktemp("prepared") / "unit.db"
    prepare_database(path)
    return path


@pytest.fixture
def open_store(
    settings: Settings, clock: FakeClock, prepared_database: Path
) -> Iterator[OpenStore]:
    """`open_store("power")` opens the test's database as that writer; without a name, as reader."""
    opened: list[Store] = []

    def open_it(writer: str | None = None) -> Store:
        if not settings.database.exists():
            settings.database.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(prepared_database, settings.database)
        prepare_database(settings.database)
        opened.append(Store(settings.database, clock, writer))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()
