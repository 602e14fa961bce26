"""The page's own scripts, style and icon: packed once, and kept by browsers until they change.

Reads: the files of its directories, once. Writes: nothing.
Never: gives out a file that is not there at the start.
"""

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, Response, abort, request
from flask.typing import ResponseReturnValue

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
OTHER = "application/octet-stream"
PACKED_ALREADY = (OTHER, "image/png")
YEAR_S = 31_536_000
VERSION_CHARS = 12


@dataclass
class StaticFile:
    """One file, packed when it is first asked for."""

    data: bytes
    mimetype: str
    _packed: bytes = field(default=b"", repr=False)

    def pack(self) -> bytes | None:
        """The file with gzip; None where that saves nothing."""
        if self.mimetype in PACKED_ALREADY:
            return None
        self._packed = self._packed or gzip.compress(self.data, compresslevel=9, mtime=0)
        return self._packed


def add_static_files(app: Flask, *directories: Path) -> str:
    """`/static/VERSION/NAME`, kept for a year, and `/static/NAME`, asked for anew each time.

    Where several directories have a file of one name, that of the first counts. Returns the address
    of the present version: it changes with any of the files.
    """
    files: dict[str, StaticFile] = {}
    for directory in directories:
        files = {**read_files(directory), **files}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].data)
    version = digest.hexdigest()[:VERSION_CHARS]

    @app.get("/static/<path:name>")
    def send(name: str) -> ResponseReturnValue:
        plain = name.removeprefix(f"{version}/")
        if plain not in files:
            abort(404)
        answer = make_answer(files[plain])
        kept = f"public, max-age={YEAR_S}, immutable" if plain != name else "no-cache"
        answer.headers["Cache-Control"] = kept
        answer.set_etag(f"{version}-{plain}")
        return answer.make_conditional(request)

    return f"/static/{version}"


def read_files(directory: Path) -> dict[str, StaticFile]:
    """All files below a directory, by their names in it."""
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(directory)): StaticFile(
            path.read_bytes(), TYPES.get(path.suffix, OTHER)
        )
        for path in paths
    }


def make_answer(file: StaticFile) -> Response:
    """The file, packed for a browser that takes it."""
    packed = file.pack() if request.accept_encodings.quality("gzip") > 0 else None
    answer = Response(file.data if packed is None else packed, mimetype=file.mimetype)
    if packed is not None:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers.add("Vary", "Accept-Encoding")
    return answer
