"""Two slots as RAUC and systemd-boot keep them, in `files`: real backend, a model of the loader.

    board = EspBoard(files)
    board.begin("1")
    board.boot()                       # counts down, boots, arms again; raises where nothing boots

Reads and writes: `files`, and kernels in a directory of its own.
Never: knows more of the loader than tests/stand_ins/boot_loader.py.
"""

import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from ota.errors import SlotError
from ota.files import replace
from ota.slots.slots import OnProgress, SlotsReport, SlotState, SlotStatus
from ota.slots.systemd_boot import BootSource, SystemdBoot
from tests.stand_ins.boot_loader import BootLoader
from tests.stand_ins.update_unit import Board

ESP, SLOTS = Path("/efi"), Path("/slots")
NAMES = ("A", "B")
MOST_STARTS = 12  # a box that starts more often than this restarts for ever


@lru_cache(maxsize=1)
def make_kernels() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kernels-"))
    (folder / "linux").write_bytes(b"kernel" * 300)
    (folder / "initrd").write_bytes(b"initrd" * 200)
    return folder


@dataclass
class EspBoard(Board):
    """`make_backend`: what RAUC asks; `booted`: as the kernel's command line says."""

    make_backend: ClassVar[type[SystemdBoot]] = SystemdBoot
    booted: str = "A"
    counted: str = ""
    loader: BootLoader = field(init=False)

    def __post_init__(self) -> None:
        self.loader = BootLoader(ESP, self.files)

    @property
    def backend(self) -> SystemdBoot:
        return self.make_backend(ESP, ESP / "boot.json", self.files, self.read_source)

    def read_slot(self, slot: str) -> str:
        """The release in a slot, "" where it is half written."""
        if self.files.measure(SLOTS / slot) is None:
            return ""
        return self.files.read(SLOTS / slot, most_bytes=99).decode()

    def read_source(self, slot: str) -> BootSource:
        folder = make_kernels()
        return BootSource(
            self.read_slot(slot), folder / "linux", folder / "initrd", "root=x ro quiet"
        )

    def begin(self, release: str) -> None:
        """The disk as the image is delivered."""
        for folder in (SLOTS, ESP / "loader/entries"):
            self.files.make_directory(folder)
            for above in (folder, *folder.parents):
                self.files.sync_directory(above)
        replace(self.files, SLOTS / "A", release.encode())
        self.backend.set_primary("A")
        self.loader.boot()
        self.loader.bless()
        self.backend.set_state("A", good=True)

    def boot(self) -> None:
        for _ in range(MOST_STARTS):
            self.booted = self.loader.boot()
            release = self.read_slot(self.booted)
            if self.is_kernel_whole() and release and release not in self.dead:
                self.backend.rearm()
                return
        raise AssertionError("the unit restarts for ever")

    def is_kernel_whole(self) -> bool:
        kernel = self.files.read(self.loader.kernel, most_bytes=10**6)
        return kernel == (make_kernels() / "linux").read_bytes()

    # --- Slots, as RaucSlots has RAUC do it ------------------------------------------------------

    @property
    def other(self) -> str:
        return NAMES[1 - NAMES.index(self.booted)]

    def examine(self) -> SlotsReport:
        primary = ""
        try:
            primary = self.backend.get_primary()
        except SlotError:
            primary = ""
        slots = {name: self.describe_slot(name) for name in NAMES}
        return SlotsReport(self.booted, primary, slots)

    def describe_slot(self, name: str) -> SlotStatus:
        release = self.read_slot(name)
        if self.backend.get_state(name):
            return SlotStatus(release, SlotState.GOOD)
        return SlotStatus(release, SlotState.BAD if release else SlotState.EMPTY)

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:
        if self.files.measure(image) is None:
            raise SlotError(f"{image} is missing", "image-missing")
        slot = SLOTS / self.other
        self.backend.set_state(self.other, good=False)
        self.files.write(slot, b"")
        self.files.write(slot, release.encode())
        self.files.sync(slot)
        self.files.sync_directory(SLOTS)

    def arm(self) -> None:
        self.backend.set_primary(self.other)

    def commit(self) -> None:
        """boot-complete.target, then `rauc status mark-good` and `mark-active booted`."""
        self.loader.bless()
        self.backend.set_state(self.booted, good=True)
        self.backend.set_primary(self.booted)

    def fall_back(self) -> None:
        self.backend.set_primary(self.other)
        self.backend.set_state(self.booted, good=False)
