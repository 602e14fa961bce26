"""How `make image-run` tells the end of the machine: a stand-in for QEMU, as a real process."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from provisioning.emulator import demonstration
from provisioning.emulator import machine as machine_module
from provisioning.emulator.control import explain_end
from provisioning.emulator.guest_disk import GuestDisk
from provisioning.emulator.machine import Hardware, Machine
from provisioning.image.tools import ImageError

QEMU = f"""#!{sys.executable}
import json, os, socket, sys
path = next(one for one in sys.argv if one.startswith("unix:"))[5:].split(",")[0]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen()
opened, _ = server.accept()
lines = opened.makefile("rw")
lines.write('{{"QMP": {{}}}}\\n')
lines.flush()
for line in lines:
    lines.write('{{"return": {{}}}}\\n')
    lines.flush()
    if json.loads(line)["execute"] == "cont":
        break
"""
SAYS = """lines.write(json.dumps({"event": "SHUTDOWN", "data": {"reason": "%s"}}) + "\\n")
lines.flush()
"""
KILLED = "os.kill(os.getpid(), 9)\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Without a guest: its QEMU is a file beside it."""
    (tmp_path / "variables").touch()
    for name, value in (
        ("QEMU", str(tmp_path / "qemu")),
        ("VARIABLES", tmp_path / "variables"),
        ("check_programs", lambda: None),
        ("choose_accelerator", lambda: ()),
    ):
        monkeypatch.setattr(machine_module, name, value)
    for name in ("wait_for_page", "tell_ways_in"):
        monkeypatch.setattr(demonstration, name, lambda *_: None)
    return Machine(GuestDisk(tmp_path / "disk.raw"), Hardware(page_port=0, ssh_port=0))


def show(machine: Machine, ends: str) -> None:
    program = machine.directory / "qemu"
    program.write_text(QEMU + ends)
    os.chmod(program, 0o755)
    site: Any = SimpleNamespace(simulated=nullcontext)
    demonstration.show((machine, site))


def test_a_unit_that_switches_itself_off_is_told_so(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    show(machine, SAYS % "guest-shutdown")
    assert capsys.readouterr().out == "the unit has switched itself off\n"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (KILLED, r"by signal 9 \(Killed\): the unit has not"),
        (SAYS % "host-signal", "with exit code 0; it says host-signal: the unit has not"),
        ("sys.exit(1)\n", "with exit code 1: the unit has not"),
    ],
)
def test_a_machine_that_was_ended_from_outside_has_not_switched_itself_off(
    machine: Machine, capsys: pytest.CaptureFixture[str], ends: str, words: str
) -> None:
    with pytest.raises(ImageError, match=words):
        show(machine, ends)
    assert capsys.readouterr().out == ""
    assert not machine.running


def test_the_reason_counts_more_than_the_exit_code() -> None:
    assert explain_end("guest-shutdown", -9) == ""
