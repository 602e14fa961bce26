"""Finds the parameter sets that a live stream sends before its key frames (H.264/H.265 7.3.1).

In: the first bytes of a packet, as a byte stream (Annex B). Out: what a decoder must know.
Never: decodes, or searches beyond the first 4096 bytes.
"""

from collections.abc import Iterator

START = b"\0\0\1"
SEARCHED_BYTES = 4096  # parameter sets are some dozen bytes and stand first
H264_SETS, H265_SETS = (7, 8), (32, 33, 34)  # nal_unit_type: SPS, PPS; VPS, SPS, PPS


def find_parameter_sets(codec: str, data: bytes) -> bytes:
    """The parameter sets at the beginning of `data`, each with a start code; b"" for none."""
    kept = (unit for unit in split_units(data) if unit and is_parameter_set(codec, unit[0]))
    return b"".join(b"\0" + START + unit for unit in dict.fromkeys(kept))  # some send it twice


def is_parameter_set(codec: str, first: int) -> bool:
    if codec == "h264":
        return first & 0x1F in H264_SETS
    return codec == "hevc" and first >> 1 & 0x3F in H265_SETS


def split_units(data: bytes) -> Iterator[bytes]:
    """The units between start codes; the last one may be cut off."""
    head = data[:SEARCHED_BYTES]
    for unit in head.split(START)[1:]:
        yield unit.rstrip(b"\0")  # a longer start code's zero; no unit ends with one
