"""The services of an image with settings: each in its sandbox, restarted where it hangs.

systemd-nspawn here has no memory accounting: that MemoryMax= kills its service alone is tested in
the virtual machine (tests/real_boot/test_memory_limits.py).
"""

import re

import pytest

from tests.real_image.booted import ImageContainer
from tests.real_pid1.conftest import (
    RESIDENT,
    is_bitten,
    order_as,
    stop_process,
    wait_for_state,
)

pytestmark = pytest.mark.quick

SHORT_S = 8  # instead of 120 and 300
HANGS_S, SETTLE_S = 90, 60


def ask_each(unit: ImageContainer, wanted: str) -> dict[str, str]:
    """One property of each service."""
    return {name: unit.ask("systemctl", "show", "-P", wanted, name) for name in RESIDENT}


def test_each_service_runs_as_its_own_user_in_a_closed_sandbox(unit: ImageContainer) -> None:
    pids = ask_each(unit, "MainPID")
    for name, user in RESIDENT.items():
        status = unit.path(f"/proc/{pids[name]}/status").read_text()
        assert unit.ask("stat", "-c", "%U", f"/proc/{pids[name]}") == user
        assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE), name
        assert re.search(r"^Seccomp:\s*2$", status, re.MULTILINE), name
        assert re.search(r"^CapEff:\s*0+$", status, re.MULTILINE), name


def test_nothing_failed_and_the_only_fault_is_the_file_that_was_put_there_wrong(
    unit: ImageContainer,
) -> None:
    assert unit.ask("systemctl", "--failed", "--plain", "--no-legend") == ""
    faults = unit.ask("unitctl", "faults")
    assert faults.startswith("1 open fault\n"), faults
    assert "provision/unit.toml:2: site.nmae is not a known key" in faults


def test_the_guard_may_stop_its_loads_and_the_page_may_not(unit: ImageContainer) -> None:
    load = "appliance-hints.service"
    refused = order_as(unit, "appliance-web", "stop", load)
    assert refused.returncode != 0
    assert re.search("denied|authentication required", refused.stderr.lower()), refused.stderr
    obeyed = order_as(unit, "appliance-power", "stop", load)
    assert obeyed.returncode == 0, obeyed.stderr
    assert order_as(unit, "appliance-power", "start", load).returncode == 0
    wait_for_state(unit, "active", load)


def test_the_page_starts_with_its_first_visitor(unit: ImageContainer) -> None:
    """One of before the settings came, which a test asked for, leaves at its next visitor."""
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/').read().decode())"
    unit.wait_for(
        lambda: "<!doctype html>" in unit.ask("python3", "-c", fetch), SETTLE_S, "the page"
    )
    assert unit.ask("systemctl", "is-active", "appliance-web") == "active"


def test_every_resident_service_that_hangs_is_restarted_by_its_watchdog(
    unit: ImageContainer,
) -> None:
    """With SHORT_S for WatchdogSec=, since the units' own are minutes."""
    assert all(value not in ("0", "infinity") for value in ask_each(unit, "WatchdogUSec").values())
    for name in RESIDENT:
        write_watchdog(unit, name)
    unit.run("systemctl", "daemon-reload")
    unit.run("systemctl", "restart", *RESIDENT)
    wait_for_state(unit, "active", *RESIDENT)
    pids = {name: stop_process(unit, name) for name in RESIDENT}
    left = set(RESIDENT)

    def all_bitten() -> bool:
        left.difference_update({name for name in left if is_bitten(unit, name, pids[name])})
        return not left

    unit.wait_for(all_bitten, HANGS_S, "every watchdog")
    unit.run("sh", "-c", "rm /run/systemd/system/*/90-short.conf")
    unit.run("systemctl", "daemon-reload")
    unit.run("systemctl", "restart", *RESIDENT)
    wait_for_state(unit, "active", *RESIDENT)


def write_watchdog(unit: ImageContainer, service: str) -> None:
    directory = unit.path(f"/run/systemd/system/{service}.service.d")
    directory.mkdir(exist_ok=True)
    (directory / "90-short.conf").write_text(f"[Service]\nWatchdogSec={SHORT_S}\n")


def test_a_copy_of_the_settings_is_kept_on_the_esp_in_the_sandbox(unit: ImageContainer) -> None:
    unit.run("systemctl", "start", "image-keep-settings")
    assert unit.ask("systemctl", "show", "-P", "Result", "image-keep-settings") == "success"
    settings = unit.path("/etc/appliance/unit.toml").read_text()
    assert settings in {path.read_text() for path in unit.path("/efi").rglob("unit.toml")}
