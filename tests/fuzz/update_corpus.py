"""The fuzzer's first inputs for what an update reads: right files, and a change of each kind.

Reads and writes: nothing.
Never: writes what a target's `run_input` would not understand.
"""

import json
from collections.abc import Iterator

from ota.payload.frames import pack_frame
from ota.payload.tree_list import format_list
from ota.trust.ratchet import format_ratchet, parse_ratchet
from tests.fuzz import packs, releases, trust, updates
from tests.fuzz.json_edits import VALUES

CHANGES = [bytes((value, 37 * value % 256, value)) for value in range(len(VALUES))]


def list_releases() -> Iterator[bytes]:
    for kind, right in ((1, releases.MANIFEST), (0, releases.OFFER)):
        yield bytes((kind, 1)) + json.dumps(right).encode()
        yield from (bytes((kind, 0)) + change for change in CHANGES)


def list_packs() -> Iterator[bytes]:
    yield from (bytes((8, 12)) + frame for frame in packs.PACKED)
    yield bytes((9, 0)) + format_list(packs.LISTED)
    for kind, right in zip((3, 4, 2), packs.RIGHT, strict=True):
        yield bytes((kind, 2)) + json.dumps(right).encode()
        yield bytes((kind, 3)) + pack_frame(json.dumps(right).encode())
        yield from (bytes((kind, number % 2)) + one for number, one in enumerate(CHANGES))


def list_trust() -> Iterator[bytes]:
    for number, name in enumerate(trust.NAMES):
        yield bytes((number, 0)) + trust.FLEET.tree[name]
        yield bytes((number, 16)) + trust.FLEET.tree[name]
        yield from (bytes((number, 2 + 16 * (one[0] % 2))) + one for one in CHANGES)


def list_updates() -> Iterator[bytes]:
    for number, (_, right) in enumerate(updates.JUDGES):
        if right is not None:
            yield bytes((number, 1)) + json.dumps(right).encode()
            yield from (bytes((number, 0)) + change for change in CHANGES)
    yield bytes((3, 0, 0)) + format_ratchet(parse_ratchet(RATCHET))
    yield bytes((5, 0)) + b"../../content/" + b"ab" * 32
    yield bytes((6, 0)) + b"+0 50.\n-10 20.\n+90 100."
    yield bytes((8, 0)) + b'"tag"\n100\nbytes 7-99/100'


RATCHET = json.dumps(updates.RATCHET).encode()


def list_entries() -> Iterator[bytes]:
    text = (
        "title Neural Energy 1.0;sort-key neural-energy;version {number};"
        "linux /neural-energy/{number}-1.0/linux;initrd /neural-energy/{number}-1.0/initrd;"
        "options root=x rauc.slot={slot};"
    )
    state = b'{"committed": "A", "rearmed": 1}\n'
    names = ("unit-1-1.0.conf", "unit-2-1.0+3.conf", "unit-3-1.0+0-3.conf", "windows.conf")
    slots = ("A", "B", "A", "A")
    entries = [
        f"{name}\n{text.format(number=number, slot=slot)}"
        for number, (name, slot) in enumerate(zip(names, slots, strict=True), 1)
    ]
    for order in (0, 27, 108, 228):
        for first in range(4):
            yield bytes((order,)) + state + "\n".join(entries[first:]).encode()


def list_layers() -> Iterator[bytes]:
    own = b'[unit]\nname = "u1"\n'
    yield own + b'\0[camera.a]\nsource = "rtsp://10.0.0.1/x"\n'
    yield own + b'\0[energy]\nnominal_capacity_wh = 1000\n[update]\nwindow = "10:00-14:00"\n'
    yield own + b'\0[unit]\nname = "other"\n'
    yield b'[camera.a]\nsource = "a"\n\0[camera]\na = 1\n[[camera.b]]\nx.y = {}\n'
