"""Metadata from a mirror, for python-tuf: capped in size and in time, held in memory.

Reads: a `Mirror`. Writes: nothing.
Never: writes a temporary file, or waits longer for a file than its size explains.
"""

from collections.abc import Callable, Iterator

from tuf.api.exceptions import (
    DownloadHTTPError,
    DownloadLengthMismatchError,
    SlowRetrievalError,
)
from tuf.ngclient.fetcher import FetcherInterface

from ota.mirrors.mirror import Mirror, NotThereError

SCHEME = "tree:"  # starts what python-tuf calls a URL: a path in the static tree
PATIENCE_S = 60.0  # for the first byte and for a link that pauses
LEAST_BYTES_S = 250.0  # of a link that is worth going on with, beyond that
NOT_FOUND = 404


class MirrorFetcher(FetcherInterface):
    """`received_bytes`: of all files so far. `monotonic`: a clock in seconds that is never set."""

    def __init__(self, mirror: Mirror, monotonic: Callable[[], float]) -> None:
        self.mirror = mirror
        self.monotonic = monotonic
        self.received_bytes = 0

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """A whole file of at most `max_length` bytes; raises `DownloadError`, `LinkError`."""
        path, began_s, data = url.removeprefix(SCHEME), self.monotonic(), bytearray()
        try:
            for part in self.mirror.read(path, most_bytes=max_length + 1):
                data += part
                self.received_bytes += len(part)
                check_part(path, len(data), max_length, self.monotonic() - began_s)
        except NotThereError as error:
            raise DownloadHTTPError(str(error), NOT_FOUND) from error
        return bytes(data)

    def _fetch(self, url: str) -> Iterator[bytes]:
        raise NotImplementedError(url)  # python-tuf asks for `download_bytes` alone


def check_part(path: str, length: int, most: int, elapsed_s: float) -> None:
    if length > most:
        raise DownloadLengthMismatchError(f"{path} has more than {most} bytes")
    if length < (elapsed_s - PATIENCE_S) * LEAST_BYTES_S:
        raise SlowRetrievalError(f"{path}: {length} bytes in {elapsed_s:.0f} s")
