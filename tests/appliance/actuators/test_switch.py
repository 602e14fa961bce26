"""Switched loads: the kernel's files, commands without a shell, and magic packets on loopback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.actuators import switch as switch_module
from appliance.actuators.errors import SwitchError
from appliance.actuators.switch import (
    list_interfaces,
    make_magic_packet,
    read_back,
    switch,
    switch_all_off,
    wake,
)
from appliance.errors import SettingsError
from appliance.sections.loads import SwitchKind, SwitchSettings
from appliance.settings import Settings
from tests.conftest import ROOT, OpenStore

MAC = "02:00:5e:10:00:01"
PACKET = b"\xff" * 6 + bytes.fromhex("02005e100001") * 16


@pytest.fixture
def led(tmp_path: Path) -> Path:
    path = tmp_path / "sys/class/leds/modem/brightness"
    path.parent.mkdir(parents=True)
    path.write_text("0\n")
    return path


def site(settings: Settings, **switches: SwitchSettings) -> Settings:
    return replace(settings, switch=switches)


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_written_and_read_back(settings: Settings, led: Path) -> None:
    unit = site(settings, modem=SwitchSettings(path=led))
    assert switch("modem", on=True, settings=unit) == f"modem is on: {led} reads 1"
    assert led.read_text().strip() == "1"
    assert switch("modem", on=False, settings=unit) == f"modem is off: {led} reads 0"
    assert led.read_text().strip() == "0"


def test_a_regulator_has_words_of_its_own(settings: Settings, led: Path) -> None:
    unit = site(settings, supply=SwitchSettings(path=led, on="enabled", off="disabled"))
    switch("supply", on=True, settings=unit)
    assert led.read_text() == "enabled"


def test_a_file_that_says_something_else_is_reported(settings: Settings) -> None:
    """A regulator takes 1 and shows "enabled"; /dev/null takes everything and shows nothing."""
    unit = site(settings, modem=SwitchSettings(path=Path("/dev/null")))
    with pytest.raises(SwitchError, match=r"set to '1' and /dev/null reads '': use in `on`"):
        switch("modem", on=True, settings=unit)


def test_a_file_that_is_not_there_is_reported_and_never_made(settings: Settings, led: Path) -> None:
    led.unlink()
    with pytest.raises(SwitchError, match="No such file or directory; check its driver"):
        switch("modem", on=True, settings=site(settings, modem=SwitchSettings(path=led)))
    assert not led.exists()


def test_a_file_switch_without_a_path_is_a_mistake_in_the_settings(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"\[switch.modem\] needs a `path`"):
        switch("modem", on=True, settings=site(settings, modem=SwitchSettings()))


def test_an_unknown_switch_is_reported_with_those_that_exist(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"no \[switch.x\] in .*; known: modem"):
        switch("x", on=True, settings=site(settings, modem=SwitchSettings()))


# --- commands -----------------------------------------------------------------------------------


def command(on: str, off: str = "/bin/false") -> SwitchSettings:
    return SwitchSettings(kind=SwitchKind.COMMAND, on=on, off=off)


def test_a_command_gets_its_words_as_they_are_quoted(settings: Settings, tmp_path: Path) -> None:
    received = tmp_path / "heard"
    relay = program(tmp_path / "relay", f"printf '%s\\n' \"$@\" > {received}")
    unit = site(settings, pump=command(f"{relay} port 'two words' ';' '$HOME' '*'"))
    assert switch("pump", on=True, settings=unit).startswith("pump is on")
    assert received.read_text().splitlines() == ["port", "two words", ";", "$HOME", "*"]


def test_no_shell_reads_the_command(settings: Settings, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    switch("pump", on=True, settings=site(settings, pump=command(f"/bin/echo x > {touched}")))
    assert not touched.exists()


def test_a_command_that_fails_is_reported_in_its_own_last_words(
    settings: Settings, tmp_path: Path
) -> None:
    relay = program(tmp_path / "relay", "echo first >&2; echo no relay board >&2; exit 3")
    with pytest.raises(SwitchError, match=r"failed with 3: no relay board$"):
        switch("pump", on=True, settings=site(settings, pump=command(relay)))


def test_a_command_that_is_not_there_is_reported(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SwitchError, match=r"command of the switch pump did not run.*missing"):
        switch("pump", on=True, settings=site(settings, pump=command(f"{tmp_path}/missing")))


def test_a_command_that_hangs_is_ended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch_module, "COMMAND_S", 0.1)
    with pytest.raises(SwitchError, match="timed out after"):
        switch("pump", on=True, settings=site(settings, pump=command("/bin/sleep 60")))


def test_a_command_that_leaves_a_process_behind_has_succeeded_when_it_ends(
    settings: Settings, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    relay = program(tmp_path / "relay", f"sleep 600 & echo $! > {left}; echo done; exit 0")
    try:
        assert switch("pump", on=True, settings=site(settings, pump=command(relay)))
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)


@pytest.mark.parametrize(
    ("on", "message"), [("1", "needs a command in `on`"), ("a 'b", "open quote")]
)
def test_a_command_that_is_none_is_a_mistake_in_the_settings(
    settings: Settings, on: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        switch("pump", on=True, settings=site(settings, pump=command(on)))


# --- hosts --------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as received:
        received.bind(("127.0.0.1", 0))
        received.settimeout(2.0)
        yield received


def test_a_magic_packet_is_what_network_cards_listen_for() -> None:
    assert make_magic_packet(MAC) == make_magic_packet(MAC.upper().replace(":", "-")) == PACKET
    assert len(PACKET) == 102


@pytest.mark.parametrize("mac", ["", "02:00:5e:10:00", "02:00:5e:10:00:0g", f"{MAC}:01"])
def test_what_is_no_hardware_address_is_a_mistake_in_the_settings(mac: str) -> None:
    with pytest.raises(SettingsError, match=r"\[switch.gpu-1\] needs in `mac`"):
        make_magic_packet(mac, "gpu-1")


def test_the_packet_leaves_by_the_interface_that_is_named(listener: socket.socket) -> None:
    assert wake(MAC, "gpu-1", ["lo"], listener.getsockname()) == ["lo"]
    assert listener.recvfrom(200)[0] == PACKET


def test_an_interface_that_takes_nothing_does_not_hold_up_the_next(
    listener: socket.socket,
) -> None:
    assert wake(MAC, "gpu-1", ["gone0", "lo"], listener.getsockname()) == ["lo"]
    assert listener.recvfrom(200)[0] == PACKET


@pytest.mark.parametrize("over", [[], ["gone0"]])
def test_a_packet_that_cannot_leave_is_reported(over: list[str]) -> None:
    with pytest.raises(SwitchError, match="magic packet for gpu-1 could not be sent"):
        wake(MAC, "gpu-1", over, switch_module.EVERYBODY)


def test_every_interface_but_the_loopback_is_called() -> None:
    assert "lo" not in list_interfaces()


def test_a_host_is_woken_by_packet_and_goes_off_by_command(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    listener: socket.socket,
) -> None:
    monkeypatch.setattr(switch_module, "list_interfaces", lambda: ["lo"])
    monkeypatch.setattr(switch_module, "EVERYBODY", listener.getsockname())
    off = program(tmp_path / "off", f"echo off > {tmp_path}/heard")
    host = SwitchSettings(kind=SwitchKind.WAKE_ON_LAN, mac=MAC, off=off)
    unit = site(settings, gpu=host)
    assert switch("gpu", on=True, settings=unit) == "gpu was sent its magic packet on lo"
    assert listener.recvfrom(200)[0] == PACKET
    assert switch("gpu", on=False, settings=unit).startswith("gpu is off")
    assert (tmp_path / "heard").read_text() == "off\n"


def test_a_host_without_a_command_is_left_and_that_is_reported(settings: Settings) -> None:
    unit = site(settings, gpu=SwitchSettings(kind=SwitchKind.WAKE_ON_LAN, mac=MAC))
    assert "no command that switches it off" in switch("gpu", on=False, settings=unit)


# --- all of them, and as a program --------------------------------------------------------------


def test_all_go_off_and_one_that_fails_does_not_hold_up_the_next(
    settings: Settings, led: Path
) -> None:
    led.write_text("1")
    unit = site(settings, pump=command("/bin/true"), modem=SwitchSettings(path=led))
    with pytest.raises(SwitchError, match="pump"):
        switch_all_off(unit, wait=lambda _: None)
    assert led.read_text().strip() == "0"


def test_a_host_that_does_not_answer_at_boot_is_off(settings: Settings) -> None:
    host = SwitchSettings(kind=SwitchKind.WAKE_ON_LAN, mac=MAC, off="/bin/false")
    assert "failed with 1" in switch_all_off(site(settings, gpu=host))


def test_a_unit_without_switches_has_nothing_to_do(settings: Settings) -> None:
    assert switch_all_off(site(settings)) == "there is nothing to switch"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.actuators.switch", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_program_switches_and_keeps_its_fault_until_it_succeeds(
    settings: Settings, open_store: OpenStore, led: Path
) -> None:
    store = open_store()
    settings.path.write_text(
        f'[unit]\ndata_dir = "{settings.unit.data_dir}"\nrun_dir = "{settings.unit.run_dir}"\n'
        f'[switch.modem]\npath = "{led}"\n'
    )
    led.rename(led.with_name("away"))
    done = run("on", "modem", "--settings", settings.path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    [fault] = store.list_open_faults()
    assert (fault.source, fault.code) == ("switch@modem", "switch")
    assert "the switch modem could not be set to '1'" in fault.text
    led.with_name("away").rename(led)
    assert run("on", "modem", "--settings", settings.path).returncode == 0
    assert led.read_text().strip() == "1"
    assert store.list_open_faults() == []


def test_the_program_works_without_a_database(settings: Settings, led: Path) -> None:
    settings.path.write_text(f'[switch.modem]\npath = "{led}"\n[unit]\ndata_dir = "/nowhere"\n')
    assert run("on", "modem", "--settings", settings.path).returncode == 0
    assert run("off", "--settings", settings.path).returncode == 0
    assert led.read_text().strip() == "0"


def test_mistakes_in_settings_and_usage_have_an_exit_code_of_their_own(settings: Settings) -> None:
    settings.path.write_text("[switch.modem]\n")
    for words in (["on", "modem"], ["on", "pump"], ["on"], ["sideways", "modem"]):
        done = run(*words, "--settings", settings.path)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False), words


def test_a_relay_whose_file_comes_late_is_switched_off_at_boot(
    settings: Settings, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 4:
            late.write_text("1\n")

    unit = site(settings, late=SwitchSettings(path=late), never=SwitchSettings(path=late))
    assert "late is off" in switch_all_off(unit, wait)
    assert late.read_text() == "0"
    assert waited == [1.0] * 4


def test_a_relay_that_never_comes_is_reported_and_holds_up_the_boot_for_seconds_only(
    settings: Settings, tmp_path: Path
) -> None:
    waited: list[float] = []
    unit = site(settings, gone=SwitchSettings(path=tmp_path / "gone"))
    with pytest.raises(SwitchError, match="the switch gone could not be set"):
        switch_all_off(unit, waited.append)
    assert sum(waited) <= 11


@pytest.mark.parametrize(("text", "on"), [("1\n", True), ("0\n", False), ("2\n", None)])
def test_a_switch_reads_back_what_it_is(tmp_path: Path, text: str, on: bool | None) -> None:
    (tmp_path / "relay").write_text(text)
    assert read_back(SwitchSettings(path=tmp_path / "relay")) is on


def test_what_cannot_be_read_back_is_unknown(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe"):
        assert read_back(SwitchSettings(path=path)) is None
    assert read_back(SwitchSettings(kind=SwitchKind.WAKE_ON_LAN, mac=MAC)) is None
