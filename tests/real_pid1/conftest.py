"""One container for all tests of this directory: built, booted, and installed into once."""

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import CLIP
from tests.real_pid1 import debian, simulated
from tests.real_pid1.container import Container
from tests.real_pid1.needs import list_missing, skip_where_missing
from tests.real_pid1.plugged import LoopStick, make_loop
from tests.real_pid1.releases import Releases

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
}
INSTALL = f"/{debian.RELEASE}/provisioning/install"
WHEELS = f"/{debian.RELEASE}/wheels"
SETTINGS = "/etc/appliance/unit.toml"
OWN_SETTINGS = "/srv/unit.toml"
RESIDENT = {
    "appliance-power": "appliance-power",
    "appliance-sensors": "appliance-sensors",
    "appliance-camera@gate": "appliance-camera",
    "appliance-cameras@eco": "appliance-camera",
    "appliance-hints": "appliance-hints",
    "appliance-inference": "appliance-inference",
    "appliance-mqtt": "appliance-mqtt",
}
JOURNAL_LINES = "150"
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Stages:
    """What the installation printed, one stage after the other."""

    plain_check: CompletedProcess[str]
    example: CompletedProcess[str]
    example_state: str
    own: CompletedProcess[str]
    again: CompletedProcess[str]
    last_check: CompletedProcess[str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    missing = list_missing(PROGRAMS)
    if not debian.WHEELS.is_dir():
        missing.append("`make wheels`")
    skip_where_missing(items, HERE, missing)


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    """Built while the container is."""
    with Releases.building(tmp_path_factory.mktemp("fleet")) as building:
        yield building


@pytest.fixture(scope="session")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopStick | None]:
    """A stick for the container, which must know its device when it boots."""
    with make_loop(tmp_path_factory.mktemp("loop")) as made:
        yield made


@pytest.fixture(scope="session")
def container(
    tmp_path_factory: pytest.TempPathFactory,
    releases: Releases,  # begun before it
    loop: LoopStick | None,
) -> Iterator[Container]:
    root = tmp_path_factory.mktemp("debian") / "root"
    debian.make_root(root)
    shutil.copy(CLIP, root / simulated.CLIP.lstrip("/"))
    with Container(root, [f"--bind={loop.device}"] if loop else []).booted() as booted:
        yield booted
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def stages(container: Container) -> Stages:
    """The way of a technician, step by step; at its end the unit runs."""
    plain_check = install(container, "--check")
    example = install(container, "--wheels", WHEELS)
    example_state = container.ask("systemctl", "is-active", "appliance.target")
    begin_simulation(container)
    container.path(SETTINGS).unlink()
    container.path(OWN_SETTINGS).write_text(simulated.format_settings(simulated.FULL_PCT))
    own = install(container, "--settings", OWN_SETTINGS)
    wait_for_all(container)
    again = install(container, "--settings", OWN_SETTINGS)
    return Stages(plain_check, example, example_state, own, again, install(container, "--check"))


@pytest.fixture
def unit(container: Container, stages: Stages) -> Container:
    """The container with the unit installed, at FULL with all that belongs to it."""
    wait_for_all(container)
    return container


def install(container: Container, *words: str) -> CompletedProcess[str]:
    return container.run(INSTALL, *words, check=False)


def begin_simulation(container: Container) -> None:
    """Power devices, camera and relay; they come again with each boot."""
    set_charge(container, simulated.FULL_PCT)
    relay = ("install", "-m", "664", "-g", "appliance", "/dev/null", simulated.RELAY)
    container.run(*relay)
    units = simulated.write_units(container.path("/etc/systemd/system"))
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "enable", "--now", *units)


def set_charge(container: Container, charge_pct: float) -> None:
    """What the simulated battery begins with at its next start."""
    container.path(simulated.PLANT_SETTINGS).write_text(simulated.format_settings(charge_pct))


def wait_for_all(container: Container) -> None:
    """Until everything runs that runs at FULL."""
    wait_for_state(container, "active", *simulated.RUNNING)


def wait_for_state(container: Container, state: str, *units: str, seconds: float = 90) -> None:
    def reached() -> bool:
        return set(container.ask("systemctl", "is-active", *units).split()) == {state}

    container.wait_for(reached, seconds, f"{', '.join(units)} to be {state}")


def stop_process(unit: Container, service: str) -> int:
    """Stop the service's main process (SIGSTOP): it hangs. Returns its id. One that ends meanwhile
    (a watchdog that is short for a slow start) is no error: the next one is stopped.
    """
    stopped: list[str] = []

    def is_stopped() -> bool:
        pid = unit.ask("systemctl", "show", "-P", "MainPID", service)
        stopped[:] = [pid]
        return pid != "0" and unit.run("sh", "-c", f"kill -STOP {pid}", check=False).returncode == 0

    unit.wait_for(is_stopped, 60, f"a process of {service}")
    return int(stopped[0])


def is_bitten(unit: Container, service: str, pid: int) -> bool:
    """Whether the watchdog has ended this process, and another one runs."""
    said = unit.ask("journalctl", "-u", service, "-o", "cat")
    return bool(
        f"Killing process {pid} " in said
        and "Failed with result 'watchdog'" in said.rpartition(f"Killing process {pid} ")[2]
        and unit.ask("systemctl", "is-active", service) == "active"
    )


def order_as(unit: Container, user: str, *words: str) -> CompletedProcess[str]:
    as_user = ("setpriv", f"--reuid={user}", "--regid=appliance", "--clear-groups")
    return unit.run(*as_user, "systemctl", "--no-ask-password", *words, check=False)


def write_settings(unit: Container, text: str) -> None:
    """As an editor saves a file: beside, then renamed."""
    unit.path("/srv/saved.toml").write_text(text)
    unit.run("install", "-m", "640", "-g", "appliance", "/srv/saved.toml", SETTINGS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The journal of the container beside what failed."""
    report = yield
    booted = getattr(item, "funcargs", {}).get("container")
    if report.failed and isinstance(booted, Container):
        for title, only in (("journal", ()), ("check-in", ("-u", "appliance-checkin"))):
            words = ("journalctl", "--no-pager", "-n", JOURNAL_LINES, *only)
            report.sections.append((title, booted.ask(*words)))
    return report
