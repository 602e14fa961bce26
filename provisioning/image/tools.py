"""The programs that build: mmdebstrap of this computer, all others from a Debian 13 of their own.

Reads: Debian's packages. Writes: the directory of tools.
Never: changes the computer that builds; mounts end with the program that needs them.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ApplianceError

SUITE = "trixie"
PACKAGES = (
    *("systemd-repart", "dosfstools", "mtools", "e2fsprogs", "libarchive13t64"),
    *("rauc", "squashfs-tools", "zstd", "kmod", "xz-utils", "openssl", "binutils"),
    *("cryptsetup-bin", "systemd-ukify", "systemd-boot-efi", "systemd-boot-tools"),
    "faketime",
)
# In mounts of its own: where it is killed they end, and nobody deletes through them.
DEBSTRAP = ("unshare", "--mount", "mmdebstrap")
ENTER = (
    'mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/run"; '
    'for one in $BIND; do mkdir -p "$0/$(basename "$one")"; '
    'mount --bind "$one" "$0/$(basename "$one")"; done; exec chroot "$0" "$@"'
)


class ImageError(ApplianceError):
    """The image cannot be built."""


@dataclass(frozen=True, slots=True)
class Chroot:
    """A root directory in which programs are run, in mounts of their own."""

    root: Path

    def run(
        self,
        *words: str | Path,
        bind: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What a program prints. `bind`: directories that it finds by their last name below /."""
        settings = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": "/root",
            "BIND": " ".join(str(one.resolve()) for one in bind),
            **(environment or {}),
        }
        enter = ("unshare", "--mount", "sh", "-ec", ENTER, str(self.root.resolve()))
        return run(*enter, *words, environment=settings)


def run(*words: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program; raises `ImageError` with the end of what it said."""
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=environment,
            check=False,
        )
    except OSError as error:
        raise ImageError(f"{words[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        end = "\n".join(done.stderr.strip().splitlines()[-15:])
        command = " ".join(map(str, words))
        raise ImageError(f"`{command}` ended with {done.returncode}\n{end}")
    return done.stdout


def list_mirrors(mirror: str, security: str | None = None) -> tuple[str, ...]:
    """Lines of sources.list, with Debian's updates and security updates. `mirror`: as
    http://deb.debian.org/debian, or http://snapshot.debian.org/archive/debian/20261101T000000Z.
    `security`: "" for none.
    """
    if security is None:
        security = mirror.replace("/debian", "/debian-security", 1)
    lines = (f"deb {mirror} {SUITE} main", f"deb {mirror} {SUITE}-updates main")
    return (*lines, f"deb {security} {SUITE}-security main") if security else lines


def make_tools(directory: Path, mirrors: Sequence[str]) -> Chroot:
    """The tools' root; one that is whole is used again."""
    marker = directory.with_name(f"{directory.name}.packages")
    wanted = "\n".join(PACKAGES)
    if not (marker.exists() and marker.read_text() == wanted and directory.is_dir()):
        shutil.rmtree(directory, ignore_errors=True)
        include = f"--include={','.join(PACKAGES)}"
        run(*DEBSTRAP, "--quiet", "--variant=minbase", include, SUITE, directory, *mirrors)
        marker.write_text(wanted)
    return Chroot(directory)
