"""The page on a touchscreen, of an image with KIOSK=1: drawn in memory, for want of a screen."""

import re
from collections.abc import Iterator

import pytest

from tests.real_image.booted import ImageContainer
from tests.real_pid1 import simulated
from tests.real_pid1.conftest import wait_for_state
from tests.real_pid1.headless import HEADLESS, connect_display

KIOSK, USER, SLICE = "appliance-kiosk.service", "appliance-kiosk", "user-971.slice"
DROP_IN = f"/run/systemd/system/{KIOSK}.d/90-headless.conf"
SCREEN = """
[switch.screen]
kind = "command"
on = "/bin/true"
off = "/bin/true"
runs_from = "eco"
idle_w = 6.0
"""
SHOWN_S = 120
CLOSED = ("/etc/appliance/unit.toml", "/var/lib/appliance/unit.db", "/var/lib/ssh")


@pytest.fixture(scope="module")
def kiosk(begun: ImageContainer) -> Iterator[ImageContainer]:
    """Started, with a screen in memory."""
    if not (begun.root / "usr/bin/cage").exists():
        pytest.skip("this image has no touchscreen: `make image KIOSK=1`")
    begun.path(DROP_IN).parent.mkdir(exist_ok=True)
    begun.path(DROP_IN).write_text(HEADLESS.format(browser="cog"))
    connect_display(begun)
    begun.run("systemctl", "daemon-reload")
    begun.run("systemctl", "restart", KIOSK)
    yield begun
    begun.run("systemctl", "stop", KIOSK)


def list_processes(unit: ImageContainer) -> list[str]:
    return unit.ask("pgrep", "-u", "kiosk").split()


def test_the_page_is_fetched_and_shown(kiosk: ImageContainer) -> None:
    def is_shown() -> bool:
        return "Loaded successfully" in kiosk.ask("journalctl", "_COMM=cog", "-o", "cat")

    kiosk.wait_for(is_shown, SHOWN_S, "the page")
    assert kiosk.ask("systemctl", "is-active", "appliance-web", KIOSK).split() == ["active"] * 2
    assert kiosk.ask("systemctl", "show", "-P", "NRestarts", KIOSK) == "0"


def test_each_of_its_processes_is_closed_and_within_the_limits(kiosk: ImageContainer) -> None:
    for pid in list_processes(kiosk):
        status = kiosk.path(f"/proc/{pid}/status").read_text()
        if status.startswith("Name:\t(sd-pam)"):  # PID 1's own, which ends the session
            continue
        assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE), status
        assert re.search(r"^Seccomp:\s*2$", status, re.MULTILINE), status
        assert re.search(r"^Uid:\s*971\s", status, re.MULTILINE), status
        group = kiosk.path(f"/proc/{pid}/cgroup").read_text()
        assert f"/user.slice/{SLICE}/session-" in group
    limits = kiosk.ask("systemctl", "show", "-p", "MemoryMax,IPAddressDeny,IPAddressAllow", SLICE)
    shown = dict(line.split("=") for line in limits.splitlines())
    assert {name: set(value.split()) for name, value in shown.items()} == {
        "MemoryMax": {"805306368"},
        "IPAddressAllow": {"127.0.0.0/8", "::1/128"},
        "IPAddressDeny": {"0.0.0.0/0", "::/0"},
    }


def test_it_listens_nowhere_and_has_no_manager_that_starts_programs(kiosk: ImageContainer) -> None:
    assert not re.search(r"cage|cog|WPE|bwrap", kiosk.ask("ss", "-Hlntup"))
    assert kiosk.ask("systemctl", "is-enabled", "user@971.service") == "masked"
    assert kiosk.ask("pgrep", "-u", USER, "-x", "systemd") == ""


def test_its_user_reads_neither_settings_nor_data(kiosk: ImageContainer) -> None:
    for path in CLOSED:
        assert kiosk.run("test", "-e", path, check=False).returncode == 0, path
        as_user = (
            "setpriv",
            "--reuid=appliance-kiosk",
            "--regid=appliance-kiosk",
            "--clear-groups",
        )
        for look in (("ls", f"{path}/"), ("head", "-c1", path)):
            assert kiosk.run(*as_user, *look, check=False).returncode != 0, path


def test_where_the_settings_have_a_screen_it_is_shown_while_that_is_on(
    kiosk: ImageContainer,
) -> None:
    kiosk.give_settings(simulated.format_settings(simulated.FULL_PCT) + SCREEN)
    kiosk.run("systemctl", "restart", "appliance-power")
    wait_for_state(kiosk, "active", "appliance-switch@screen", KIOSK)
    kiosk.run("systemctl", "stop", "appliance-switch@screen")
    wait_for_state(kiosk, "inactive", KIOSK)
    kiosk.wait_for(lambda: not list_processes(kiosk), 30, "the end of its processes")
    kiosk.run("systemctl", "start", KIOSK)
    assert kiosk.ask("systemctl", "is-active", KIOSK) == "inactive"
    kiosk.run("systemctl", "start", "appliance-switch@screen")
    wait_for_state(kiosk, "active", KIOSK)
