"""Two disks of an image as loop devices: a stick, and the disk of a computer that it installs on.

The stick's system is entered by chroot in mounts of its own, as if it ran: its root is the stick's
first slot, /var its data partition. This computer's kernel, not the image's, drives both.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

GIB = 1 << 30
STICK_BYTES = 16 * GIB
DISK_BYTES = 7_700_000_000  # of the smallest that are sold as 8 GB
LABELS = ("esp", "root-a", "root-b", "data")
VARIABLE = "sys/firmware/efi/efivars/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# $1: the stick, $2: where it is mounted, $3: the ESP that was booted from; then what is run.
ENTER = f"""
stick=$1 root=$2 booted=$3; shift 3
mount -o ro "${{stick}}p2" "$root"
mount "${{stick}}p4" "$root/var"
cp -an "$root/usr/share/factory/var/." "$root/var/"
mkdir -p "$root/var/lib/settings"
mount --bind "$root/var/lib/settings" "$root/etc/appliance"
mount --rbind /dev "$root/dev"; mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
for one in tmp run sys/firmware; do mount -t tmpfs tmpfs "$root/$one"; done
variable="$root/{VARIABLE}"
mkdir -p "${{variable%/*}}"
uuid=$(blkid -p -s PART_ENTRY_UUID -o value "$booted" | tr a-f A-F)
printf '\\006\\0\\0\\0' >"$variable"
printf '%s\\0' "$uuid" | iconv -t UTF-16LE >>"$variable"
exec chroot "$root" env -i {PATH} "$@"
"""


@dataclass(frozen=True, slots=True)
class Stick:
    """`stick`, `disk`: block devices; `root`: a directory to mount on."""

    stick: str
    disk: str
    root: Path

    def run(self, *words: str, booted: str = "") -> subprocess.CompletedProcess[str]:
        """A program of the stick's system. `booted`: the disk that the firmware booted from."""
        where = (self.stick, self.root, f"{booted or self.stick}p1")
        return run("unshare", "--mount", "sh", "-ec", ENTER, "sh", *where, *words, check=False)


def run(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done


@contextmanager
def attached(path: Path) -> Iterator[str]:
    """As a block device, with those partitions that it has."""
    device = run("losetup", "--find", "--show", path).stdout.strip()
    show_partitions(device)
    try:
        yield device
    finally:
        run("partx", "--delete", device, check=False)
        run("losetup", "--detach", device)


def show_partitions(device: str) -> None:
    """The kernel knows them from now on."""
    run("partx", "--add", device, check=False)


def make_stick(image: Path, path: Path) -> None:
    """Larger than the image, its data partition up to the end, as after its first boot."""
    run("cp", "--sparse=always", image, path)
    with path.open("r+b") as file:
        file.truncate(STICK_BYTES)
    run("sfdisk", "--quiet", "--relocate", "gpt-bak-std", path)
    grow = "echo ', +' | sfdisk --quiet --partno 4 \"$1\""
    run("sh", "-ec", grow, "sh", path)
