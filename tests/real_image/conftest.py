"""One container of the image for all tests of this directory; skipped where something lacks."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.real_image.booted import IMAGE_ROOT, ImageContainer
from tests.real_pid1 import simulated
from tests.real_pid1.conftest import wait_for_all
from tests.real_pid1.needs import list_missing, skip_where_missing

PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "nmap": "nmap",
    "lynis": "lynis",
}
HERE = Path(__file__).parent
JOURNAL_LINES = "150"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    missing = list_missing(PROGRAMS)
    if not IMAGE_ROOT.is_dir():
        missing.append("`make image`")
    skip_where_missing(items, HERE, missing)


@pytest.fixture(scope="session")
def image_root() -> Path:
    return IMAGE_ROOT


@pytest.fixture(scope="session")
def new_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageContainer]:
    """Booted for the first time, without settings."""
    directory = tmp_path_factory.mktemp("image")
    container = ImageContainer(IMAGE_ROOT, directory)
    container.prepare()
    with container.booted():
        yield container
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def begun(new_unit: ImageContainer) -> ImageContainer:
    """With a site and settings."""
    new_unit.simulate_site(simulated.FULL_PCT)
    new_unit.give_settings(simulated.format_settings(simulated.FULL_PCT))
    return new_unit


@pytest.fixture
def unit(begun: ImageContainer) -> ImageContainer:
    """At FULL, with all that belongs to it."""
    wait_for_all(begun)
    return begun


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The journal of the container beside what failed."""
    report = yield
    booted = getattr(item, "funcargs", {}).get("new_unit")
    if report.failed and isinstance(booted, ImageContainer):
        words = ("journalctl", "--no-pager", "-n", JOURNAL_LINES)
        report.sections.append(("journal", booted.ask(*words)))
    return report
