"""H.264 and H.265 as a byte stream (Annex B): converts from units with lengths (avcC, hvcC).

Reads and writes: nothing; bytes in memory. Other codecs pass as they are.
Never: decodes.

Live streams put a start code (00 00 01) before each unit; MP4 files and some cameras put its length
and keep the parameter sets (SPS, PPS, with H.265 VPS too) apart in a configuration record. Sources:
ISO/IEC 14496-15, sections 5.3.3.1 (avcC) and 8.3.3.1 (hvcC); ITU-T H.264 table 7-1, H.265 table
7-1, both annex B.
"""

from collections.abc import Iterator

from appliance.wording.sentence import say
from sensors.camera.sources.source import Codec

START = b"\0\0\0\1"
SHORT_START = b"\0\0\1"
PICTURE_TYPES = {"h264": range(1, 6), "hevc": range(32)}  # unit types that hold pixels
PARAMETER_SET_TYPES = {"h264": (7, 8), "hevc": (32, 33, 34)}  # SPS, PPS; VPS, SPS, PPS


class ParameterSetError(ValueError):
    """A stream lacks the parameter sets that a player needs before the first picture."""


class Bytestream:
    """Converts one stream's packets to start codes."""

    def __init__(self, codec: Codec) -> None:
        """Raises `ParameterSetError` where the configuration record is cut short."""
        self.codec = codec
        self._length_bytes: int | None = None
        self._parameter_sets = codec.extradata
        if codec.name in PARAMETER_SET_TYPES and has_configuration_record(codec):
            try:
                self._length_bytes, self._parameter_sets = parse_configuration_record(codec)
            except IndexError as error:
                raise ParameterSetError(say("its configuration record is cut short")) from error

    def to_annex_b(self, data: bytes) -> bytes:
        """One packet with start codes."""
        if self._length_bytes is None:
            return data
        return b"".join(START + unit for unit in split_by_length(data, self._length_bytes))

    def find_parameter_sets(self, key: bytes) -> bytes:
        """The parameter sets by which a key frame is decoded: its own, else those of the stream.

        The packet's own come first: cameras announce parameter sets that they do not keep to. Empty
        for codecs that need none; raises `ParameterSetError` where there are none.
        """
        if self.codec.name not in PARAMETER_SET_TYPES:
            return self._parameter_sets if self.codec.name == "mpeg4" else b""
        own = find_own_parameter_sets(self.to_annex_b(key), self.codec.name)
        if self._is_complete(own):
            return b"".join(START + unit for unit in own)
        if not self._parameter_sets:
            raise ParameterSetError(say("the camera sent no parameter sets (SPS, PPS)"))
        return self._parameter_sets

    def make_decodable(self, key: bytes) -> bytes:
        """A key frame's packet with parameter sets in front: it can be decoded alone."""
        plain = self.to_annex_b(key)
        if self.codec.name in PARAMETER_SET_TYPES and self._is_complete(
            find_own_parameter_sets(plain, self.codec.name)
        ):
            return plain
        sets = self.find_parameter_sets(key)
        return plain if plain.startswith(sets) else sets + plain

    def _is_complete(self, own: list[bytes]) -> bool:
        name = self.codec.name
        return {parse_unit_type(unit, name) for unit in own} == set(PARAMETER_SET_TYPES[name])


def has_configuration_record(codec: Codec) -> bool:
    """Whether the parameter sets are in a record of their own and units have lengths."""
    return len(codec.extradata) > 6 and not codec.extradata.startswith((START, SHORT_START))


def parse_configuration_record(codec: Codec) -> tuple[int, bytes]:
    """Bytes of a unit's length field, and the parameter sets with start codes."""
    record = codec.extradata
    units: list[bytes] = []
    if codec.name == "h264":
        length_bytes = (record[4] & 3) + 1
        at = take_units(record, 6, record[5] & 0x1F, units)  # SPS
        take_units(record, at + 1, record[at], units)  # PPS
    else:
        length_bytes = (record[21] & 3) + 1
        at = 23
        for _ in range(record[22]):
            at = take_units(record, at + 3, int.from_bytes(record[at + 1 : at + 3]), units)
    return length_bytes, b"".join(START + unit for unit in units)


def take_units(record: bytes, at: int, count: int, units: list[bytes]) -> int:
    """Append `count` units with lengths of two bytes to `units`; returns where they end."""
    for _ in range(count):
        end = at + 2 + (record[at] << 8 | record[at + 1])
        if end > len(record):
            raise IndexError
        units.append(record[at + 2 : end])
        at = end
    return at


def split_by_length(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The units of a packet, each after its length; a torn last one is left out."""
    at = 0
    while at + length_bytes < len(data):
        end = at + length_bytes + int.from_bytes(data[at : at + length_bytes])
        if end > len(data):
            return
        yield data[at + length_bytes : end]
        at = end


def find_own_parameter_sets(data: bytes, name: str) -> list[bytes]:
    """The parameter sets that stand before a packet's first picture, without start codes."""
    found: list[bytes] = []
    at = data.find(SHORT_START)
    while 0 <= at < len(data) - 4:
        begin = at + len(SHORT_START)
        kind = parse_unit_type(data[begin : begin + 1], name)
        if kind in PICTURE_TYPES[name]:
            break
        at = data.find(SHORT_START, begin)
        if kind in PARAMETER_SET_TYPES[name]:
            found.append(data[begin : at if at >= 0 else len(data)].rstrip(b"\0"))
    return found


def parse_unit_type(unit: bytes, name: str) -> int:
    """The type of a unit, from its first byte."""
    return unit[0] & 0x1F if name == "h264" else unit[0] >> 1 & 0x3F
