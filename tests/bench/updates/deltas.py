"""How much of a release comes over the link as a difference: operating system, program, model.

    measure_os(old_image, new_image, place)        # images of two Debian roots: build_roots
    measure_app(repository, "HEAD~1", "HEAD", place)
    measure_model(old_model, new_model, place)

Each layer is packed, fetched through a mirror onto a real disk and verified; shares are those of
the smallest full form.
Reads: images, this repository, models. Writes: below the directory that it is given.
Never: counts a delta that did not come out bit-exact.
"""

import gzip
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from ota.disk import Disk
from ota.manifest import Layer, LayerKind
from ota.mirrors.directory import DirectoryMirror
from ota.payload.packing import Packed, hash_file, pack_image_delta, pack_tree
from ota.payload.store import ContentStore, Fetcher, Seed

PROGRAM = ("appliance", "inference", "ota", "power", "sensors", "systemd")
PACKAGES = (
    "systemd,systemd-sysv,systemd-boot,udev,dbus,linux-image-amd64,initramfs-tools,python3,rauc,"
    "rauc-service,openssh-server,sqlite3,network-manager,curl,ca-certificates"
)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEBIAN = "http://deb.debian.org"
PLAIN = ("debian trixie",)
PATCHED = (*PLAIN, "debian trixie-updates", "debian-security trixie-security")
FEATURES = "^has_journal,^metadata_csum,^resize_inode,^64bit"
IDENTITY = "11111111-2222-3333-4444-555555555555"


# --- what is measured ----------------------------------------------------------------------------


def measure_os(old: Path, new: Path, place: Path) -> dict[str, float]:
    """`os_delta_pct`: delta and its index as a share of the image packed by `zstd -19`."""
    (place / "out").mkdir(parents=True, exist_ok=True)
    packed = Packed(*hash_file(new), (pack_image_delta(new, place / "out", old=old),))
    seed = Seed(packed.payloads[0].needs_sha256, old.stat().st_size, old)
    fetch(packed, LayerKind.OS, place, seed)
    return compare("os", packed, pack_whole(new, place))


def measure_app(repository: Path, old: str, new: str, place: Path) -> dict[str, float]:
    """Two states of the program's packages in git."""
    trees = [export(repository, commit, place / f"app-{n}") for n, commit in enumerate((old, new))]
    fetch(pack_tree(trees[0], place / "out"), LayerKind.APP, place)
    packed = pack_tree(trees[1], place / "out", old=trees[0])
    fetch(packed, LayerKind.APP, place)
    return compare("app", packed, pack_tree(trees[1], place / "out").payloads[0].pack_bytes)


def measure_model(old: Path, new: Path, place: Path) -> dict[str, float]:
    """A model in place of another one; both are directories."""
    fetch(pack_tree(old, place / "out"), LayerKind.MODEL, place)
    packed = pack_tree(new, place / "out", old=old)
    fetch(packed, LayerKind.MODEL, place)
    return compare("model", packed, pack_tree(new, place / "out").payloads[0].pack_bytes)


def fetch(packed: Packed, kind: LayerKind, place: Path, *seeds: Seed) -> None:
    """As a unit does; what came out is hashed."""
    layer = Layer(kind, "x", "1", packed.sha256, packed.size_bytes, packed.payloads)
    mirrors = [DirectoryMirror(str(place / "out"))]
    fetcher = Fetcher(ContentStore(place / "ota", Disk()), mirrors, seeds=seeds)
    fetcher.fetch(layer, may_go_on=lambda: True, progress=lambda _: None)
    fetcher.verify(layer)


def compare(name: str, packed: Packed, full_bytes: int) -> dict[str, float]:
    best = packed.payloads[0]
    came_bytes = best.pack_bytes + best.index_bytes
    return {
        f"{name}_delta_pct": 100 * came_bytes / full_bytes,
        f"{name}_delta_bytes": came_bytes,
        f"{name}_full_bytes": full_bytes,
    }


def pack_whole(image: Path, place: Path) -> int:
    packed = place / "whole.zst"
    subprocess.run(["zstd", "-q", "-f", "-19", "-T0", str(image), "-o", str(packed)], check=True)
    return packed.stat().st_size


def export(repository: Path, commit: str, root: Path) -> Path:
    command = ["git", "-C", str(repository), "archive", commit, *PROGRAM]
    done = subprocess.run(command, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(root, filter="data")
    shutil.rmtree(root / "inference/models")  # layers of their own
    return root


# --- two images of Debian 13: without and with its security updates (as root; mmdebstrap) --------


def build_images(place: Path, *, unpacked: bool) -> tuple[Path, Path]:
    """`unpacked`: kernel modules and initrd without compression, which a delta needs."""
    names = (("old", PLAIN), ("new", PATCHED))
    old, new = (build_image(place / name, suites, unpacked=unpacked) for name, suites in names)
    return old, new


def build_image(root: Path, suites: tuple[str, ...], *, unpacked: bool) -> Path:
    lines = [f"deb [signed-by={KEYRING}] {DEBIAN}/{suite} main\n" for suite in suites]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}"]
    command += ["trixie", str(root), "-"]
    subprocess.run(command, input="".join(lines), text=True, check=True)
    if unpacked:
        unpack_kernel(root)
    return make_ext4(root)


def unpack_kernel(root: Path) -> None:
    """Modules, their index, and an initrd of such modules, plain as well."""
    modules = root / "usr/lib/modules"
    packed = "\0".join(str(path) for path in modules.rglob("*.ko.xz"))
    subprocess.run(["xargs", "-0", "-r", "xz", "-d"], input=packed, text=True, check=True)
    for version in modules.iterdir():
        initrd = Path("boot") / f"initrd.img-{version.name}"
        for words in (["depmod"], ["mkinitramfs", "-c", "gzip", "-o", f"/{initrd}"]):
            subprocess.run(["chroot", str(root), *words, version.name], check=True)
        (root / initrd).write_bytes(gzip.decompress((root / initrd).read_bytes()))


def make_ext4(root: Path) -> Path:
    image = root.with_suffix(".ext4")
    with image.open("wb") as file:
        file.truncate(1200 * 1024**2)
    command = ["mkfs.ext4", "-q", "-O", FEATURES, "-m", "0", "-U", IDENTITY]
    command += ["-E", f"hash_seed={IDENTITY},lazy_itable_init=0", "-d", str(root), str(image)]
    subprocess.run(
        command, env={"E2FSPROGS_FAKE_TIME": "1700000000", "PATH": "/usr/sbin"}, check=True
    )
    return image
