"""The image in a virtual machine, as a technician sees it: its page, and SSH with his key.

One machine serves many tests: a boot takes minutes where the processor is emulated.
"""

import json
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioning.command import claim_port
from provisioning.emulator.guest_disk import GuestDisk
from provisioning.emulator.machine import Hardware, Machine
from provisioning.emulator.site import Site

# Its authority is a new one in each boot of a new disk.
UNCHECKED = ssl._create_unverified_context()
BOOT_S = 900.0  # to the page, beside other work; 60 to 180 s alone
COMMAND_S = 180.0
BETWEEN_LOOKS_S = 1.0
GIB = 1 << 30
LOGIN = "unit login:"  # on the serial console: the boot is over, with a network or without
STAYS_OPEN = """ControlMaster auto
ControlPath {directory}/ssh
ControlPersist yes
LogLevel ERROR
ConnectTimeout 30
"""


class EmulatedUnit:
    """A machine, its site, and the two ways into it."""

    def __init__(
        self,
        image: Path,
        directory: Path,
        *,
        disk_bytes: int = 0,
        camera: bool = True,
        tpm: bool = False,
        secure_boot: bool = False,
        serial: bool = False,
    ) -> None:
        directory.mkdir(parents=True)
        self.is_new = True
        charger, bms = claim_port(0), claim_port(0)
        self.site = Site(
            directory, charger_port=charger, bms_port=bms, camera=camera, serial=serial
        )
        disk = GuestDisk.copy(image, directory / "disk.raw", least_bytes=disk_bytes)
        disk.put(self.site.make_key(), "provision/authorized_keys")
        page, ssh = claim_port(0), claim_port(0)
        adapters = (charger, bms) if serial else ()
        hardware = Hardware(page, ssh, tpm=tpm, secure_boot=secure_boot, serial_ports=adapters)
        self.machine = Machine(disk, hardware)
        self.ssh_settings = self.site.write_ssh_settings(self.machine.hardware.ssh_port)
        with self.ssh_settings.open("a") as file:
            file.write(STAYS_OPEN.format(directory=directory))

    @property
    def disk(self) -> GuestDisk:
        """To be written while the machine is off."""
        return self.machine.disk

    def boot(self, *, clock: str = "utc", cable: bool = True) -> None:
        """Start, and wait for its page; without a cable for the end of the boot."""
        self.machine.hardware = replace(self.machine.hardware, clock=clock, cable=cable)
        self.forget_connection()
        self.machine.start()
        self.is_new = False
        if cable:
            self.wait_for(lambda: self.look()[0], BOOT_S, "the page")
        else:
            self.wait_for(lambda: LOGIN in self.machine.console, BOOT_S, "the end of the boot")

    def wait_for_boot(self, earlier: str, *, seconds: float = BOOT_S) -> None:
        """Until it runs again, and not the boot of that id any more."""

        def is_another() -> bool:
            self.forget_connection()
            return self.find_boot() not in ("", earlier)

        self.wait_for(is_another, seconds, "the next boot")

    def find_boot(self) -> str:
        """The id of this boot; empty where nobody answers."""
        return self.ask("cat /proc/sys/kernel/random/boot_id")

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while not condition():
            self.machine.go_on()
            assert self.machine.running, f"the machine ended while {what} was waited for"
            assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
            time.sleep(BETWEEN_LOOKS_S)

    # --- the two ways in ------------------------------------------------

    def look(self, path: str = "/") -> tuple[int, str]:
        """Status and text of the page; (0, "") where nobody answers."""
        address = f"https://127.0.0.1:{self.machine.hardware.page_port}{path}"
        try:
            with urllib.request.urlopen(address, timeout=60, context=UNCHECKED) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def read_status(self) -> dict[str, Any]:
        """What the page shows; empty where it has nothing to show."""
        status, text = self.look("/api/status")
        found: dict[str, Any] = json.loads(text) if status == 200 else {}
        return found

    def find_newest_event(self) -> object:
        """The newest event on the page; None where there is none."""
        return self.read_status().get("events", {}).get("newest")

    def list_faults(self) -> str:
        """Their sentences, on the page."""
        return "\n".join(one["text"] for one in self.read_status().get("faults", ()))

    def run(self, command: str, *, text: str = "") -> subprocess.CompletedProcess[str]:
        """A command of a technician's shell, with `text` as its input."""
        return self.run_ssh((), command, text=text)

    def run_ssh(
        self, options: Iterable[str], command: str, *, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """The same, with options of `ssh`."""
        words = ["ssh", "-F", str(self.ssh_settings), *options, "unit", command]
        return subprocess.run(
            words, input=text, capture_output=True, text=True, check=False, timeout=COMMAND_S
        )

    def forward(self, port: int) -> int:
        """Make another of the unit's ports one of this computer; returns that."""
        ours = claim_port(0)
        line = f"hostfwd_add net tcp:127.0.0.1:{ours}-:{port}"
        self.machine.control.order("human-monitor-command", **{"command-line": line})
        return ours

    def ask(self, command: str) -> str:
        """What it prints, whatever its exit code; empty where nobody answers."""
        try:
            return self.run(command).stdout.strip()
        except subprocess.TimeoutExpired:
            return ""

    def order(self, command: str, *, text: str = "") -> str:
        """As root; what it prints. Fails where the command does."""
        done = self.run(f"sudo sh -ec '{command}'", text=text)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def forget_connection(self) -> None:
        """The one that is kept open, before the machine ends."""
        words = ["ssh", "-F", str(self.ssh_settings), "-O", "exit", "unit"]
        subprocess.run(words, capture_output=True, check=False)

    def forget_host_key(self) -> None:
        """As `ssh-keygen -R` does."""
        (self.ssh_settings.parent / "known-hosts").unlink(missing_ok=True)

    def shut_down(self) -> None:
        """By its button; fails where it does not end by itself."""
        self.forget_connection()
        assert self.machine.shut_down(), self.machine.console[-2000:]

    def remove(self) -> None:
        self.forget_connection()
        self.machine.cut_power()
        shutil.rmtree(self.machine.directory)
