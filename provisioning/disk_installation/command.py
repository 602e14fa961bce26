"""The command `provisioning/install-image`: asks, then takes the steps in their order.

Reads: its arguments, the answer of the technician. Writes: what the steps write, what comes of it.
Never: erases a disk whose name nobody typed.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import NoReturn

from provisioning.disk_installation.data import SlotFacts, make_data
from provisioning.disk_installation.errors import RefusedError, UnfinishedError
from provisioning.disk_installation.esp_files import put_files, read_files
from provisioning.disk_installation.inspection import list_disks
from provisioning.disk_installation.permission import refuse_image_as_target, require_permission
from provisioning.disk_installation.plan import Plan
from provisioning.disk_installation.progress import Progress
from provisioning.disk_installation.recording import Recording
from provisioning.disk_installation.running import open_running
from provisioning.disk_installation.source import (
    STANDARD_INPUT,
    Manifest,
    Source,
    open_image,
    read_manifest,
)
from provisioning.disk_installation.table import MIB, TableError, parse_table, write_table
from provisioning.disk_installation.target import Disk, open_target

DESCRIPTION = """Installs the image of a unit on a disk, and erases what is on it. The disk is read
back; it can be booted only when all of it was right. An installation that was interrupted is begun
again by running this again."""
EPILOG = """exit codes:
  0  the disk can be booted
  1  it was erased and cannot be booted; standard error says why
  2  refused, or wrong arguments: nothing was changed

examples (on a unit `install-image`, in a release's directory `provisioning/install-image`):
  provisioning/install-image build/image/image/unit.raw /dev/sdb
  zstd -dc unit.raw.zst | provisioning/install-image --manifest manifest.json - /dev/sdb
  install-image --from-running /dev/nvme0n1       on a unit that was booted from a stick"""
TOOLS = {
    "sfdisk": "fdisk",
    "lsblk": "util-linux",
    "mkfs.ext4": "e2fsprogs",
    "mcopy": "mtools",
}


def main(words: Sequence[str] | None = None) -> None:
    asked = parse(words)
    signal.signal(signal.SIGTERM, interrupt)
    begun: list[Path] = []  # the disk, from when it is erased on
    try:
        install(asked, begun)
    except RefusedError as error:
        fail(f"{end(str(error))} Nothing was changed.", 2)
    except UnfinishedError as error:
        fail(f"{end(str(error))} {asked.disk} was erased and cannot be booted.", 1)
    except (KeyboardInterrupt, BrokenPipeError):
        if begun:
            fail(f"interrupted. {asked.disk} was erased and cannot be booted: run this again.", 1)
        fail("interrupted. Nothing was changed.", 2)


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser()
    asked = parser.parse_intermixed_args(words)  # options may stand between IMAGE and DISK
    count = 1 if asked.from_running else 2
    if len(asked.what) != count:
        wanted = "DISK" if asked.from_running else "IMAGE DISK"
        parser.error(f"give {wanted}; disks here: {list_disks()}")
    asked.image, asked.disk = (None, *asked.what)[-2:]
    if os.geteuid() != 0 and not asked.file:
        parser.error("must be run as root: it writes to a disk")
    return asked


def make_parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="install-image",
        usage="%(prog)s [options] IMAGE DISK\n       %(prog)s [options] --from-running DISK",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(result.add_argument)
    return result


def add_arguments(add: Callable[..., object]) -> None:
    add("what", type=Path, nargs="*", metavar="IMAGE DISK", help="IMAGE: unit.raw, .zst, or -")
    add("--from-running", action="store_true", help="the system that runs, instead of an image")
    add("--manifest", type=Path, help="of the image (default: manifest.json beside it)")
    add("--without-manifest", action="store_true", help="damage of the image is not found then")
    add("--yes-erase", metavar="NAME", help="name of the disk (sdb) or file: nobody is asked")
    add("--file", action="store_true", help="DISK is a file that stands for a disk")
    add("--settings", type=Path, metavar="FILE", help="unit.toml of this unit")
    add("--authorized-keys", type=Path, metavar="FILE", help="public keys of the technician")
    add(
        "--connection",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="NAME.nmconnection of NetworkManager: a modem, a Wi-Fi; may be given again",
    )


def install(asked: argparse.Namespace, begun: list[Path]) -> None:
    """Raises `RefusedError`, `UnfinishedError`."""
    files = read_files(asked.settings, asked.authorized_keys, asked.connection)
    require_tools()
    if asked.image:
        refuse_image_as_target(asked.image, asked.disk)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(asked))
        require_permission(
            asked.disk,
            is_file=asked.file,
            least_bytes=source.table.least_bytes,
            given=asked.yes_erase,
        )
        target = stack.enter_context(open_target(asked.disk, is_file=asked.file))
        if target.size_bytes < source.table.least_bytes:
            raise RefusedError(
                f"{asked.disk} is too small: it has {target.size_bytes} bytes, "
                f"{source.table.least_bytes} are needed"
            )
        begun.append(asked.disk)
        record(source, target, files)
    print_result(asked, source, files)


def open_source(asked: argparse.Namespace) -> AbstractContextManager[Source]:
    return open_running() if asked.from_running else open_image(asked.image, find_manifest(asked))


def require_tools() -> None:
    for program, package in TOOLS.items():
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            raise RefusedError(f"{program} is missing: `apt install {package}`")
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def find_manifest(asked: argparse.Namespace) -> Manifest | None:
    if asked.without_manifest:
        return None
    if asked.manifest is None and asked.image == STANDARD_INPUT:
        raise RefusedError("an image from standard input needs --manifest FILE")
    return read_manifest(asked.manifest or asked.image.with_name("manifest.json"))


def record(source: Source, target: Disk, files: dict[str, bytes]) -> None:
    plan = Plan(source.table, source.system_bytes)
    recording = Recording(target, plan, Progress(time.monotonic, sys.stderr))
    recording.erase()
    system_sha256 = recording.write_system(source)
    facts = SlotFacts(source.release, system_sha256, plan.system_bytes)
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as data:
        make_data(Path(data.name), source.table.get("data").size, facts)
        with open(data.name, "rb") as file:
            recording.write_data(file)
    recording.verify()
    recording.write_begin()
    put_files(str(target.path), source.table.get("esp").begin, files)
    finish(source, target)


def finish(source: Source, target: Disk) -> None:
    """The partition table, at both ends."""
    try:
        target.sync()
        write_table(str(target.path), source.table)
        target.sync()
        found = parse_table(target.read(0, MIB))
    except (OSError, TableError) as error:
        raise UnfinishedError(f"the partition table cannot be written: {error}") from error
    if found.partitions != source.table.partitions or found.disk_bytes > target.size_bytes:
        raise UnfinishedError("the partition table cannot be read back as it was written")
    target.tell_kernel()


def print_result(asked: argparse.Namespace, source: Source, files: dict[str, bytes]) -> None:
    print(f"{asked.disk} can be booted: release {source.release or 'not known'}, in both slots")
    print(f"  taken at the first boot: {', '.join(files) or 'nothing'}")
    if "authorized_keys" not in files:
        print("  note: nobody can log in by SSH; --authorized-keys FILE gives a key")
    if asked.without_manifest:
        print("  note: without a manifest nobody knows whether the image was whole")
    if asked.from_running:
        print("  now: power off, remove the stick, power on")


def end(text: str) -> str:
    """As a sentence, also where it asks something."""
    return text if text.endswith((".", "?")) else f"{text}."


def fail(text: str, code: int) -> NoReturn:
    print(f"install-image: {text}", file=sys.stderr)
    sys.exit(code)
