"""One virtual machine for the tests of a file, in their order; skipped where there is none.

`make test-image`; `QUICK=1`: one boot. IMAGE=FILE names another disk than that of `make image`.
"""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from provisioning.emulator.programs import list_missing
from tests.real_boot import updating
from tests.real_boot.built import BIGGER_DISK_GIB, BUILD, IMAGE
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import GIB, EmulatedUnit
from tests.real_pid1.needs import skip_where_missing

HERE = Path(__file__).parent
CONSOLE_CHARS, JOURNAL_LINES = 3000, 80


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    missing = list_missing()
    if not shutil.which("ssh"):
        missing.append("openssh-client (ssh)")
    if not IMAGE.is_file():
        missing.append("`make image`")
    skip_where_missing(items, HERE, missing)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new unit with its site, switched off."""
    directory = tmp_path_factory.mktemp("unit") / "m"
    made = EmulatedUnit(IMAGE, directory, disk_bytes=BIGGER_DISK_GIB * GIB)
    with made.site.simulated():
        yield made
    made.remove()


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> NextSystems:
    """A fleet that can offer a next operating system."""
    return NextSystems(BUILD, tmp_path_factory.mktemp("systems"))


@pytest.fixture(scope="module")
def port(systems: NextSystems) -> Iterator[int]:
    """Of the mirror, on this computer."""
    with updating.mirror(systems) as port:
        yield port


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The console and the journal beside what failed."""
    report = yield
    made = getattr(item, "funcargs", {}).get("unit")
    if report.failed and isinstance(made, EmulatedUnit):
        report.sections.append(("console", made.machine.console[-CONSOLE_CHARS:]))
        if made.machine.running:
            journal = made.ask(f"journalctl --boot --no-pager -p notice -n {JOURNAL_LINES}")
            report.sections.append(("journal", journal))
    return report
