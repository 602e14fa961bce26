"""Random and mutated bytes against every decoder of power devices.

Reads: bytes. Writes: nothing.
Never: touches a line.

The first byte picks a model, the second a block of its plan, the rest is what the line brings. No
bytes may raise anything but the two named errors, or make a value out of its row's range, NaN or
infinite.
"""

import math
from datetime import UTC, datetime
from typing import Any

from appliance.model import Quality, Stamp
from power.devices import MODELS
from power.protocol.bus.rtu_filter import ExpectedReply, strip_echo
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import Block, Profile, Sample
from power.protocol.register import Decoded
from tests.fuzz.plans import list_blocks

STAMP = Stamp(datetime(2026, 1, 1, tzinfo=UTC), "0", 1.0)


PLANS = [(profile, list_blocks(profile)) for profile in MODELS]


def run_input(data: bytes) -> None:
    """One execution."""
    if len(data) < 3:
        return
    profile, plan = PLANS[data[0] % len(PLANS)]
    block, received = plan[data[1] % len(plan)], data[2:]
    content = find_content(profile, block, received)
    for payload in (content, received):
        if payload is not None:
            check_payload(profile, block, payload)
    ExpectedReply(data[0], data[1], data[2] & 0x7F, data[-1]).find_frame(
        strip_echo(received[:8], received)
    )


def find_content(profile: Profile, block: Block, received: bytes) -> bytes | None:
    """What the model's framing takes for the reply; None for Modbus: pymodbus frames that."""
    wire = LINK_FACTORIES[profile.protocol]
    if not isinstance(wire, FramedLinkFactory):
        return None
    for final in (False, True):
        try:
            content = wire.framing.find_reply(received, block, profile.device_id, final=final)
        except (DamagedReply, RefusedReply):
            return None
        if content is not None:
            return content
    return None


def check_payload(profile: Profile, block: Block, payload: bytes) -> None:
    """Decode and read; every number must be finite, and a missing one must have a mark."""
    try:
        values = profile.decode(block, payload)
    except DamagedReply:
        return
    for name, decoded in values.items():
        check(name, decoded)
    profile.recognise(payload)
    reading: Any = profile.make_reading(STAMP, Sample(values))
    for name in reading.__dataclass_fields__:
        value = getattr(reading, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise AssertionError(f"{profile.name} {name} is {value}")


def check(name: str, decoded: Decoded) -> None:
    if decoded.value is None:
        assert decoded.quality is not Quality.OK, name
    else:
        assert decoded.quality is Quality.OK, name
        assert math.isfinite(decoded.value), name
