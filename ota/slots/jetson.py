"""RAUC's boot loader backend for a Jetson: NVIDIA's two root file systems, by UEFI variables.

    boot = JetsonBoot(Path("/sys/firmware/efi/efivars"), run)
    boot.preflight()          # SlotError where the firmware would ignore a switch
    boot.set_primary("B")     # its status is reset before, then nvbootctl switches

Source: edk2-nvidia, L4TRootfsValidation.c: tries that are used up set `RootfsStatusSlotX` to 0xFF
for good, and where both are, the recovery kernel is booted. So a status is set back before a switch
and after a commit. Orin needs L4T R39.2.

Reads and writes: variables of NVIDIA in efivarfs; `nvbootctl`.
Never: switches to a slot that it did not set back, or arms a machine without a second system.
"""

import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.strict_json import show
from appliance.wording.sentence import say
from ota.errors import SlotError

GUID = "781e084c-a330-417c-b678-38e696380cb9"  # gNVIDIAPublicVariableGuid
ATTRIBUTES = 7  # non-volatile, boot services, run time
NORMAL, UNBOOTABLE = 0, 0xFF
REDUNDANT = 1  # NVIDIA_OS_REDUNDANCY_BOOT_ROOTFS
SLOTS = ("A", "B")
GET_FLAGS, SET_FLAGS, IMMUTABLE = 0x80086601, 0x40086602, 0x10  # linux/fs.h
LIMIT_S = 30.0
Run = Callable[[Sequence[str]], str]


class JetsonBoot:
    """`run`: runs a program and returns what it prints; raises `SlotError`."""

    def __init__(self, variables: Path, run: Run | None = None) -> None:
        self._variables = variables
        self._run = run or run_program

    def preflight(self) -> None:
        """Raise `SlotError` where the firmware has no second system, or has given one up."""
        level = self._read("RootfsRedundancyLevel")
        if level != REDUNDANT:
            raise SlotError(
                say(
                    "RootfsRedundancyLevel is {level}: this Jetson was flashed with one system, "
                    "and its firmware ignores a switch; flash it with ROOTFS_AB=1",
                    level=level,
                ),
                "no-redundancy",
            )
        if not self.get_state(self.get_current()):
            raise SlotError(
                say(
                    "the firmware holds the running slot for unbootable: `rauc status "
                    "mark-good` before an update, else a failed one ends in the recovery kernel"
                ),
                "running-slot-bad",
            )

    def get_current(self) -> str:
        """The slot that runs, as `nvbootctl` says."""
        text = self._run(("nvbootctl", "-t", "rootfs", "get-current-slot")).strip()
        if text not in ("0", "1"):
            raise SlotError(
                say("nvbootctl names no slot, but {text}", text=show(text)), "nvbootctl"
            )
        return SLOTS[int(text)]

    def get_primary(self) -> str:
        """The slot of the next boot: the one that was asked for, else the one that runs."""
        wanted = self._read("BootChainFwNext")
        return SLOTS[wanted] if wanted in (0, 1) else self.get_current()

    def get_state(self, slot: str) -> bool:
        return self._read(self._name_status(slot)) != UNBOOTABLE

    def set_primary(self, slot: str) -> None:
        self._write(self._name_status(slot), NORMAL)
        if self.get_primary() != slot:
            number = str(SLOTS.index(slot))
            self._run(("nvbootctl", "-t", "rootfs", "set-active-boot-slot", number))

    def set_state(self, slot: str, *, good: bool) -> None:
        if good:
            self._write(self._name_status(slot), NORMAL)
            if slot == self.get_current():
                self._run(("nvbootctl", "-t", "rootfs", "mark-boot-successful"))
            return
        (other,) = set(SLOTS) - {slot}
        if not self.get_state(other):
            raise SlotError(
                say(
                    "slot {other} is given up by the firmware, so {slot} stays: `rauc status "
                    "mark-good other` first",
                    other=other,
                    slot=slot,
                ),
                "last-entry",
            )
        self._write(self._name_status(slot), UNBOOTABLE)

    def _name_status(self, slot: str) -> str:
        if slot not in SLOTS:
            raise SlotError(
                say("there is no slot {slot}: A and B are", slot=show(slot)), "no-such-slot"
            )
        return f"RootfsStatusSlot{slot}"

    def _read(self, name: str) -> int | None:
        """A variable's 32 bits; None where there is none."""
        path = self._variables / f"{name}-{GUID}"
        try:
            data = path.read_bytes()[:64]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise make_error(path, error) from error
        return int.from_bytes(data[4:8], "little") if len(data) >= 8 else None

    def _write(self, name: str, value: int) -> None:
        """In one write, which the firmware stores whole or not at all; none where it is so."""
        path = self._variables / f"{name}-{GUID}"
        if self._read(name) == value:
            return
        try:
            with unlocked(path):
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
                try:
                    os.write(handle, struct.pack("<II", ATTRIBUTES, value))
                finally:
                    os.close(handle)
        except OSError as error:
            raise make_error(path, error) from error


def make_error(path: Path, error: OSError) -> SlotError:
    return SlotError(
        say(
            "{path} cannot be used ({cause}): efivarfs must be mounted for writing, and this "
            "must be run by root",
            path=path,
            cause=error.strerror,
        ),
        "efivars",
    )


@contextmanager
def unlocked(path: Path) -> Iterator[None]:
    """Without the mark that keeps a variable of firmware from being removed by mistake."""
    if not path.exists():
        yield
        return
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        before = change_flags(handle, clear=IMMUTABLE)
        yield
        if before & IMMUTABLE:
            change_flags(handle, add=IMMUTABLE)
    finally:
        os.close(handle)


def change_flags(handle: int, *, clear: int = 0, add: int = 0) -> int:
    """The flags of before; 0 on a file system that has none."""
    flags = 0
    try:
        answer = fcntl.ioctl(handle, GET_FLAGS, struct.pack("l", 0))
        flags = int(struct.unpack("l", answer)[0])
        if (flags & ~clear) | add != flags:
            fcntl.ioctl(handle, SET_FLAGS, struct.pack("l", (flags & ~clear) | add))
    except OSError as error:
        if error.errno not in (errno.ENOTTY, errno.EOPNOTSUPP):
            raise
    return flags


def run_program(words: Sequence[str]) -> str:
    """What a program prints; raises `SlotError`."""
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False
        )
        if done.returncode == 0:
            return done.stdout
        text = done.stderr.strip()[-200:]
        raise SlotError(
            say("`{words}` failed: {text}", words=" ".join(words), text=show(text)), "nvbootctl"
        )
    raise SlotError(
        say("`{words}` cannot be run, or takes too long", words=" ".join(words)), "nvbootctl"
    )
