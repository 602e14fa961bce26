"""A virtual computer: UEFI, one disk, one network card, a watchdog, a serial console.

Reads and writes: its disk, and beside it the firmware's variables, serial.log and qemu.log.
Never: is reached from another computer: its page and its SSH are ports of this one alone.
"""

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from provisioning.emulator.control import Control, explain_end
from provisioning.emulator.guest_disk import GuestDisk
from provisioning.emulator.programs import (
    FIRMWARE,
    QEMU,
    SECURE_FIRMWARE,
    VARIABLES,
    check_programs,
    choose_accelerator,
)
from provisioning.emulator.tpm import Tpm
from provisioning.image.tools import ImageError
from provisioning.runner import bind_to_parent

HOST = "10.0.2.2"  # this computer's loopback, seen from inside
CARD = "card"  # the network card's name in orders to QEMU
STOP_S = 180.0
BETWEEN_LOOKS_S = 0.2
# The firmware's variables are written by itself alone.
SECURE_FLASH = ("-global", "driver=cfi.pflash01,property=secure,value=on")


@dataclass(frozen=True, slots=True)
class Hardware:
    """`page_port` and `ssh_port`: on this computer's loopback. `clock`: what its own clock says at
    the start, as QEMU's `-rtc base=` has it (`utc`, or `2001-01-01T00:00:00`). `cable`: whether the
    network is plugged in at the start. `write_log`: a file that gets every order to the disk
    (QEMU's blklogwrites); a power cut is made of it afterwards. `tpm`: with a TPM 2.0.
    `secure_boot`: a firmware that can verify what it boots, without keys yet. `serial_ports`: ports
    of this computer, each of a device that hangs on a USB serial adapter of the machine's own.
    """

    page_port: int
    ssh_port: int
    memory_mib: int = 2048
    processors: int = 2
    clock: str = "utc"
    cable: bool = True
    write_log: Path | None = None
    tpm: bool = False
    secure_boot: bool = False
    serial_ports: tuple[int, ...] = ()


