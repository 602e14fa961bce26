"""USB sticks as loop devices with a real file system, and the kernel's list of them.

with Shelf(tmp_path) as shelf:
    stick = shelf.plug("updates/image/metadata", "updates/director/metadata")
    shelf.drives, shelf.mounts

Reads: loop devices of this computer. Writes: images, mounts below its directory.
Never: leaves a loop device or a mount behind.
"""

import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ota.stick.drives import Drives
from ota.stick.mounting import Mounts

TREE = ("updates/image/metadata", "updates/director/metadata")
MB = 2**20


def run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout.strip()


def can_be_made() -> bool:
    """Whether this computer lets one make loop devices, and mount them."""
    asked = subprocess.run(["losetup", "--find"], capture_output=True, check=False)
    return asked.returncode == 0 and shutil.which("mkfs.ext4") is not None


@dataclass
class Stick:
    """One stick: its image, its name (`loop3`)."""

    image: Path
    name: str

    def damage(self) -> None:
        """All after the superblock is lost, so the file system is known and cannot be mounted."""
        with self.image.open("r+b") as file:
            file.seek(2048)
            file.write(b"\xff" * 64 * 1024)
        run("blockdev", "--flushbufs", f"/dev/{self.name}")

    def pull_out(self) -> None:
        """From now on nothing can be read."""
        with self.image.open("r+b") as file:
            file.truncate(0)
        Path("/proc/sys/vm/drop_caches").write_text("3")


@dataclass
class Shelf:
    """Sticks that are plugged in."""

    directory: Path
    sticks: list[Stick] = field(default_factory=list)
    ending: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        for one in ("blocks", "mount", "source"):
            (self.directory / one).mkdir()
        self.ending.callback(self.mounts.unmount)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.ending.close()

    @property
    def drives(self) -> Drives:
        return Drives(self.directory / "blocks")

    @property
    def mounts(self) -> Mounts:
        """Without PID 1: a program mounts by itself."""
        return Mounts(self.directory / "mount", run_by=())

    def plug(self, *directories: str, source: Path | None = None) -> Stick:
        """A stick with these directories, or with what is in `source`."""
        source = source or self.make_source(*directories)
        image = self.directory / f"stick{len(self.sticks)}.img"
        with image.open("wb") as file:
            file.truncate(32 * MB)
        run("mkfs.ext4", "-q", "-O", "^has_journal", "-d", source, image)
        name = run("losetup", "--find", "--show", image).removeprefix("/dev/")
        self.ending.callback(run, "losetup", "--detach", f"/dev/{name}")
        self.list_disk(name)
        self.sticks.append(Stick(image, name))
        return self.sticks[-1]

    def make_source(self, *directories: str) -> Path:
        source = self.directory / "source" / str(len(self.sticks))
        source.mkdir()
        for one in directories:
            (source / one).mkdir(parents=True)
        return source

    def list_disk(self, name: str) -> None:
        """As the kernel lists it, but removable."""
        block, listed = Path("/sys/class/block") / name, self.directory / "blocks" / name
        listed.mkdir()
        for one in ("size", "dev"):
            shutil.copyfile(block / one, listed / one)
        (listed / "removable").write_text("1\n")
