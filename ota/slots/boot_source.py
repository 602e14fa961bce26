"""What a slot boots, as the image in it says: release, kernel, initial RAM disk, command line.

Reads: RAUC's system.conf; of the slot etc/os-release (IMAGE_VERSION), etc/kernel/cmdline, vmlinuz
and initrd.img; of its partition the top of the hash tree, where that command line asks for one.
Writes: nothing; the slot's partition is mounted for reading alone.
Never: follows a link out of the slot.
"""

import configparser
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.strict_json import show
from appliance.wording.sentence import say
from ota.errors import SlotError
from ota.slots.systemd_boot import BootSource
from ota.slots.unified import find_unified
from ota.slots.verity import SWITCH, read_verity_options

LABEL = "/dev/disk/by-partlabel/"
OF_THE_ENTRY = ("root=", "rauc.slot=", "roothash=", "systemd.verity_root_")
MOST_BYTES = 64 * 1024
LIMIT_S = 60.0


def find_device(system_conf: Path, bootname: str) -> str:
    """The partition of a slot; raises `SlotError`."""
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(system_conf.read_text(errors="replace"))
    except (OSError, configparser.Error) as error:
        raise SlotError(
            say("{system_conf} cannot be read: {error}", system_conf=system_conf, error=error),
            "system-conf",
        ) from error
    for section in settings.values():
        if section.get("bootname") == bootname and section.get("device"):
            return section["device"]
    raise SlotError(
        say(
            "{system_conf} has no slot with bootname {bootname}",
            system_conf=system_conf,
            bootname=show(bootname),
        ),
        "no-such-slot",
    )


@contextmanager
def mounted(device: str) -> Iterator[Path]:
    """The slot's files, while they are needed; raises `SlotError`."""
    with tempfile.TemporaryDirectory(prefix="slot-", dir="/run") as folder:
        run("mount", "-o", "ro,nodev,nosuid,noexec", device, folder)
        try:
            yield Path(folder)
        finally:
            run("umount", folder)


def run(*words: str) -> None:
    try:
        subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        text = getattr(error, "stderr", "") or str(error)
        raise SlotError(
            say("`{words}` failed: {text}", words=" ".join(words), text=show(text.strip())), "mount"
        ) from error


def read_source(root: Path, device: str, *, image: Path | None = None) -> BootSource:
    """What the system below `root` boots; raises `SlotError`. `image`: the slot's bytes, where
    they are not on `device` yet.
    """
    facts = dict(
        line.split("=", 1) for line in read_text(root, "etc/os-release").splitlines() if "=" in line
    )
    release = facts.get("IMAGE_VERSION", "").strip("\"'")
    if not release:
        raise SlotError(say("the slot's etc/os-release has no IMAGE_VERSION"), "slot-incomplete")
    words = read_text(root, "etc/kernel/cmdline").split()
    own = [word for word in words if not word.startswith(OF_THE_ENTRY)]
    unified = None
    if SWITCH in own:
        own += read_verity_options(image or Path(device))
        unified = find_unified(image or Path(device))
    place = f"PARTLABEL={device.removeprefix(LABEL)}" if device.startswith(LABEL) else device
    linux, initrd = find_inside(root, "vmlinuz"), find_inside(root, "initrd.img")
    return BootSource(release, linux, initrd, " ".join([f"root={place}", *own]), unified)


def read_text(root: Path, name: str) -> str:
    with find_inside(root, name).open("rb") as file:
        return file.read(MOST_BYTES).decode(errors="replace")


def find_inside(root: Path, name: str) -> Path:
    """A file of the slot; a link in it is taken from there."""
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise SlotError(
            say("the slot has no file {name}: the image in it is not one of this unit", name=name),
            "slot-incomplete",
        )
    return path
