"""Skips what cannot be here; one pair of packages for all tests of this directory."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_deb.packages import WHEELS, build_package, make_debian
from tests.real_pid1.container import Container
from tests.real_pid1.needs import list_missing, skip_where_missing

HERE = Path(__file__).parent
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "dpkg-deb": "dpkg",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    missing = list_missing(PROGRAMS)
    if not WHEELS.is_dir():
        missing.append("`make deb`")
    skip_where_missing(items, HERE, missing)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By release: an older and a newer one."""
    folder = tmp_path_factory.mktemp("packages")
    return {release: build_package(folder, release) for release in ("1.0", "2.0")}


@pytest.fixture(scope="session")
def container(
    tmp_path_factory: pytest.TempPathFactory, packages: dict[str, Path]
) -> Iterator[Container]:
    """A Debian 13 as its installer leaves it, booted; packages lie in /srv."""
    root = tmp_path_factory.mktemp("debian") / "root"
    make_debian(root)
    for release, path in packages.items():
        shutil.move(path, root / f"srv/{release}.deb")
    with Container(root).booted() as booted:
        yield booted
    shutil.rmtree(root)
