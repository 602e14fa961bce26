"""The unit of update_unit.py with the real trust client, fetcher and payloads, from a mirror in
memory; with `esp` also RAUC's backend for systemd-boot in place of the simple board.

    world = make_world((LayerKind.APP,), ("2", "3"))
    unit = RealUnit(files, world=world, assigned="3")

Reads and writes: `files`. Never: keeps state of the unit in Python, but for the number of the boot
and what the kernel would tell: the slot that was booted.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

from appliance.model import Stamp
from ota.checkin.payloads import DayPayloads
from ota.checkin.volume import CountedMirror, Volume
from ota.files import replace
from ota.machine.ports import Payloads, Trust
from ota.manifest import Layer, LayerKind, format_layer
from ota.mirrors.mirror import Mirror
from ota.payload.packing import pack_image, pack_tree
from ota.payload.store import ContentStore, Fetcher
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from ota.trust.ratchet import Ratchet
from ota.trust.store import TrustStore
from tests.stand_ins.esp_board import EspBoard
from tests.stand_ins.tuf_repositories import MemoryMirror, TufFleet
from tests.stand_ins.update_unit import HOME, NOON, Board, UpdatedUnit

UNIT = UnitIdentity("u1", "farm", "x86-64")
TREE_BYTES, IMAGE_BYTES = 90_000, 150_000
PART_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class World:
    """`trees`: what a mirror has while that release is assigned to the unit; `fleet` made them."""

    roots: dict[str, bytes]
    trees: dict[str, dict[str, bytes]]
    pack_bytes: dict[str, int]
    fleet: TufFleet


@lru_cache(maxsize=16)
def make_world(kinds: tuple[LayerKind, ...], releases: tuple[str, ...]) -> World:
    """The same for all who ask: nobody may change it."""
    return make_new_world(kinds, releases)


def make_new_world(kinds: tuple[LayerKind, ...], releases: tuple[str, ...]) -> World:
    """Each release is published when it is assigned, the first of them first."""
    fleet, trees, sizes = TufFleet(NOON, bins=1), {}, {}
    for number, release in enumerate(releases):
        with tempfile.TemporaryDirectory() as folder:
            layers = [make_layer(kind, release, Path(folder)) for kind in kinds]
            fleet.tree.update(read_out(Path(folder) / "out"))
        described = [format_layer(one) for one in layers]
        fleet.release(release, number + 2, layers=described, issued=NOON.isoformat())
        fleet.assign(f"units/{UNIT.name}", release)
        fleet.publish(NOON + timedelta(minutes=number))
        trees[release] = dict(fleet.tree)
        sizes[release] = sum(one.payloads[0].pack_bytes for one in layers)
    return World(fleet.roots, trees, sizes, fleet)


def make_layer(kind: LayerKind, release: str, folder: Path) -> Layer:
    """Content whose `file` is the name of the release, beside what packs badly."""
    heavy = Random(f"{kind.value} {release}")
    if kind is LayerKind.OS:
        (folder / "image").write_bytes(release.encode() + heavy.randbytes(IMAGE_BYTES))
        packed = pack_image(folder / "image", folder / "out")
    else:
        root = folder / kind.value
        (root / "deep").mkdir(parents=True)
        (root / "file").write_text(release)
        (root / "kind").write_text(kind.value)
        (root / "deep/weights").write_bytes(heavy.randbytes(TREE_BYTES))
        packed = pack_tree(root, folder / "out")
    name = "people" if kind is LayerKind.MODEL else ""
    return Layer(kind, name, release, packed.sha256, packed.size_bytes, packed.payloads)


def read_out(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


class InParts(MemoryMirror):
    """Gives a file as a link does: part by part."""

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        for part in super().read(path, offset=offset, most_bytes=most_bytes):
            yield from (part[at : at + PART_BYTES] for at in range(0, len(part), PART_BYTES))


@dataclass
class RealUnit(UpdatedUnit):
    """`received`: bytes that came over the link, of packs and all else. `has_esp`: systemd-boot.
    `link`: a mirror in place of the world's; `clock_error`: how far its clock is ahead.
    """

    world: World | None = None
    assigned: str = ""
    has_esp: bool = False
    volume: Volume = field(default_factory=lambda: Volume(lambda _: None))
    esp: EspBoard | None = None
    link: Mirror | None = None
    clock_error: timedelta = timedelta()

    def begin(self, release: str = "1") -> None:
        super().begin(release)
        if self.has_esp:
            self.esp_board.begin(release)
        self.files.make_directory(HOME / "trust")
        for name, data in self.need_world().roots.items():
            replace(self.files, HOME / "trust" / f"{name}-root.json", data)
        self.files.sync_directory(HOME)

    def need_world(self) -> World:
        assert self.world is not None
        return self.world

    @property
    def esp_board(self) -> EspBoard:
        if self.esp is None:
            self.esp = EspBoard(self.files)
        self.esp.dead = self.dead
        return self.esp

    @property
    def board(self) -> Board:
        return self.esp_board if self.has_esp else super().board

    @property
    def mirrors(self) -> list[Mirror]:
        if self.link is not None:
            return [self.link]
        mirror = InParts("web", self.need_world().trees[self.assigned])
        mirror.is_dead = not self.linked
        return [CountedMirror(mirror, self.volume)]

    def make_trust(self) -> Trust:
        return TrustClient(HOME, self.files, self.mirrors, UNIT, lambda: self.stamp().utc)

    def make_payloads(self) -> Payloads:
        return DayPayloads(Fetcher(ContentStore(HOME, self.files), self.mirrors), self.volume)

    def stamp(self) -> Stamp:
        utc = NOON + timedelta(hours=1, minutes=self.boot, seconds=self.uptime_s) + self.clock_error
        return Stamp(utc, f"{self.boot:08x}", self.uptime_s)

    @property
    def floors(self) -> Ratchet:
        return TrustStore(HOME, self.files).load().ratchet

    @property
    def ratchet(self) -> int:
        return self.floors.sequence
