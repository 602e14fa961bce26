"""Recovery points of H.264: after how many pictures a stream without key frames is intact. Pure.

In: the first bytes of a packet. Out: a number of pictures, 0 for a real key frame.
Never: decodes.

With intra refresh an encoder sends no key frames after the first: a column of each picture is coded
anew, and a message (SEI, ITU-T H.264 D.1.8 and D.2.8) says after how many pictures everything was.
H.265 has such messages too (D.2.8), but libav's decoder does not begin at them.
"""

from collections.abc import Iterator

from sensors.camera.sources.source import Codec

START = b"\0\0\1"
SLICE, IDR_SLICE, SEI = 1, 5, 6  # nal_unit_type, table 7-1
RECOVERY_POINT = 6  # payloadType
SEARCHED_BYTES = 4096


def find_recovery_frames(codec: Codec, packet: bytes) -> int:
    """How many pictures after this packet's one are damaged, where decoding begins at it."""
    if codec.name != "h264":
        return 0
    found = 0
    for unit in split_units(codec, packet[:SEARCHED_BYTES]):
        kind = unit[0] & 0x1F if unit else 0
        if kind in (SLICE, IDR_SLICE):
            return found if kind == SLICE else 0
        if kind == SEI:
            found = max(found, parse_recovery_frames(unit[1:]))
    return 0


def split_units(codec: Codec, data: bytes) -> Iterator[bytes]:
    """The units of a packet, whether it has start codes or lengths; the last may be cut off."""
    if not codec.extradata.startswith(b"\1"):
        yield from data.split(START)[1:]
        return
    length_bytes, at = (codec.extradata[4] & 3) + 1, 0
    while at + length_bytes < len(data):
        begin = at + length_bytes
        at = begin + int.from_bytes(data[at:begin])
        yield data[begin:at]


def parse_recovery_frames(messages: bytes) -> int:
    """`recovery_frame_cnt` of the recovery point among the messages of one SEI; 0 for none."""
    rest = messages.replace(b"\0\0\3", b"\0\0")  # emulation prevention, 7.4.1
    while len(rest) > 2:
        kind, rest = parse_number(rest)
        size, rest = parse_number(rest)
        if kind == RECOVERY_POINT:
            return parse_exp_golomb(rest[:size])
        rest = rest[size:]
    return 0


def parse_number(data: bytes) -> tuple[int, bytes]:
    """A type or size, and what follows: 255 for each byte FF, and one more byte (7.3.2.3.1)."""
    more = len(data) - len(data.lstrip(b"\xff"))
    last = data[more] if more < len(data) else 0
    return 255 * more + last, data[more + 1 :]


def parse_exp_golomb(data: bytes) -> int:
    """An unsigned number ue(v) at the beginning (9.1); 0 where it is cut off."""
    bits = "".join(f"{byte:08b}" for byte in data)
    zeros = len(bits) - len(bits.lstrip("0"))
    code = bits[zeros : 2 * zeros + 1]
    return int(code, 2) - 1 if len(code) == zeros + 1 else 0
