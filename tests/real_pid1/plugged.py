"""A loop device that is a USB stick for the container: the kernel lists it there as removable.

Reads: loop devices of this computer. Writes: an image, its file system; in the container the list,
and a drop-in that has the oneshot look there.
Never: leaves the loop device behind.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_pid1.container import Container

BLOCKS = "/srv/blocks"
DROP_IN = "/etc/systemd/system/appliance-stick.service.d/90-loop.conf"
COMMAND = f"/opt/appliance/venv/bin/python -m ota.stick --blocks {BLOCKS}"
LOOK_THERE = f"""[Service]
ExecStart=
ExecStart={COMMAND} --settings /etc/appliance/unit.toml
DeviceAllow=block-loop r
"""
MB = 2**20


@dataclass(frozen=True, slots=True)
class LoopStick:
    """`name`: `loop3`; the device is the same inside."""

    name: str

    @property
    def device(self) -> str:
        return f"/dev/{self.name}"

    def write(self, source: Path) -> None:
        """A new file system with what is in `source`."""
        run("mkfs.ext4", "-q", "-F", "-d", source, self.device)

    def plug(self, container: Container) -> None:
        listed = container.path(BLOCKS) / self.name
        listed.mkdir(parents=True, exist_ok=True)
        for one in ("size", "dev"):
            shutil.copyfile(Path("/sys/class/block") / self.name / one, listed / one)
        (listed / "removable").write_text("1\n")
        drop_in = container.path(DROP_IN)
        if not drop_in.exists():
            drop_in.write_text(LOOK_THERE)
            container.run("systemctl", "daemon-reload")

    def pull_out(self, container: Container) -> None:
        """From the list; what is mounted stays."""
        shutil.rmtree(container.path(BLOCKS) / self.name)


@contextmanager
def make_loop(directory: Path) -> Iterator[LoopStick | None]:
    """None where this computer makes no loop devices."""
    image = directory / "stick.img"
    with image.open("wb") as file:
        file.truncate(256 * MB)
    asked = subprocess.run(
        ["losetup", "--find", "--show", image], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        yield None
        return
    try:
        yield LoopStick(asked.stdout.strip().removeprefix("/dev/"))
    finally:
        run("losetup", "--detach", asked.stdout.strip())


def run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
