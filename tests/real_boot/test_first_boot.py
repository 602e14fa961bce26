"""A new unit: power cut in its first boot, then without settings, then with them.

The tests stand in the order of a technician's way, and each goes on where the one before has ended.
"""

import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.real_boot.unit import BOOT_S, EmulatedUnit

SUPERBLOCK, WRITTEN = 1024, slice(0x2C, 0x34)  # of ext4: times of its last mount and last write
SETTINGS = "/etc/appliance/unit.toml"
RENAME = """
from pathlib import Path
from ota.disk import Disk
from ota.slots.boot_files import replace_file
replace_file(Disk(), Path("/efi/renamed.txt"), b"whole")
"""
SETTLE_S, DETECTION_S = 300.0, 600.0
RUNNING = ("appliance-power", "appliance-sensors", "appliance-inference", "appliance-camera@yard")
LISTENER = 9099
LISTENING = {"22", "80", "443", "8080", "8443", "68", "546", "123"}
PASSWORDS = "sudo cut -d: -f2 /etc/shadow | sort -u"


def read_superblock(unit: EmulatedUnit) -> bytes:
    with unit.disk.path.open("rb") as file:
        file.seek(unit.disk.find("data").start + SUPERBLOCK)
        return file.read(1024)[WRITTEN]


def list_failed(unit: EmulatedUnit) -> str:
    return unit.ask("systemctl --failed --plain --no-legend")


def wait_for_services(unit: EmulatedUnit) -> None:
    def active() -> bool:
        return set(unit.ask(f"systemctl is-active {' '.join(RUNNING)}").split()) == {"active"}

    unit.wait_for(active, SETTLE_S, "the services")


def test_a_power_cut_in_the_first_boot_does_no_harm(unit: EmulatedUnit) -> None:
    before = read_superblock(unit)
    unit.machine.start()
    unit.wait_for(lambda: read_superblock(unit) != before, BOOT_S, "the first mount of its data")
    unit.machine.cut_power()
    assert unit.disk.list("provision") == ["authorized_keys"]


@pytest.mark.quick
def test_a_new_unit_boots_and_its_page_asks_for_the_set_up_code(unit: EmulatedUnit) -> None:
    unit.boot()
    status, text = unit.look()
    assert (status, "Set this new unit up" in text) == (200, True), text
    status, text = unit.look("/setup")
    assert (status, "Type the set-up code" in text) == (200, True), text
    unit.wait_for(unit.find_boot, SETTLE_S, "SSH with the key from the ESP")
    assert list_failed(unit) == ""
    unit.wait_for(
        lambda: unit.ask("systemctl is-active multi-user.target") == "active",
        SETTLE_S,
        "multi-user.target",
    )


@pytest.mark.quick
def test_the_key_was_taken_from_the_esp_and_nothing_is_left_there(unit: EmulatedUnit) -> None:
    assert unit.order("ls /efi/provision") == ""


def test_the_root_is_read_only_and_what_changes_lies_on_the_data_partition(
    unit: EmulatedUnit,
) -> None:
    assert unit.run("sudo touch /usr/x").returncode != 0
    assert unit.ask("findmnt -no OPTIONS /").startswith("ro")
    assert unit.ask("findmnt -no SOURCE /var").startswith("/dev/")
    assert unit.order("systemctl list-units --state=failed --no-legend") == ""


def test_the_data_partition_has_grown_to_the_end_of_the_disk(unit: EmulatedUnit) -> None:
    whole = unit.disk.path.stat().st_size
    data = unit.disk.find("data")
    assert whole - (data.start + data.length) < 2 << 20
    assert int(unit.ask("df -B1 --output=size /var | tail -1")) > 0.9 * data.length


