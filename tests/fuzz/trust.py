"""Metadata of both repositories as any bytes, and with any values under true signatures.

Reads: bytes. Writes: nothing; the tree and the unit's memory are in memory.
Never: lets anything but `TrustError` and `LinkError` pass, or an offer that both repositories and
the ratchet do not cover.

The first byte picks a file of the tree, the second what becomes of it: other bytes in its place, at
some place in it, or changes of its values, signed by those whom the unit trusts.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tuf.api.metadata import Metadata

from ota.errors import LinkError, TrustError
from ota.trust.assignment import UnitIdentity
from ota.trust.question import Asker, MirrorQuestion
from ota.trust.store import Memory
from tests.fuzz.json_edits import edit
from tests.stand_ins.tuf_repositories import MemoryMirror, TufFleet, TufRepository

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
UNIT = UnitIdentity("u1", "farm", "x86-64")


def make_fleet() -> TufFleet:
    """With a second root, so that there is one to attack."""
    fleet = TufFleet(NOW, bins=1)
    for repository in (fleet.image, fleet.director):
        repository.rotate("snapshot")
    fleet.release("good", 2)
    fleet.release("new", 3)
    fleet.assign("units/u1", "good")
    fleet.publish(NOW)
    return fleet


def learn(fleet: TufFleet, memory: Memory, now: datetime) -> Memory:
    question = ask(fleet.tree, memory, now)
    question.find_offer()
    return question.memory


def ask(tree: dict[str, bytes], memory: Memory, now: datetime) -> MirrorQuestion:
    asker = Asker(UNIT, FLEET.roots, now, None, technician=False)
    return MirrorQuestion(asker, memory, MemoryMirror("web", tree), lambda: 0.0)


FLEET = make_fleet()
KNOWN = learn(FLEET, Memory(), NOW)
LATER = NOW + timedelta(days=1)
FLEET.assign("units/u1", "new")
FLEET.publish(LATER)
NAMES = sorted(FLEET.tree)
MEMORIES = (Memory(), KNOWN)


def run_input(data: bytes) -> None:
    """One execution."""
    if len(data) < 3:
        return
    name = NAMES[data[0] % len(NAMES)]
    tree = {**FLEET.tree, name: damage(name, data[1], data[2:])}
    memory = MEMORIES[data[1] >> 4 & 1]
    question = ask(tree, memory, LATER)
    try:
        offer = question.find_offer()
    except (TrustError, LinkError):
        offer = None
    if offer is not None:
        assert offer.manifest.sequence >= memory.ratchet.sequence
        assert offer.manifest.release in ("good", "new")
    assert question.memory.ratchet.sequence >= memory.ratchet.sequence


def damage(name: str, how: int, data: bytes) -> bytes:
    whole = FLEET.tree[name]
    if how % 4 == 0:
        return data
    if how % 4 == 1:
        at = int.from_bytes(data[:2], "big") % len(whole)
        return whole[:at] + data[2:] + whole[at + len(data[2:]) :]
    return sign(name, edit(json.loads(whole), data), again=how % 4 == 2)


def sign(name: str, tree: Any, *, again: bool) -> bytes:
    """The file with those values; `again`: its true owner signs it, where it can be signed."""
    plain = json.dumps(tree).encode()
    repository: TufRepository = FLEET.image if name.startswith("image") else FLEET.director
    words = name.rpartition("/")[2].split(".")
    role = next((one for one in words if one in repository.signers), "")
    role = role or ("bin" if "bin" in name else "")
    if not again or not role:
        return plain
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(plain)
        metadata.signatures.clear()
        for signer in repository.signers[role]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes()
    except Exception:  # noqa: BLE001  (python-tuf makes no promise: then nobody can sign it)
        return plain
