"""What is installed: the system that runs, from the stick that it was started from.

    with open_running() as source: ...

Reads: the slot that runs, its boot files, the table of its disk. Writes: an ESP, in a file.
Never: copies data, keys or settings of the unit that runs.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import ApplianceError
from ota.slots.verity import SWITCH
from provisioning.disk_installation.errors import RefusedError, UnfinishedError
from provisioning.disk_installation.esp import make_esp, pack_esp
from provisioning.disk_installation.plan import PIECE_BYTES, measure_system
from provisioning.disk_installation.table import Table, TableError, parse_table

OS_RELEASE = Path("/etc/os-release")
CMDLINE = Path("/proc/cmdline")
ROOT = Path("/")
TEMPORARY = Path("/var/tmp")  # noqa: S108  (on the data partition; /tmp may be in memory)


class Running:
    """`Source` of the system that runs. `slot`: its partition; `esp`: the ESP that was made."""

    def __init__(self, table: Table, slot: Path, esp: Path, release: str) -> None:
        self.table, self.release, self.system_bytes = table, release, 0
        self._slot, self._esp = slot, esp

    def read(self) -> Iterator[tuple[int, bytes]]:
        yield from read_pieces(self._esp, self.table.get("esp").begin)
        yield from read_pieces(self._slot, self.table.get("root-a").begin)


def read_pieces(path: Path, place: int) -> Iterator[tuple[int, bytes]]:
    """Of a slot only its file system."""
    try:
        with path.open("rb") as file:
            piece = file.read(PIECE_BYTES)
            left = measure_system(piece) or path.stat().st_size
            while piece and left > 0:
                yield place, piece
                place, left = place + len(piece), left - len(piece)
                piece = file.read(PIECE_BYTES)
    except OSError as error:
        raise UnfinishedError(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def open_running() -> Iterator[Running]:
    """Raises `RefusedError`."""
    if SWITCH in CMDLINE.read_text().split():
        raise RefusedError("this system has a hash tree, which is not copied: give an image")
    slot, disk = find_slot()
    try:
        with disk.open("rb") as file:
            table = parse_table(file.read(PIECE_BYTES))
    except (OSError, TableError) as error:
        raise RefusedError(
            f"this system does not run from an image of a unit: {disk}: {error}; give an image"
        ) from error
    with tempfile.TemporaryDirectory(dir=TEMPORARY) as folder:
        esp = Path(folder) / "esp.raw"
        try:
            make_esp(Path(folder) / "esp", ROOT, image=slot)
            pack_esp(Path(folder) / "esp", esp, table.get("esp").size)
        except (ApplianceError, OSError) as error:
            raise RefusedError(f"its boot files cannot be prepared: {error}") from error
        yield Running(table, slot, esp, find_release(OS_RELEASE.read_text()))


def find_slot() -> tuple[Path, Path]:
    """The partition that / is mounted from, and its disk."""
    partition = ask("findmnt", "--noheadings", "--output=SOURCE", "/")
    parent = find_disk(partition) if partition.startswith("/dev/") else None
    if not parent:
        raise RefusedError(
            f"this system does not run from an image of a unit: / is {partition}, which is no "
            "partition of a disk; give an image"
        )
    return Path(partition), Path(f"/dev/{parent}")


def find_disk(partition: str) -> str | None:
    """None: it is a disk itself."""
    tree = ask("lsblk", "--json", "--nodeps", "--output=PATH,PKNAME", partition)
    try:
        parent: str | None = json.loads(tree)["blockdevices"][0]["pkname"]
    except (ValueError, KeyError, IndexError) as error:
        raise RefusedError("the partition of this system cannot be found: give an image") from error
    return parent


def find_release(os_release: str) -> str:
    facts = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return facts.get("IMAGE_VERSION", "").strip("\"'")


def ask(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(f"`{' '.join(words)}` failed: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
