"""A Debian 13 with RAUC, our backend and bundles, for all tests of this directory."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_pid1.needs import list_missing, skip_where_missing
from tests.real_rauc.debian import Debian

HERE = Path(__file__).parent
PROGRAMS = {"mmdebstrap": "mmdebstrap", "dbus-daemon": "dbus", "unshare": "util-linux"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    missing = list_missing(PROGRAMS)
    skip_where_missing(items, HERE, missing)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    debian = Debian(tmp_path_factory.mktemp("rauc") / "root")
    debian.make()
    yield debian
    shutil.rmtree(debian.root, ignore_errors=True)


@pytest.fixture
def debian(made: Debian) -> Debian:
    """As the image is delivered: slot A committed, slot B empty."""
    made.reset()
    return made
