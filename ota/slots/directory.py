"""Slots on a laptop: two directories and a small file, so that a whole update can be seen.

    slots = DirectorySlots(Path("build/run/ota/slots"), Disk())
    slots.boot()      # what a boot loader would do: the demonstration's power button

Reads and writes: its own directory, through `Files`.
Never: is used on a unit; nothing is run from these directories.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota import files as composites
from ota.errors import SlotError
from ota.files import Files
from ota.slots.slots import OnProgress, SlotsReport, SlotState, SlotStatus

NAMES = ("a", "b")
TRIES = 3
CHUNK_BYTES = 2**20
MOST_STATE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class BootState:
    """What a boot loader would keep. `tries`: boots left of each slot, None where committed;
    `hashes`: SHA-256 of each image, "" where it was not installed by an update.
    """

    booted: str = "a"
    primary: str = "a"
    releases: tuple[str, str] = ("", "")
    tries: tuple[int | None, int | None] = (None, 0)
    hashes: tuple[str, str] = ("", "")


class DirectorySlots:
    """`Slots` of `make run`."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files

    def examine(self) -> SlotsReport:
        state = self._read()
        slots = {name: self._describe(state, number) for number, name in enumerate(NAMES)}
        return SlotsReport(state.booted, state.primary, slots)

    def _describe(self, state: BootState, slot: int) -> SlotStatus:
        """A slot, with its image as the base of a difference to the next one."""
        path = self._find_image(slot)
        found = SlotStatus(state.releases[slot], find_state(state, slot))
        size_bytes = self._files.measure(path)
        if not state.hashes[slot] or not size_bytes:
            return found
        return replace(found, sha256=state.hashes[slot], size_bytes=size_bytes, device=str(path))

    def _find_image(self, slot: int) -> Path:
        return self._directory / NAMES[slot] / "image"

    def check(self) -> None:
        """A directory can always be written, or says why not when it is."""

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:
        state = self._read()
        slot = NAMES.index(self._get_other(state))
        self._write(put(state, slot, release="", tries=0))
        sha256 = self._copy(image, self._find_image(slot), on_progress)
        self._write(put(self._read(), slot, release=release, tries=0, sha256=sha256))

    def arm(self) -> None:
        state = self._read()
        other = self._get_other(state)
        slot = NAMES.index(other)
        if not state.releases[slot]:
            raise SlotError(
                say(
                    "slot {other} holds nothing that could be booted: install a release first",
                    other=other,
                ),
                "slot-empty",
            )
        tries = None if state.tries[slot] is None else TRIES
        self._write(put(replace(state, primary=other), slot, tries=tries))

    def commit(self) -> None:
        state = self._read()
        slot = NAMES.index(state.booted)
        self._write(put(replace(state, primary=state.booted), slot, tries=None))

    def fall_back(self) -> None:
        state = self._read()
        other = self._get_other(state)
        if state.tries[NAMES.index(other)] == 0:
            raise SlotError(
                say("slot {other} cannot be booted: nothing to fall back to", other=other),
                "slot-empty",
            )
        self._write(put(replace(state, primary=other), NAMES.index(state.booted), tries=0))

    def boot(self) -> SlotsReport:
        """Boot the primary slot, while it has a try left; else the other."""
        state = self._read()
        slot = NAMES.index(state.primary)
        if state.tries[slot] == 0:
            slot = 1 - slot
        tries = state.tries[slot]
        booted = replace(state, booted=NAMES[slot], primary=NAMES[slot])
        self._write(put(booted, slot, tries=None if tries is None else max(tries - 1, 0)))
        return self.examine()

    def _get_other(self, state: BootState) -> str:
        return NAMES[1 - NAMES.index(state.booted)]

    def _copy(self, image: Path, target: Path, on_progress: OnProgress) -> str:
        """Returns the SHA-256 of what was copied."""
        self._files.make_directory(target.parent)
        part = target.with_name(f"{target.name}{composites.PART}")
        size = max(self._files.measure(image) or 0, 1)
        digest, at = hashlib.sha256(), 0
        self._files.write(part, b"")
        while data := self._files.read_at(image, at, CHUNK_BYTES):
            self._files.write(part, data, offset=at)
            digest.update(data)
            at += len(data)
            on_progress(100 * at // size, f"copying, {digest.hexdigest()[:12]} so far")
        self._files.sync(part)
        self._files.rename(part, target)
        self._files.sync_directory(target.parent)
        return digest.hexdigest()

    @property
    def _state_file(self) -> Path:
        return self._directory / "state.json"

    def _read(self) -> BootState:
        """A file that is absent or damaged is the state of a new machine."""
        try:
            data = self._files.read(self._state_file, most_bytes=MOST_STATE_BYTES)
            return build_state(strict_json.parse_object(data, most_bytes=MOST_STATE_BYTES))
        except (OSError, InputError, KeyError, ValueError):
            return BootState()

    def _write(self, state: BootState) -> None:
        self._files.make_directory(self._directory)
        self._files.sync_directory(self._directory.parent)
        data = json.dumps(asdict(state)).encode() + b"\n"
        composites.replace(self._files, self._state_file, data)


def build_state(tree: Mapping[str, Any]) -> BootState:
    """Raises `InputError`, `KeyError`, `ValueError`."""
    first, second = (
        strict_json.require_text(one, "release", MOST_STATE_BYTES)
        for one in strict_json.require_list(tree["releases"], "releases", len(NAMES))
    )
    left, right = (
        None if one is None else strict_json.require_whole_number(one, "tries", 0, TRIES)
        for one in strict_json.require_list(tree["tries"], "tries", len(NAMES))
    )
    hash_a, hash_b = (
        strict_json.require_text(one, "hashes", MOST_STATE_BYTES)
        for one in strict_json.require_list(tree.get("hashes", ["", ""]), "hashes", len(NAMES))
    )
    booted, primary = (NAMES[NAMES.index(tree[name])] for name in ("booted", "primary"))
    return BootState(booted, primary, (first, second), (left, right), (hash_a, hash_b))


def put(
    state: BootState,
    slot: int,
    *,
    release: str | None = None,
    tries: int | None = None,
    sha256: str = "",
) -> BootState:
    """The state with that slot changed; `release` None leaves it, and its hash, as it is."""
    releases, all_tries, hashes = list(state.releases), list(state.tries), list(state.hashes)
    if release is not None:
        releases[slot], hashes[slot] = release, sha256
    all_tries[slot] = tries
    return replace(
        state,
        releases=(releases[0], releases[1]),
        tries=(all_tries[0], all_tries[1]),
        hashes=(hashes[0], hashes[1]),
    )


def find_state(state: BootState, slot: int) -> SlotState:
    """What the boot loader does with one slot."""
    tries = state.tries[slot]
    if tries is None:
        return SlotState.GOOD
    if state.booted == NAMES[slot] or tries > 0:
        return SlotState.TRYING
    return SlotState.BAD if state.releases[slot] else SlotState.EMPTY