def test_no_port_but_the_page_and_ssh_is_reached(unit: EmulatedUnit) -> None:
    """A program that listens is not reached, until the packet filter is taken away."""
    serve = f"systemd-run -q --unit=listener python3 -m http.server {LISTENER}"
    unit.order(serve)
    port = unit.forward(LISTENER)
    unit.wait_for(lambda: unit.ask(f"ss -Hltn sport = :{LISTENER}"), 60, "the listener")
    assert not reaches(port)
    unit.order("nft flush ruleset")
    unit.wait_for(lambda: reaches(port), SETTLE_S, "the listener without a packet filter")
    unit.order("systemctl restart nftables; systemctl stop listener")
    listening = unit.ask('ss -Hltun | tr -s " " | cut -d" " -f5').split()
    assert {one.rpartition(":")[2] for one in listening} <= LISTENING


def reaches(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def test_nobody_gets_in_by_a_password_and_root_not_at_all(unit: EmulatedUnit) -> None:
    passwords = unit.ask(PASSWORDS).split()
    assert all(one.startswith(("!", "*")) for one in passwords), passwords
    apart = ("-o", "ControlPath=none", "-o", "BatchMode=yes")
    by_password = ("-o", "PreferredAuthentications=password,keyboard-interactive")
    for options in (by_password, ("-l", "root")):
        refused = unit.run_ssh((*apart, *options), "true")
        assert refused.returncode == 255
        assert "Permission denied (publickey)" in refused.stderr


@pytest.mark.quick
def test_settings_start_everything_at_once(unit: EmulatedUnit) -> None:
    """Written by a technician with a shell, as an editor does it."""
    write = f"cat >{SETTINGS}.new; chgrp appliance {SETTINGS}.new; chmod 640 {SETTINGS}.new"
    unit.order(f"{write}; mv {SETTINGS}.new {SETTINGS}", text=unit.site.settings)
    wait_for_services(unit)
    unit.wait_for(lambda: "battery" in unit.read_status(), SETTLE_S, "the page")
    battery = unit.read_status()["battery"]
    assert battery["fresh"]
    assert 60 < battery["state_of_charge_pct"] <= 100
    assert list_failed(unit) == ""


@pytest.mark.quick
def test_what_gets_a_new_name_on_the_boot_partition_is_whole_on_the_disk_at_once(
    unit: EmulatedUnit,
) -> None:
    """Linux gives it size 0 there until the file is synchronized once more."""
    done = unit.run("sudo /opt/appliance/venv/bin/python -", text=RENAME)
    assert done.returncode == 0, done.stderr
    assert unit.disk.read("renamed.txt") == "whole"
    unit.order("rm /efi/renamed.txt")


@pytest.mark.quick
def test_it_soon_sees_somebody_in_the_clip(unit: EmulatedUnit) -> None:
    unit.wait_for(unit.find_newest_event, DETECTION_S, "the first event")
    assert "fault" not in unit.ask("unitctl doctor")


def test_a_pid_1_that_stands_still_has_the_watchdog_reset_the_computer(unit: EmulatedUnit) -> None:
    """It stands still after a SIGSEGV, to which SIGSTOP is no match: PID 1 ignores that."""
    before = unit.find_boot()
    kept = read_identity(unit)
    began = time.monotonic()
    unit.run("sudo sh -c 'kill -SEGV 1'")
    unit.wait_for(lambda: "WATCHDOG" in unit.machine.list_events(), 180, "the watchdog")
    assert time.monotonic() - began > 5
    unit.wait_for_boot(before)
    assert read_identity(unit) == kept
    unit.wait_for(lambda: unit.look()[0] == 200, BOOT_S, "the page")
    wait_for_services(unit)


def read_identity(unit: EmulatedUnit) -> tuple[str, str, str]:
    """What must be the same for ever: the machine's id, its host key, its settings."""
    return (
        unit.ask("cat /etc/machine-id"),
        unit.order("cat /var/lib/ssh/ssh_host_ed25519_key.pub"),
        unit.order(f"cat {SETTINGS}"),
    )


def test_a_press_of_the_button_is_a_clean_end(unit: EmulatedUnit) -> None:
    unit.shut_down()
    assert Path(unit.machine.directory / "qemu.log").read_text() == ""
