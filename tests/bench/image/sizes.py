"""How large an image is: as a file that is sent, and which parts of its root are the largest.

Reads: the image, its root. Writes: nothing.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

LEVEL = "-3"  # zstd's own
MB = 1e6
BLOCK_BYTES = 1 << 20
LARGEST = 12
DEEPER = ("usr/lib", "opt/appliance")  # of which the parts count, not the sum


def measure_packed(image: Path) -> float:
    """Megabytes of a disk as zstd packs it."""
    zstd = ("zstd", "-q", LEVEL, "-T0", "-c", image)
    total = 0
    with subprocess.Popen(zstd, stdout=subprocess.PIPE) as packing:
        assert packing.stdout
        while block := packing.stdout.read(BLOCK_BYTES):
            total += len(block)
    assert packing.returncode == 0
    return total / MB


def measure_tree(directory: Path) -> float:
    """Megabytes of all files below it."""
    files = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files) / MB


def list_largest(root: Path) -> dict[str, float]:
    """The largest parts of a root in megabytes: directories, and Python's packages one by one."""
    sizes = {str(part.relative_to(root)): measure_tree(part) for part in list_parts(root)}
    return dict(sorted(sizes.items(), key=lambda item: -item[1])[:LARGEST])


def list_parts(root: Path) -> Iterator[Path]:
    parts = [path for name in ("boot", "usr", "usr/lib") for path in list_directories(root / name)]
    yield from (path for path in parts if str(path.relative_to(root)) not in DEEPER)
    yield root / "boot"
    for packages in root.glob("opt/appliance/venv/lib/*/site-packages"):
        yield from list_directories(packages)


def list_directories(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
