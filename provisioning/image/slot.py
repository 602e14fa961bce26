"""A root directory as an ext4 file system without journal: the same bytes from the same files.

Reads: the root. Writes: one file.
Never: takes a time, a number or an order from the computer that builds.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

from provisioning.image.tools import Chroot, run

BLOCK_BYTES = 4096
INODE_BYTES = 256
SPARE_PCT = 6  # directories, tables and bitmaps
LEAST_SPARE_BLOCKS = 16_384
NAMESPACE = uuid.UUID("5b7a3c5e-6f0f-5d53-9a41-0f4b5ce3a6d1")
# Sorted, owners by number, and nothing newer than the commit.
TAR = (
    "tar --sort=name --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,"
    'delete=ctime --mtime="@$SOURCE_DATE_EPOCH" --clamp-mtime --numeric-owner --xattrs '
    '-C "$1" -cf "$2" .'
)


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """`epoch`: no file is newer, in seconds since 1970. `verity`: with a hash tree behind it."""

    release: str
    epoch: int
    verity: bool = False


def make_slot(tools: Chroot, root: Path, image: Path, plan: SlotPlan) -> None:
    """`image`: is made anew."""
    environment = {"SOURCE_DATE_EPOCH": str(plan.epoch), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    tar = image.with_suffix(".tar")
    run("sh", "-ec", TAR, "sh", root, tar, environment=environment)
    image.unlink(missing_ok=True)
    fixed = uuid.uuid5(NAMESPACE, plan.release)
    place = Path("/") / image.parent.name
    features = ("-b", str(BLOCK_BYTES), "-m", "0", "-O", "^has_journal,^resize_inode")
    same = ("-U", str(fixed), "-E", f"hash_seed={fixed},lazy_itable_init=0,root_owner=0:0")
    from_tar = ("-d", place / tar.name, place / image.name, str(count_blocks(root)))
    try:
        tools.run(
            *("mkfs.ext4", "-q", "-F", *features, *same, *from_tar),
            bind=[image.parent],
            environment=environment,
        )
    finally:
        tar.unlink()
    if plan.verity:
        add_hash_tree(tools, image, fixed)


def add_hash_tree(tools: Chroot, image: Path, fixed: uuid.UUID) -> None:
    """Behind the file system, in the same file. Its root hash is read from there
    (ota.slots.verity).
    """
    place = Path("/") / image.parent.name / image.name
    tools.run(
        *("veritysetup", "format", place, place, f"--hash-offset={image.stat().st_size}"),
        *(f"--uuid={fixed}", f"--salt={fixed.hex * 2}", "--hash=sha256"),
        bind=[image.parent],
    )


def count_blocks(root: Path) -> int:
    """How many blocks its files take, and the file system itself."""
    paths = [root, *root.rglob("*")]
    sizes = (path.lstat().st_size for path in paths if not path.is_symlink())
    used = sum(-(-size // BLOCK_BYTES) for size in sizes)
    tables = len(paths) * INODE_BYTES * 2 // BLOCK_BYTES
    return (used + tables) * (100 + SPARE_PCT) // 100 + LEAST_SPARE_BLOCKS
