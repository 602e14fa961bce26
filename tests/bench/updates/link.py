"""How much is fetched twice over a bad link: 64 kbit/s, 30 % of answers broken, a drop every 60 s.

    measure_link(Path("/tmp/x"))         # {"refetched_pct": ..., ...}

The server is a real one on loopback; time is counted in bytes (8000 bytes are a second).
`refetched_pct` counts all that the server sent, also what never arrived; with `reset` only
`received_twice_pct` means something: on loopback a reset kills what waits in the kernel, megabytes
that a slow link would not have carried yet.
Reads: nothing. Writes: below the directory that it is given.
Never: waits.
"""

from pathlib import Path
from random import Random

from ota.disk import Disk
from ota.errors import LinkError
from ota.manifest import Layer, LayerKind
from ota.mirrors.web import WebMirror
from ota.payload.packing import pack_image
from ota.payload.store import ContentStore, Fetcher
from tests.stand_ins.range_server import Link, RangeServer

LINK_BYTES_PER_S = 8000
DROP_S = 60
LOST = 0.3
MOST_TRIES = 10_000


def publish(place: Path, size_bytes: int, seed: int) -> Layer:
    """An image that cannot be packed any smaller."""
    path = place / "image"
    path.write_bytes(Random(seed).randbytes(size_bytes))
    packed = pack_image(path, place / "out")
    return Layer(LayerKind.OS, "", "1", packed.sha256, packed.size_bytes, packed.payloads)


def make_link(seed: int, *, reset: bool) -> Link:
    drop_bytes = LINK_BYTES_PER_S * DROP_S
    return Link(lost=LOST, drop_bytes=drop_bytes, reset=reset, random=Random(seed))


def measure_link(
    place: Path, *, size_bytes: int = 6_000_000, seed: int = 1, reset: bool = False
) -> dict[str, float]:
    """The image comes whole through the link; after every third drop the server has a new address,
    and the unit's process starts anew.
    """
    layer = publish(place, size_bytes, seed)
    link = make_link(seed, reset=reset)
    store = ContentStore(place / "ota", Disk())
    came: list[int] = []
    tries = 0
    while not store.list_present():
        with RangeServer(place / "out", link=link) as server:
            tries += try_three_times(store, server, layer, came)
        if tries > MOST_TRIES:
            raise RuntimeError(f"not whole after {tries} tries")
    store.verify(layer)
    return judge(layer, link, tries, sum(came))


def try_three_times(store: ContentStore, server: RangeServer, layer: Layer, came: list[int]) -> int:
    fetcher = Fetcher(store, [WebMirror(server.address)])
    for number in range(1, 4):
        try:
            fetcher.fetch(layer, may_go_on=lambda: True, progress=came.append)
        except LinkError:
            continue
        return number
    return 3


def judge(layer: Layer, link: Link, tries: int, came_bytes: int) -> dict[str, float]:
    needed = layer.payloads[0].pack_bytes + layer.payloads[0].index_bytes
    return {
        "refetched_pct": 100 * (link.sent_bytes - needed) / needed,
        "received_twice_pct": 100 * (came_bytes - layer.payloads[0].pack_bytes) / needed,
        "tries": tries,
        "drops": link.drops,
        "link_hours": link.sent_bytes / LINK_BYTES_PER_S / 3600,
    }
