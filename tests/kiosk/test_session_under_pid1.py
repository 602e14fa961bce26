"""The touchscreen's unit under a real PID 1: its session of logind, its sandbox, what ends it.

As on a unit but for the display, which cage draws in memory, and the console, which a container has
not.
"""

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.real_pid1 import debian
from tests.real_pid1.conftest import INSTALL, PROGRAMS, SETTINGS, WHEELS, wait_for_state
from tests.real_pid1.container import Container
from tests.real_pid1.headless import HEADLESS, connect_display
from tests.real_pid1.needs import list_missing

MISSING = list_missing(PROGRAMS) + ([] if debian.WHEELS.is_dir() else ["`make wheels`"])
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")
KIOSK, USER, SWITCH = "appliance-kiosk.service", "appliance-kiosk", "appliance-switch@screen"
PACKAGES = ("cage", "chromium", "grim", "kbd", "libpam-systemd", "fonts-dejavu-core")
DROP_IN = f"/etc/systemd/system/{KIOSK}.d/90-headless.conf"
PICTURE = "/run/appliance-kiosk/picture.ppm"
WANTED = '\n[kiosk]\nenabled = true\nhome = "/about"\n'
SCREEN = """
[switch.screen]
kind = "command"
on = "/bin/true"
off = "/bin/true"
runs_from = "eco"
idle_w = 6.0
"""
COUNT = """
import sys
data = open(sys.argv[1], "rb").read()[20:]
print(len({data[i : i + 3] for i in range(0, len(data) - 3, 3)}))
"""
SHOWN_S, LEAST_COLOURS = 120, 100
CLOSED = ("/etc/appliance/unit.toml", "/var/lib/appliance/unit.db")


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A Debian with the unit and the packages of docs/page.md."""
    root = tmp_path_factory.mktemp("touchscreen") / "root"
    debian.make_root(root, PACKAGES)
    with Container(root).booted() as container:
        done = container.run(INSTALL, "--wheels", WHEELS, check=False)
        assert container.run("unitctl", "--help", check=False).returncode == 0, done.stdout
        drop_in = container.path(DROP_IN)
        drop_in.write_text(HEADLESS.format(browser="chromium"))
        connect_display(container)
        give_settings(container, WANTED)
        yield container
    shutil.rmtree(root)


def give_settings(container: Container, more: str) -> None:
    """Those of the installation, and more."""
    settings = container.path(SETTINGS)
    settings.write_text(settings.read_text() + more)
    container.run("systemctl", "daemon-reload")


def look(container: Container) -> int:
    """How many colours are on the screen, at most some thousand."""
    as_user = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
    display = ("env", "XDG_RUNTIME_DIR=/run/appliance-kiosk", "WAYLAND_DISPLAY=wayland-0")
    done = container.run(*as_user, *display, "grim", "-t", "ppm", PICTURE, check=False)
    if done.returncode:
        return 0
    return int(container.run("python3", "-c", COUNT, PICTURE).stdout)


def list_processes(container: Container) -> list[str]:
    """Those of the session: PID 1 may have a manager of the user's beside it."""
    found = container.ask("pgrep", "-u", USER, "-f", "cage|chromium").split()
    return [pid for pid in found if pid]


def is_shown(container: Container) -> bool:
    return look(container) > LEAST_COLOURS


def test_the_target_starts_it_and_the_page_is_on_the_screen(unit: Container) -> None:
    unit.run("systemctl", "start", "appliance.target")
    wait_for_state(unit, "active", KIOSK, seconds=SHOWN_S)
    unit.wait_for(lambda: is_shown(unit), SHOWN_S, "the page on the screen")
    assert unit.ask("systemctl", "show", "-P", "NRestarts", KIOSK) == "0"
    sessions = unit.ask("loginctl", "list-sessions", "--no-legend")
    assert USER in sessions


def test_its_processes_are_within_its_sandbox(unit: Container) -> None:
    pid = unit.ask("systemctl", "show", "-P", "MainPID", KIOSK)
    status = unit.ask("cat", f"/proc/{pid}/status")
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE), status
    assert re.search(r"^Seccomp:\s*2$", status, re.MULTILINE), status
    assert re.search(r"^CapBnd:\s*0+$", status, re.MULTILINE), status
    inside = ("nsenter", f"--target={pid}", "--mount", "--", "setpriv", f"--reuid={USER}")
    for path in CLOSED:
        assert unit.run("test", "-e", path, check=False).returncode == 0, path
        look_inside = (*inside, f"--regid={USER}", "--clear-groups", "head", "-c1", path)
        assert unit.run(*look_inside, check=False).returncode != 0, path


def test_a_browser_that_crashes_comes_again(unit: Container) -> None:
    pid = unit.ask("systemctl", "show", "-P", "MainPID", KIOSK)
    assert int(pid) > 1  # 0 would be the group of whoever runs the tests
    unit.run("kill", "-KILL", pid)
    unit.wait_for(
        lambda: unit.ask("systemctl", "show", "-P", "MainPID", KIOSK) not in ("0", pid),
        60,
        "another one",
    )
    unit.wait_for(lambda: is_shown(unit), SHOWN_S, "the page on the screen")


def test_a_stop_ends_all_of_its_processes(unit: Container) -> None:
    unit.run("systemctl", "stop", KIOSK)
    unit.wait_for(lambda: not list_processes(unit), 30, "their end")


def test_where_the_screen_is_a_load_it_is_shown_while_that_is_on(unit: Container) -> None:
    give_settings(unit, SCREEN)
    unit.run("systemctl", "start", KIOSK)
    assert unit.ask("systemctl", "is-active", KIOSK) == "inactive"
    unit.run("systemctl", "start", SWITCH)
    wait_for_state(unit, "active", KIOSK)
    unit.run("systemctl", "stop", SWITCH)
    wait_for_state(unit, "inactive", KIOSK)
    unit.wait_for(lambda: not list_processes(unit), 30, "their end")


def test_without_a_display_it_is_left_down_and_says_why(unit: Container) -> None:
    shutil.rmtree(unit.path("/srv/displays"))
    unit.run("systemctl", "start", SWITCH)
    unit.run("systemctl", "start", KIOSK)
    assert unit.ask("systemctl", "is-active", KIOSK) == "inactive"
    assert "no display is connected" in unit.ask("journalctl", "-u", KIOSK, "-n", "5", "-o", "cat")
