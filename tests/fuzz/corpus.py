"""Whole replies of every simulated device as the fuzzer's first inputs: checks are hard to guess.

Reads: the simulators. Writes: one file for each model and block into the folder that it is given.
Never: writes what the fuzzer would not understand; see `tests.fuzz.decoders.run_input`.
"""

import contextlib
import sys
from pathlib import Path

from appliance.errors import BusError
from power.devices import MODELS
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import Block, Profile
from provisioning.simulated.devices.models import SIMULATORS
from tests.fuzz.plans import list_blocks
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


def main(folder: Path) -> None:
    for number, profile in enumerate(MODELS):
        for place, block in enumerate(list_blocks(profile)):
            with contextlib.suppress(BusError):
                data = bytes([number, place]) + record_reply(profile, block)
                (folder / f"{profile.name}-{place}").write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
