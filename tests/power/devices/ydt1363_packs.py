"""Captured frames of packs that speak YD/T 1363, and their drivers in front of a device."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from appliance.model import BatteryReading
from power.devices.pace import Pace
from power.devices.pylontech import Pylontech, YdtBattery
from power.devices.seplos_v2 import SeplosV2
from power.protocol.bus import ByteLine
from power.protocol.framing.ydt1363 import (
    ANALOGUE,
    PACE,
    PYLONTECH,
    SEPLOS_V2,
    YdtFraming,
    compute_checksum,
    encode_length,
)
from power.protocol.links import FramedLink
from power.protocol.profile import Block
from power.reading.meter import Meter
from provisioning.simulated.devices.pylontech import (
    SimulatedPace,
    SimulatedPylontech,
    SimulatedSeplosV2,
    SimulatedYdt,
)
from provisioning.simulated.lines.byte_device import ByteDevice
from provisioning.simulated.lines.loopback import LoopbackLine
from tests.stand_ins.fakes import FakeClock

Family = tuple[YdtBattery, YdtFraming, type[SimulatedYdt]]
FAMILY: tuple[Family, ...] = (
    (Pylontech(), PYLONTECH, SimulatedPylontech),
    (Pace(), PACE, SimulatedPace),
    (SeplosV2(), SEPLOS_V2, SimulatedSeplosV2),
)
families = pytest.mark.parametrize("family", FAMILY, ids=lambda family: family[0].name)

# The maker's document (V3.3) with the right checksum: 15 cells, 74 Ah.
EXAMPLE = (
    "~20024600F07A11020F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A050BC30BC30BC3"
    "0BCD0BCD0000C725FFFF04FFFF000200CA58012110E27A\r"
)
# Tomcat42/pylontech-python: a US2000C of 50 Ah with two user items.
US2000C = (
    "~20024600C06E10020F0C9A0C980C990C980C9A0C9A0C990C9B0C9C0C9A0C9B0C9B0C9B0C9B0C99050B740B550B57"
    "0B530B630000BD06190F02C3500084E545\r"
)
US2000C_ALARMS = (
    "~20024600A04210020F000000000000000000000000000000050000000000000000000E00000000F108\r"
)
US2000C_MAKER = (
    "~20024600C04055533230303043000000010750796C6F6E2D2D2D2D2D2D2D2D2D2D2D2D2D2D2DEFBD\r"
)
# Frankkkkk/python-pylontech: a UP2500 with 8 cells.
UP2500 = (
    "~20024600D05E1002080D020D020D020D030D000D010D010D03050B7D0B690B690B690B73FFFA680EFFFF04FFFF00"
    "000174E401B198E906\r"
)
UP2500_MANAGEMENT = "~20024600B014026EF05AA0022BFDD5C0F915\r"
# nkinnan/esphome-pace-bms: a P16S100A-1812 of 100 Ah.
PACE_16 = (
    "~25014600F07A0001100CC70CC80CC70CC70CC70CC50CC60CC70CC70CC60CC70CC60CC60CC70CC60CC7060B9B0B99"
    "0B990B990BB30BBCFF1FCCCD12D303286A008C2710E1E4\r"
)
PACE_16_ALARMS = (
    "~25014600004C0001100000000000000000000000000000000006000000000000"
    "00000000000E000000000000EF3A\r"
)
PACE_16_BOARD = "~25014600602850313653313030412D313831322D312E30302000F58E\r"
# syssi/esphome-seplos-bms: 16 cells, and an 1101-SP15; frawamudi/Seplos_Bms: 14 cells of NMC.
SEPLOS_16 = (
    "~2000460010960001100CD70CE90CF40CD60CEF0CE50CE10CDC0CE90CF00CE80CEF0CEA0CDA0CDE0CD8060BA60BA0"
    "0B970BA60BA50BA2FD5C14A0344E0A426803134650004603E8149F0000000000000000DC6C\r"
)
SEPLOS_14 = (
    "~20004600A08E00010E0EB80ECA0EC70EE10EB70ECD0ED00EC90EA00E9B0EC70EBC0EB20EBB060BF20BE90BF20BF2"
    "0C100BFB000014A523EF0A9C4000E59C40000103E814AA0000000000000000DE29\r"
)
SEPLOS_14_ALARMS = (
    "~20004600D05E00010E0202020202020202020002020202060000000000000002140011000000020100000100000000"
    "000000000001EBA2\r"
)
SEPLOS_14_WRONG = (
    "~20004600A08E00010E0E1C0E160E160E170E170E180E110BFC102E0E1A0E070E0B0E1C0E14060BE40BE60BE50BE5"
    "0BF10BEC3A9813B604190A3A9B00453A98000103E813BF0000000000000000DF0C\r"
)
SEPLOS_15_MAKER = (
    "~20004600C040313130312D5350313520020743414E50726F746F636F6C3A536F666172202020F046\r"
)


class RecordedPack:
    """A device that answers each command with a captured frame, and the rest with RTN 04."""

    sends_every_s = None

    def __init__(self, framing: YdtFraming, device_id: int, frames: Mapping[int, str]) -> None:
        self._frames = {framing.build_request(Block(one), device_id): frames[one] for one in frames}
        self._unknown = build_frame(f"{framing.version:02X}{device_id:02X}4604", "")

    def find_request_size(self, begun: bytes) -> int | None:
        return begun.find(b"\r") + 1 or None

    def respond(self, request: bytes) -> bytes | None:
        return self._frames.get(request, self._unknown).encode()

    def send_unasked(self) -> bytes:
        return b""


def build_frame(start: str, info: str) -> str:
    body = f"{start}{encode_length(len(info)):04X}{info}"
    return f"~{body}{compute_checksum(body.encode()):04X}\r"


def make_family_meter(family: Family, device: ByteDevice, device_id: int | None = None) -> Meter:
    profile, framing, _ = family
    chosen = profile.device_id if device_id is None else device_id
    line = cast("ByteLine", LoopbackLine(device))
    return Meter(profile, FramedLink(profile, framing, line, chosen), FakeClock())


def read_family(family: Family, frames: Mapping[int, str]) -> BatteryReading:
    profile, framing, _ = family
    reading = make_family_meter(family, RecordedPack(framing, profile.device_id, frames)).read()
    assert isinstance(reading, BatteryReading)
    return reading


def decode_family(family: Family, frame: str, command: int = ANALOGUE) -> dict[str, Any]:
    profile, framing, _ = family
    content = framing.find_reply(frame.encode(), Block(command), profile.device_id, final=True)
    assert content is not None
    return profile.decode(Block(command), content)
