"""Verified metadata and the ratchet, on the disk through power cuts.

    memory = store.load()
    store.save(memory)                  # on the disk when it returns, or as it was before

Reads and writes: trust/ of the update directory, through `Files`: blobs/SHA256 (each file once, by
its hash), generation.0 and generation.1 (which blob is which file), ratchet.0 and ratchet.1 (twice
the same), image-root.json and director-root.json (only read).
Never: takes lost floors for a first start; needs an order that the disk does not promise.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import SpaceError, TrustError
from ota.files import Files, replace
from ota.manifest import SHA256
from ota.trust.copies import Copies
from ota.trust.ratchet import Ratchet, format_ratchet, parse_ratchet

MOST_FILE_BYTES = 8 * 1024 * 1024  # of one metadata file
MOST_ROOT_BYTES = 512 * 1024
MOST_FILES = 2048  # in one generation


@dataclass(frozen=True, slots=True)
class Memory:
    """What the unit knows of both repositories.

    `metadata`: verified files under names such as "image role timestamp" and "image root 2".
    """

    ratchet: Ratchet = field(default_factory=Ratchet)
    metadata: Mapping[str, bytes] = field(default_factory=dict)


class TrustStore:
    """The directory trust/ of the update directory `directory`."""

    def __init__(self, directory: Path, files: Files) -> None:
        self.update_directory, self.directory, self.files = directory, directory / "trust", files
        self.blobs = self.directory / "blobs"
        self.generations = Copies(files, self.directory, "generation")
        self.ratchets = Copies(files, self.directory, "ratchet")

    # --- reading ---------------------------------------------------------------------------------

    def read_root(self, repository: str) -> bytes:
        """The root of trust that the technician put there; raises `TrustError`."""
        path = self.directory / f"{repository}-root.json"
        try:
            return self.files.read(path, most_bytes=MOST_ROOT_BYTES)
        except OSError as error:
            raise TrustError(
                say(
                    "{path} cannot be read ({cause}): the unit takes no updates until a "
                    "technician puts the root of trust there",
                    path=path,
                    cause=error.strerror,
                ),
                f"no-root-{repository}",
            ) from error

    def load(self, *, technician: bool = False) -> Memory:
        """What was verified before; damaged files are left out, and fetched again.

        Raises `TrustError` where the floors are lost: only a technician may begin anew.
        """
        ratchet = self.load_ratchet(technician=technician)
        newer, older = (parse_index(one.body) for one in self.generations.read())
        fallback = {name: older[name] for name in newer if name in older}
        return Memory(ratchet, {**self.read_blobs(fallback), **self.read_blobs(newer)})

    def load_ratchet(self, *, technician: bool) -> Ratchet:
        for copy in self.ratchets.read():
            with suppress(InputError):
                return parse_ratchet(copy.body)
        if self.was_used() and not technician:
            raise TrustError(
                say(
                    "both copies of {directory}.* are lost or damaged, so that an old release "
                    "could pass for a new one: no update is taken until a technician runs "
                    "`unitctl update from-usb`",
                    directory=self.directory / "ratchet",
                ),
                "ratchet-lost",
            )
        return Ratchet()

    def was_used(self) -> bool:
        """Whether there is any trace of metadata or of an update."""
        traces = (self.generations.are_there(), self.ratchets.are_there())
        journal = self.files.measure(self.update_directory / "journal.jsonl")
        return any(traces) or journal is not None or bool(self.files.list_names(self.blobs))

    def read_blobs(self, index: Mapping[str, str]) -> dict[str, bytes]:
        found = {name: self.read_blob(digest) for name, digest in index.items()}
        return {name: data for name, data in found.items() if data is not None}

    def read_blob(self, digest: str) -> bytes | None:
        """None where it is lost or damaged."""
        with suppress(OSError):
            data = self.files.read(self.blobs / digest, most_bytes=MOST_FILE_BYTES)
            return data if hash_bytes(data) == digest else None
        return None

    # --- writing ---------------------------------------------------------------------------------

    def save(self, memory: Memory) -> None:
        """Raises `SpaceError`: then nothing may be taken that the floors do not cover."""
        try:
            self.write(memory)
        except OSError as error:
            raise SpaceError(
                say(
                    "{directory} cannot be written ({cause}): no update is taken until it can; "
                    "it must belong to appliance-checkin and have space: `ls -ld`, `df`",
                    directory=self.directory,
                    cause=error.strerror,
                ),
                "trust-not-written",
            ) from error

    def write(self, memory: Memory) -> None:
        """The floors first: no cut leaves metadata that is newer than they are."""
        index = {name: hash_bytes(data) for name, data in memory.metadata.items()}
        self.write_ratchet(format_ratchet(memory.ratchet))
        self.write_blobs({index[name]: data for name, data in memory.metadata.items()})
        body = json.dumps(index, indent=1, sort_keys=True).encode()
        if self.generations.read()[0].body != body:
            self.generations.write_older(body)
            self.remove_unused()

    def write_ratchet(self, body: bytes) -> None:
        newer, older = self.ratchets.read()
        if newer.body != body:
            self.ratchets.write_both(body)
        elif older.body != body:
            self.ratchets.heal()

    def write_blobs(self, blobs: Mapping[str, bytes]) -> None:
        missing = {digest: data for digest, data in blobs.items() if not self.has_blob(digest)}
        if missing and not self.files.is_directory(self.blobs):
            self.files.make_directory(self.blobs)
            self.files.sync_directory(self.directory)
        for digest, data in missing.items():
            replace(self.files, self.blobs / digest, data)

    def has_blob(self, digest: str) -> bool:
        return self.read_blob(digest) is not None

    def remove_unused(self) -> None:
        """Blobs that neither generation names; what a cut leaves here goes the next time."""
        used = {one for copy in self.generations.read() for one in parse_index(copy.body).values()}
        for name in self.files.list_names(self.blobs):
            if name not in used:
                self.files.remove(self.blobs / name)


def hash_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def parse_index(body: bytes) -> dict[str, str]:
    """Name -> SHA-256; empty where it is none."""
    with suppress(InputError):
        tree = strict_json.parse_object(body, most_bytes=1024 * 1024)
        if len(tree) <= MOST_FILES and all(is_digest(one) for one in tree.values()):
            return tree
    return {}


def is_digest(value: object) -> bool:
    return isinstance(value, str) and SHA256.fullmatch(value) is not None
