"""What came over the link, counted at the mirror: metadata, indexes and packs alike.

    volume = Volume(note=rows.note_received)
    mirrors = [CountedMirror(mirror, volume) for mirror in mirrors]

Reads: mirrors. Writes: nothing itself; `note` hears of each further part.
Never: counts what a directory of this computer gives: that is no link.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ota.mirrors.mirror import Mirror

NOTED_BYTES = 2_000_000  # a cut loses the count of no more


@dataclass(slots=True)
class Volume:
    """`unnoted_bytes`: what `note` has not heard of yet."""

    note: Callable[[int], None]
    received_bytes: int = 0
    unnoted_bytes: int = 0

    def add(self, count: int) -> None:
        """So many bytes came."""
        self.received_bytes += count
        self.unnoted_bytes += count
        if self.unnoted_bytes >= NOTED_BYTES:
            self.note(self.take_unnoted())

    def take_unnoted(self) -> int:
        """What was not noted yet; it counts as noted from now on."""
        found, self.unnoted_bytes = self.unnoted_bytes, 0
        return found


@dataclass(slots=True)
class CountedMirror:
    """A mirror whose bytes are counted as they come."""

    mirror: Mirror
    volume: Volume
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.mirror.name

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        for part in self.mirror.read(path, offset=offset, most_bytes=most_bytes):
            self.volume.add(len(part))
            yield part
