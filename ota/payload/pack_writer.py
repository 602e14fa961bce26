"""One pack while it is made, and its index.

    writer = PackWriter(out_dir)
    numbers = writer.add_all(pieces)
    payload = writer.finish(index)

Reads: nothing. Writes: `packs/AB/SHA256.pack`, `indexes/AB/SHA256.index` of the static tree.
Never: is run on a unit, or gives other bytes for the same pieces.
"""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ota.disk import Disk, naming
from ota.manifest import Payload
from ota.payload.frames import pack_frame
from ota.payload.index import Chunk, Index, format_index
from ota.payload.pieces import Piece

BATCH = 64  # pieces packed side by side


class PackWriter:
    """One pack that grows. A chunk that came before is not written again."""

    def __init__(self, out_dir: Path) -> None:
        self.out_dir = out_dir
        self.part = out_dir / f"new-{os.getpid()}.pack"
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.part.open("wb")
        self.pool = ThreadPoolExecutor(os.cpu_count())
        self.hash = hashlib.sha256()
        self.chunks: list[Chunk] = []
        self.numbers: dict[tuple[str, int], int] = {}

    def add(self, piece: Piece, frame: bytes | None = None) -> int:
        """The number of the piece's chunk; `frame`: the piece, packed already."""
        key = (hashlib.sha256(piece.data).hexdigest(), len(piece.data))
        if key not in self.numbers:
            self.numbers[key] = len(self.chunks)
            self.write(key[0], piece, pack_piece(piece) if frame is None else frame)
        return self.numbers[key]

    def write(self, sha256: str, piece: Piece, frame: bytes) -> None:
        with naming(self.part):
            self.file.write(frame)
        self.hash.update(frame)
        self.chunks.append(Chunk(sha256, len(piece.data), self.pack_bytes, len(frame), piece.base))

    def add_all(self, pieces: Iterable[Piece]) -> tuple[int, ...]:
        """Many, packed on all cores; their order stays."""
        numbers: list[int] = []
        source = iter(pieces)
        while batch := list(islice(source, BATCH)):
            numbers += map(self.add, batch, self.pool.map(pack_piece, batch))
        return tuple(numbers)

    def finish(self, index: Index) -> Payload:
        """Put pack and index, completed, to their places in the static tree."""
        self.pool.shutdown()
        with naming(self.part):
            self.file.close()
        index = replace(index, pack_bytes=self.pack_bytes, chunks=tuple(self.chunks))
        pack = f"packs/{name_file(self.hash.hexdigest())}.pack"
        put(self.part, self.out_dir / pack)
        data = format_index(index)
        sha256 = hashlib.sha256(data).hexdigest()
        name = f"indexes/{name_file(sha256)}.index"
        with naming(self.part):
            self.part.write_bytes(data)
        put(self.part, self.out_dir / name)
        return Payload(pack, index.pack_bytes, name, len(data), sha256, index.base_sha256)

    @property
    def pack_bytes(self) -> int:
        return self.chunks[-1].end if self.chunks else 0


def pack_piece(piece: Piece) -> bytes:
    """The frame of a piece; none of what is copied."""
    return b"" if piece.data == piece.old else pack_frame(piece.data, old=piece.old)


def name_file(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def put(part: Path, path: Path) -> None:
    """On the disk first: the same file may stand there already, and be published."""
    Disk().sync(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)
