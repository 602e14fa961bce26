"""A Jetson's firmware as edk2-nvidia's L4TRootfsValidation.c has it, over a directory of variables.

Retries are in a register that a warm restart keeps and a power cut clears; the status of a slot is
a variable, which only an operating system (or a person at the menu) sets back.

Reads and writes: files in the form of efivarfs. Never: knows what our own code thinks.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

GUID = "781e084c-a330-417c-b678-38e696380cb9"
RECOVERY, RETRIES, UNBOOTABLE = "recovery", 3, 0xFF


class JetsonFirmware:
    """`current`: the slot that was booted last, 0 or 1."""

    def __init__(self, variables: Path, *, redundancy: int | None = 1) -> None:
        self.variables = variables
        variables.mkdir(parents=True, exist_ok=True)
        self.current = 0
        self.retries: list[int] | None = None
        if redundancy is not None:
            self.put("RootfsRedundancyLevel", redundancy)
        for name in ("A", "B"):
            self.put(f"RootfsStatusSlot{name}", 0)

    def put(self, name: str, value: int) -> None:
        (self.variables / f"{name}-{GUID}").write_bytes(struct.pack("<II", 7, value))

    def get(self, name: str) -> int | None:
        path = self.variables / f"{name}-{GUID}"
        return int(struct.unpack("<II", path.read_bytes())[1]) if path.exists() else None

    def cut_power(self) -> None:
        self.retries = None

    def boot(self) -> str:
        """One start; the slot whose kernel runs, or the recovery kernel."""
        wanted = self.get("BootChainFwNext")
        if wanted is not None:
            (self.variables / f"BootChainFwNext-{GUID}").unlink()
            self.current, self.retries = wanted, None
        status = [self.get(f"RootfsStatusSlot{name}") for name in "AB"]
        if self.retries is None:
            self.retries = [0 if one == UNBOOTABLE else RETRIES for one in status]
        if status == [UNBOOTABLE, UNBOOTABLE]:
            self.retries = None
            return RECOVERY
        for slot in (self.current, 1 - self.current):
            if self.retries[slot]:
                self.retries[slot] -= 1
                self.current = slot
                return "AB"[slot]
            self.put(f"RootfsStatusSlot{'AB'[slot]}", UNBOOTABLE)
        self.retries = None
        return RECOVERY

    def run(self, words: Sequence[str]) -> str:
        """Nvbootctl."""
        assert list(words[:3]) == ["nvbootctl", "-t", "rootfs"]
        if words[3] == "get-current-slot":
            return f"{self.current}\n"
        if words[3] == "set-active-boot-slot":
            self.put("BootChainFwNext", int(words[4]))
        elif words[3] == "mark-boot-successful":
            assert self.retries is not None
            self.retries[self.current] = RETRIES
        return ""
