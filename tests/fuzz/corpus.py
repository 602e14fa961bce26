"""The fuzzer's first inputs: whole replies of every simulated device, requests, settings, packets.

What is right is hard to guess. Reads: the simulators. Writes: one folder for each target of
tests/fuzz/__main__.py into the folder that it is given.
Never: writes what a target's `run_input` would not understand.
"""

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import BusError
from appliance.media.frame_messages import encode_header, encode_request
from appliance.media.frames import I420, MP4, PictureRequest, Refusal
from appliance.model import Stamp
from appliance.settings import Settings
from appliance.settings_text import format_settings
from appliance.store.rows import encode
from appliance.store.tables import TABLES
from power.devices import MODELS
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import Block, Profile
from provisioning.simulated.devices.models import SIMULATORS
from tests.appliance.media.test_frames import PICTURE
from tests.fuzz import update_corpus
from tests.fuzz.plans import list_blocks
from tests.fuzz.rows import write_value
from tests.scenes import damaged_rows, filled
from tests.stand_ins.rig import make_meter, make_night, make_sunny_noon


def record_reply(profile: Profile, block: Block) -> bytes:
    """What the simulated device brings for `block`: a frame, or a Modbus reply's content."""
    wire = LINK_FACTORIES[profile.protocol]
    plant = make_sunny_noon() if block.address % 2 else make_night()
    device = SIMULATORS[profile.name](plant, (), None, 1.0)
    if not isinstance(wire, FramedLinkFactory):
        return make_meter(profile, device).link.read_raw(block)
    request = wire.framing.build_request(block, profile.device_id)
    return (device.respond(request) if request else device.send_unasked()) or b""


def list_replies() -> Iterator[bytes]:
    """One of each model and block."""
    for number, profile in enumerate(MODELS):
        for place, block in enumerate(list_blocks(profile)):
            with contextlib.suppress(BusError):
                yield bytes([number, place]) + record_reply(profile, block)


def list_frames() -> Iterator[bytes]:
    """A request, and headers of a picture and of a refusal."""
    yield b"\x00" + encode_request(PictureRequest(I420, 7, moved=True, wait_s=1.0))
    yield b"\x00" + encode_request(PictureRequest(MP4, since_s=1.5, until_s=9.0))
    yield b"\x60" + encode_header(PICTURE)
    yield b"\x60" + encode_header(Refusal("nothing moves"))
    yield b'\xff{"a": [1, -2.5e3, null, true, "\\u00e4"]}'


def list_settings() -> Iterator[bytes]:
    """Each section of the defaults, and some of those with names."""
    sections = format_settings(Settings()).split("\n\n")
    yield from (one.encode() for one in sections)
    yield b'[charger.main]\nmodel = "renogy"\nport = "tcp://gw:502"\n[bms.b]\nmodel = "jk-pb"\n'
    yield b'[camera.a]\nsource = "rtsp://me:pw@[fe80::1]:554/x?y=1"\nonvif = "http://10.0.0.1"\n'
    yield b"[camera.a]\nprivacy_masks = [[[0, 0], [0.5, 0], [0.5, 1]]]\n[camera.a.line.gate]\n"
    yield b'[switch.a]\nkind = "command"\non = "/bin/true \'x y\'"\noff = "/bin/false"\n'


def list_packets() -> Iterator[bytes]:
    """What a broker sends: accepted, acknowledged, a message, a ping's answer."""
    accepted = b"\x20\x02\x00\x00"
    yield accepted
    yield accepted + b"\x40\x02\x00\x01"
    yield accepted + b"\x32\x0a\x00\x04unit\x00\x01on"
    yield accepted + b"\xd0\x00\x90\x03\x00\x01\x01"
    yield b"\x20\x02\x00\x01"


def list_rows() -> Iterator[bytes]:
    """A row of each of some tables, as stored."""
    now = Stamp(datetime(2026, 4, 15, 2, 0, tzinfo=UTC), "0a1b2c3d", 1000.0)
    rows = (
        filled.reading(now),
        filled.battery_state(now),
        filled.budget(now),
        filled.camera_state(now),
        filled.event(now),
        *damaged_rows.power_rows(now),
        *damaged_rows.plan_rows(now),
    )
    kinds = [table.row for table in TABLES]
    for row in rows:
        stored = encode(row)
        yield bytes([kinds.index(type(row))]) + b"".join(map(write_value, stored.values()))


SEEDS = {
    "decoders": list_replies,
    "frames": list_frames,
    "settings": list_settings,
    "mqtt": list_packets,
    "rows": list_rows,
    "releases": update_corpus.list_releases,
    "packs": update_corpus.list_packs,
    "trust": update_corpus.list_trust,
    "updates": update_corpus.list_updates,
    "entries": update_corpus.list_entries,
    "layers": update_corpus.list_layers,
}


def main(folder: Path) -> None:
    for target, seeds in SEEDS.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(seeds()):
            (folder / target / f"seed-{number}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
