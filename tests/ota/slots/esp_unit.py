"""A unit with two slots and an ESP: what RAUC, the firmware and the services do to it, in order."""

from collections.abc import Callable
from pathlib import Path

from ota.files import Files
from ota.slots.systemd_boot import BootSource, SystemdBoot
from ota.slots.unified import Unified
from tests.stand_ins.boot_loader import BootLoader

Backend = Callable[[Path, Path, Files, Callable[[str], BootSource]], SystemdBoot]


class EspUnit:
    """`systems`: what each slot holds; a release whose name begins with "bad" never comes up.
    `unified`: the file and the place in it where a signed kernel lies, of all of them.
    """

    def __init__(
        self,
        base: Path,
        files: Files,
        sources: Path,
        backend: Backend = SystemdBoot,
        unified: Unified | None = None,
    ) -> None:
        self.unified = unified
        self.esp, self.files, self.sources = base / "esp", files, sources
        self.systems = {"A": "1.0", "B": ""}
        self.backend = backend(self.esp, base / "boot.json", files, self.read_source)
        self.loader = BootLoader(self.esp, files)
        self.booted = "A"

    def read_source(self, slot: str) -> BootSource:
        linux, initrd = self.sources / "linux", self.sources / "initrd"
        return BootSource(self.systems[slot], linux, initrd, "root=x ro quiet", self.unified)

    def make_image(self) -> None:
        """The ESP as the image is delivered: one slot, committed."""
        self.files.make_directory(self.esp / "loader/entries")
        self.backend.set_primary("A")
        self.backend.set_state("A", good=True)

    @property
    def other(self) -> str:
        return "B" if self.booted == "A" else "A"

    def install(self, release: str) -> None:
        """In RAUC's order: the other slot is taken out, written, armed."""
        slot = self.other
        self.backend.set_state(slot, good=False)
        self.systems[slot] = release
        self.backend.set_primary(slot)

    def boot(self, *, brown_outs: int = 0) -> str:
        """The release that runs at last; one that is bad is reset by its watchdog."""
        for _ in range(brown_outs):
            self.loader.boot()
        for _ in range(12):
            self.booted = self.loader.boot()
            if self.is_kernel_whole() and not self.systems[self.booted].startswith("bad"):
                return self.systems[self.booted]
        raise AssertionError("the unit restarts for ever")

    def is_kernel_whole(self) -> bool:
        kernel = self.files.read(self.loader.kernel, most_bytes=10**6)
        whole = (self.sources / "linux").read_bytes()
        if self.unified:
            return kernel == whole[self.unified.offset :][: self.unified.length]
        return kernel == whole

    def commit(self) -> None:
        """systemd-bless-boot and `rauc status mark-good`, which may come in any order."""
        self.loader.bless()
        self.backend.set_state(self.booted, good=True)
