"""The client of TUF's conformance suite: `python -m ota.trust.conformance init|refresh|download`

Reads: the repository that the suite serves over HTTP. Writes: the suite's metadata directory, as it
asks (ROLE.json), with the unit's own store below it, and the target directory.
Never: runs on a unit; is another client than the unit's: it puts three commands on the same parts.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import urllib3
from tuf.api.metadata import TargetFile

from ota.disk import Disk
from ota.errors import LinkError, TrustError, UpdateError
from ota.files import replace
from ota.mirrors.mirror import NotThereError
from ota.trust.assignment import UnitIdentity
from ota.trust.question import Asker, MirrorQuestion, fits
from ota.trust.store import Memory, TrustStore

REPOSITORY = "client"  # the store's name for the one repository of the suite
NOBODY = UnitIdentity("", "", "")
TIMEOUT_S = 60.0
FILES = Disk()


class UrlMirror:
    """The suite's server. `bases`: start of a path in the tree -> the URL that stands for it."""

    def __init__(self, bases: dict[str, str]) -> None:
        self.name = ", ".join(bases.values())
        self.bases = bases

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        start = next(one for one in self.bases if path.startswith(one))
        url = f"{self.bases[start].rstrip('/')}/{path.removeprefix(start)}"
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            with urllib3.request(
                "GET", url, preload_content=False, timeout=TIMEOUT_S, headers=headers
            ) as reply:
                if reply.status in (403, 404):
                    raise NotThereError(f"{url} is not there", "not-there")
                yield reply.read(most_bytes)
        except urllib3.exceptions.HTTPError as error:
            raise LinkError(f"{url} does not answer: {error}", "no-answer") from error


def main(arguments: list[str] | None = None) -> int:
    """0 where the command did all that it was to do, else 1."""
    options = make_parser().parse_args(arguments)
    try:
        options.run(options)
    except UpdateError as error:
        sys.stderr.write(f"{error.reason_code}: {error}\n")
        return 1
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ota.trust.conformance")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--target-dir", type=Path)
    for name in ("--metadata-url", "--target-name", "--target-base-url"):
        parser.add_argument(name, default="")
    commands = parser.add_subparsers(required=True)
    init = commands.add_parser("init", help="trust a root")
    init.add_argument("trusted_root", type=Path)
    init.set_defaults(run=trust_root)
    commands.add_parser("refresh", help="update the metadata").set_defaults(run=refresh)
    commands.add_parser("download", help="get a target").set_defaults(run=download)
    return parser


def trust_root(options: argparse.Namespace) -> None:
    data = options.trusted_root.read_bytes()
    directory = options.metadata_dir / "store/trust"
    FILES.make_directory(directory)
    replace(FILES, directory / f"{REPOSITORY}-root.json", data)
    replace(FILES, options.metadata_dir / "root.json", data)


def refresh(options: argparse.Namespace) -> None:
    consult(options, "")


def consult(
    options: argparse.Namespace, name: str
) -> tuple[MirrorQuestion, TargetFile | None, bool]:
    """The question, the target `name`, and whether target files have their hash in the name."""
    store = TrustStore(options.metadata_dir / "store", FILES)
    bases = {
        f"{REPOSITORY}/metadata/": options.metadata_url,
        "targets/": options.target_base_url,
    }
    roots = {REPOSITORY: store.read_root(REPOSITORY)}
    asker = Asker(NOBODY, roots, datetime.now(UTC), None, technician=False)
    question = MirrorQuestion(asker, store.load(), UrlMirror(bases), time.monotonic)
    try:
        with question.consult(REPOSITORY) as updater:
            target = updater.get_targetinfo(name) if name else None
            return question, target, updater.is_consistent()
    finally:
        store.save(question.memory)
        export(question.memory, options.metadata_dir)


def export(memory: Memory, directory: Path) -> None:
    """The verified files under the names that the suite looks for."""
    versions = {}
    for name, data in memory.metadata.items():
        _, kind, role = name.split(" ", 2)
        if kind == "root":
            versions[int(role)] = data
        else:
            replace(FILES, directory / f"{quote(role, '')}.json", data)
    if versions:
        replace(FILES, directory / "root.json", versions[max(versions)])


def download(options: argparse.Namespace) -> None:
    question, target, is_prefixed = consult(options, options.target_name)
    if target is None:
        raise TrustError(f"no role signs {options.target_name}", "not-signed")
    place = options.target_dir / quote(target.path, "")
    if place.exists() and fits(target, place.read_bytes()):
        return
    folder, slash, name = target.path.rpartition("/")
    prefix = f"{next(iter(target.hashes.values()))}." if is_prefixed else ""
    data = question.download(f"targets/{folder}{slash}{prefix}{name}", target)
    if not fits(target, data):
        raise TrustError(f"{target.path} is not the file that was signed", "target-differs")
    replace(FILES, place, data)


if __name__ == "__main__":
    sys.exit(main())
