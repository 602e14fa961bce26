"""One layer that is to be fetched: the payload that costs least here, its index, what is missing.

    job = JobMaker(store, mirrors, seeds).make(layer)        # LinkError, TrustError, OSError

Reads: mirrors (the index), content, seeds. Writes: the index, in the layer's folder of `parts`.
Never: takes a delta whose old layer is not here whole: its hash was counted now.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import LinkError, TrustError
from ota.files import replace
from ota.manifest import Layer, LayerKind, Payload
from ota.mirrors.mirror import Mirror, read_whole
from ota.payload.assembly import Chunks
from ota.payload.content import ContentStore, hash_source, make_durable
from ota.payload.download import select_error
from ota.payload.index import IMAGE, MOST_PACKED_BYTES, TREE, Chunk, Index, parse_index
from ota.payload.local import Here, find_content
from ota.payload.sources import Seed, SeedSource, Source, TreeSource
from ota.payload.tree_list import ListedFile, hash_tree, sort_files
from ota.payload.wire import Wire


@dataclass(frozen=True, slots=True)
class Job:
    """`wanted`: the chunks that are not here; `listed`: all files of a tree, () of an image."""

    layer: Layer
    payload: Payload
    index: Index
    folder: Path
    wire: Wire
    chunks: Chunks
    listed: tuple[ListedFile, ...]
    wanted: tuple[Chunk, ...]

    @property
    def missing_bytes(self) -> int:
        """What comes over the link."""
        gaps = (gap for one in self.wanted for gap in self.wire.list_missing(one.offset, one.end))
        return sum(end - start for start, end in gaps)

    @property
    def disk_bytes(self) -> int:
        """What is written until the layer is in place; linked files cost nothing."""
        whole = self.chunks.here.files
        new = (one for one in self.listed if (one.sha256, one.executable) not in whole)
        unpacked = sum(one.size_bytes for one in new)
        return self.missing_bytes + (unpacked if self.listed else self.layer.size_bytes)


class JobMaker:
    """Finds for a layer what is here."""

    def __init__(
        self, store: ContentStore, mirrors: Sequence[Mirror], seeds: Sequence[Seed]
    ) -> None:
        self.store = store
        self.mirrors = tuple(mirrors)
        self.seeds = {seed.sha256: seed for seed in seeds}
        self.found: tuple[tuple[str, frozenset[str]], Here] | None = None

    def make(self, layer: Layer) -> Job:
        payload, base = self.choose(layer)
        folder = self.store.parts / layer.sha256 / payload.index_sha256[:16]
        index = self.fetch_index(payload, folder)
        require_fit(index, layer, payload)
        wire = Wire(self.store.files, folder)
        chunks = Chunks(index, wire, self.find_here(index), base)
        listed = self.list_files(index)
        return Job(layer, payload, index, folder, wire, chunks, listed, chunks.list_wanted())

    # --- the payload -----------------------------------------------------------------------------

    def choose(self, layer: Layer) -> tuple[Payload, Source | None]:
        """The first (smallest) payload that can be used here, and the old layer it needs."""
        for payload in layer.payloads:
            if not payload.needs_sha256:
                return payload, None
            if base := self.find_base(payload.needs_sha256):
                return payload, base
        raise TrustError(
            say(
                "{kind} {version} has no payload for what is on this unit; have a full one "
                "published with `fleet release build`",
                kind=layer.kind.value,
                version=layer.version,
            ),
            "no-payload",
        )

    def find_base(self, sha256: str) -> Source | None:
        """The old layer, where all of it is as it was."""
        seed = self.seeds.get(sha256)
        source = SeedSource(seed) if seed else self.store.find_source(sha256)
        with suppress(OSError):
            if source and self.is_whole(source, sha256):
                return source
        return None

    def is_whole(self, source: Source, sha256: str) -> bool:
        if not isinstance(source, TreeSource):
            return hash_source(source) == sha256
        return not self.store.find_wrong_file(source.root, source.listed_all)

    # --- its index -------------------------------------------------------------------------------

    def fetch_index(self, payload: Payload, folder: Path) -> Index:
        path = folder / "index"
        with suppress(OSError):
            data = self.store.files.read(path, most_bytes=MOST_PACKED_BYTES)
            if hashlib.sha256(data).hexdigest() == payload.index_sha256:
                return parse_index(data)
        data = self.read_index(payload)
        make_durable(self.store.files, folder)
        replace(self.store.files, path, data)
        return parse_index(data)

    def read_index(self, payload: Payload) -> bytes:
        """From the first mirror that has the right one."""
        errors: list[LinkError | TrustError] = []
        if payload.index_bytes > MOST_PACKED_BYTES:
            raise make_misfit_error(
                say("its index has {index_bytes} bytes", index_bytes=payload.index_bytes)
            )
        for mirror in self.mirrors:
            try:
                data = read_whole(mirror, payload.index, most_bytes=payload.index_bytes)
            except LinkError as error:
                errors.append(error)
                continue
            if hashlib.sha256(data).hexdigest() == payload.index_sha256:
                return data
            errors.append(make_index_error(mirror.name, payload.index))
        raise select_error(errors)

    # --- what is here ----------------------------------------------------------------------------

    def find_here(self, index: Index) -> Here:
        """Content is hashed once for layers of one kind, until there is more of it."""
        key = (index.kind, self.store.list_present())
        if self.found is None or self.found[0] != key:
            trees = self.store.read_trees() if index.kind == TREE else ()
            images = self.find_images() if index.kind == IMAGE else ()
            self.found = (key, find_content(self.store.files, trees, images))
        return self.found[1]

    def find_images(self) -> Iterator[Source]:
        yield from (SeedSource(seed) for seed in self.seeds.values())
        for sha256 in self.store.list_images():
            if source := self.store.find_source(sha256):
                yield source

    def list_files(self, index: Index) -> tuple[ListedFile, ...]:
        """The files of the tree; raises `TrustError` where they are not the one it names."""
        made = {one.listed.path: one.listed for one in index.files}
        old = (self.store.read_list(index.base_sha256) or ()) if index.base_sha256 else ()
        gone = {*index.removed, *made}
        if index.kind == IMAGE:
            return ()
        try:
            kept = (one for one in old if one.path not in gone)
            listed = sort_files((*kept, *made.values()))
        except InputError as error:
            raise make_misfit_error(str(error)) from error
        if hash_tree(listed) != index.sha256:
            raise make_misfit_error(say("its files are not the tree that it names"))
        return listed


def require_fit(index: Index, layer: Layer, payload: Payload) -> None:
    """Raises `TrustError` where the index is of another layer or payload."""
    kind = IMAGE if layer.kind is LayerKind.OS else TREE
    found = (index.kind, index.sha256, index.size_bytes, index.pack_bytes, index.base_sha256)
    wanted = (kind, layer.sha256, layer.size_bytes, payload.pack_bytes, payload.needs_sha256)
    if found != wanted:
        raise make_misfit_error(say("its index is that of another layer"))


def make_misfit_error(text: str) -> TrustError:
    return TrustError(
        say(
            "a payload of the release cannot be used: {text}; have the release built again with "
            "`fleet release build`",
            text=text,
        ),
        "payload-misfit",
    )


def make_index_error(name: str, path: str) -> TrustError:
    return TrustError(
        say(
            "{path} of {name} is not the file that the release names; it is not used; check "
            "what that mirror serves",
            path=path,
            name=name,
        ),
        "index-mismatch",
    )