class Machine:
    """One disk with a computer around it, which can be started again and again.

    QEMU ends at each reset, and is started again: its firmware, emulated, stands still after one
    reset in two (QEMU 7.2, OVMF 2022.11).
    """

    def __init__(self, disk: GuestDisk, hardware: Hardware) -> None:
        check_programs()
        self.disk = disk
        self.hardware = hardware
        self.directory = disk.path.parent
        self._variables = self.directory / "firmware-variables"
        shutil.copy(VARIABLES, self._variables)
        self.tpm = Tpm(self.directory / "tpm")
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None
        self._earlier_events: list[str] = []

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def control(self) -> Control:
        assert self._control, "start it first"
        return self._control

    @property
    def console(self) -> str:
        """What came over the serial line since the start."""
        with suppress(FileNotFoundError):
            return self._serial.read_text(errors="replace")
        return ""

    def start(self) -> None:
        """Switch it on; raises `ImageError` with QEMU's words where that ends at once."""
        self._serial.unlink(missing_ok=True)
        self._earlier_events = []
        self._run()

    def go_on(self) -> None:
        """After a reset: start it again. Whoever waits for it calls this again and again."""
        if self._has_reset():
            self._earlier_events += self.control.events
            self._forget()
            self._run()

    def list_events(self) -> list[str]:
        """What QEMU has reported since the start: `WATCHDOG`, `SHUTDOWN` (a reset, too), ..."""
        self.go_on()
        with suppress(ImageError):  # in the middle of a reset
            self.control.list_events()
        return self._earlier_events + self.control.events

    def _run(self) -> None:
        if self.hardware.tpm:
            self.tpm.start()
        with (self.directory / "qemu.log").open("wb") as log:
            command = bind_to_parent([QEMU, *self._list_options()], signal.SIGTERM)
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._control = Control(self._socket)
            self._begin()
        except ImageError as error:
            if self._control and self._control.reset:  # before it had answered
                return
            self.cut_power()
            said = (self.directory / "qemu.log").read_text(errors="replace").strip()
            raise ImageError(f"the virtual machine did not start: {said or error}") from error

    def plug_cable(self, *, into: bool) -> None:
        """The network's."""
        self.control.order("set_link", name=CARD, up=into)

    def cut_power(self) -> None:
        """At once, with whatever was not written yet in the machine's memory."""
        if self._process:
            self._process.kill()
        self._forget()

    def shut_down(self, *, within_s: float = STOP_S) -> bool:
        """Press its button and wait; False where it had to be switched off."""
        if self.running:
            with suppress(ImageError):
                self.control.order("system_powerdown")
        ended = self.wait_for_end(within_s)
        self.cut_power()
        return ended

    def wait_for_end(self, within_s: float) -> bool:
        """Whether it has ended; `explain_end` says how."""
        until = time.monotonic() + within_s
        while self._goes_on() and time.monotonic() < until:
            time.sleep(BETWEEN_LOOKS_S)
        return not self._goes_on()

    def explain_end(self) -> str:
        """Why it has ended, where not by itself; "" where it has switched itself off."""
        assert self._process, "start it first"
        return explain_end(self.control.end, self._process.wait())

    def _goes_on(self) -> bool:
        self.go_on()
        return self.running or self._has_reset()

    def _has_reset(self) -> bool:
        """Whether QEMU has ended by a reset of the machine, and not by the machine's own end."""
        if not self._control or self.running:
            return False
        self._control.read_to_end()
        return self._control.reset

    @property
    def _serial(self) -> Path:
        return self.directory / "serial.log"

    @property
    def _socket(self) -> Path:
        return self.directory / "control"

    def _begin(self) -> None:
        """QEMU waits for it, so that no event and no packet is missed."""
        if not self.hardware.cable:
            self.plug_cable(into=False)
        self.control.order("cont")

    def _forget(self) -> None:
        if self._process:
            self._process.wait()
        if self._control:
            self._control.close()
        self.tpm.stop()
        self._process = self._control = None
        self._socket.unlink(missing_ok=True)

    def _list_options(self) -> list[str]:
        have = self.hardware
        return [
            *self._list_firmware(),
            *("-S", *choose_accelerator()),
            *("-smp", str(have.processors), "-m", str(have.memory_mib)),
            *("-rtc", f"base={have.clock}"),
            *self._list_disk(),
            *self._list_network(),
            *self._list_adapters(),
            *("-device", "i6300esb", "-action", "watchdog=reset,reboot=shutdown"),
            *("-device", "virtio-rng-pci", "-display", "none", "-monitor", "none"),
            *("-chardev", f"file,id=console,append=on,path={self._serial}"),
            *("-serial", "chardev:console"),
            *("-qmp", f"unix:{self._socket},server=on,wait=off"),
        ]

    def _list_network(self) -> list[str]:
        have = self.hardware
        forward = ",".join(
            f"hostfwd=tcp:127.0.0.1:{ours}-:{theirs}"
            for ours, theirs in ((have.page_port, 8443), (have.ssh_port, 22))
        )
        card = f"virtio-net-pci,netdev=net,id={CARD}"
        return ["-netdev", f"user,id=net,{forward}", "-device", card]

    def _list_adapters(self) -> list[str]:
        """The kernel's ttyUSB0, ttyUSB1, ... in the order of `serial_ports`."""
        options = ["-device", "qemu-xhci,id=usb"] if self.hardware.serial_ports else []
        for number, port in enumerate(self.hardware.serial_ports):
            device = f"serial{number}"
            options += ["-chardev", f"socket,id={device},host=127.0.0.1,port={port},reconnect=1"]
            options += ["-device", f"usb-serial,chardev={device},bus=usb.0,always-plugged=on"]
        return options

    def _list_firmware(self) -> list[str]:
        secure = self.hardware.secure_boot
        firmware = SECURE_FIRMWARE if secure else FIRMWARE
        return [
            *("-machine", "q35,smm=on" if secure else "q35"),
            *(SECURE_FLASH if secure else ()),
            *("-drive", f"if=pflash,format=raw,readonly=on,file={firmware}"),
            *("-drive", f"if=pflash,format=raw,file={self._variables}"),
            *(self.tpm.options if self.hardware.tpm else ()),
        ]

    def _list_disk(self) -> list[str]:
        """What is written stays in this computer's memory until it wants: `cut_power` loses none of
        it.
        """
        log = self.hardware.write_log
        if log is None:
            plain = f"if=none,id=disk,format=raw,discard=unmap,cache=unsafe,file={self.disk.path}"
            return ["-drive", plain, "-device", "virtio-blk-pci,drive=disk,bootindex=0"]
        log.touch()
        file = "driver=file,cache.no-flush=on"
        kind = "log-append=on" if log.stat().st_size else "log-sector-size=512"
        # Merged, a write may have the most parts that the kernel takes, and the log adds one.
        disk = "virtio-blk-pci,drive=logged,write-cache=on,bootindex=0,request-merging=off"
        return [
            *("-blockdev", f"{file},discard=unmap,node-name=disk,filename={self.disk.path}"),
            *("-blockdev", f"{file},node-name=log,filename={log}"),
            *("-blockdev", f"driver=blklogwrites,file=disk,log=log,node-name=logged,{kind}"),
            *("-device", disk),
        ]
