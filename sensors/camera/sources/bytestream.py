"""The two ways in which H.264 and H.265 are written, turned into the one that all understand.

Reads and writes: nothing; bytes in memory. Other codecs pass as they are.
Never: decodes.

Live streams put a start code (00 00 01) before each unit; MP4 files and some cameras put its length
and keep the header (SPS, PPS, with H.265 VPS too) apart. Sources: ISO/IEC 14496-15, sections
5.3.3.1 (avcC) and 8.3.3.1 (hvcC); ITU-T H.264 table 7-1, H.265 table 7-1, both annex B.
"""

from collections.abc import Iterator

from sensors.camera.sources.source import Codec

START = b"\0\0\0\1"
SHORT_START = b"\0\0\1"
PICTURE = {"h264": range(1, 6), "hevc": range(32)}  # types of the units that hold pixels
HEADER = {"h264": (7, 8), "hevc": (32, 33, 34)}  # SPS, PPS; VPS, SPS, PPS


class HeaderError(ValueError):
    """A stream does not say what a player must know before the first picture."""


class Bytestream:
    """One stream's bytes with start codes."""

    def __init__(self, codec: Codec) -> None:
        """Raises `HeaderError` where the codec's own header is cut short."""
        self.codec = codec
        self._length_bytes: int | None = None
        self._header = codec.extradata
        if codec.name in HEADER and is_apart(codec):
            try:
                self._length_bytes, self._header = header_apart(codec)
            except IndexError as error:
                raise HeaderError("its header is cut short") from error

    def plain(self, data: bytes) -> bytes:
        """One packet with start codes."""
        if self._length_bytes is None:
            return data
        return b"".join(START + unit for unit in units_by_length(data, self._length_bytes))

    def header(self, key: bytes) -> bytes:
        """The header by which a key frame is decoded: its own, else that of the stream.

        What the packet itself brings counts for more: cameras announce headers that they do not
        keep to. Empty for codecs that need none; raises `HeaderError` where there is none.
        """
        if self.codec.name not in HEADER:
            return self._header if self.codec.name == "mpeg4" else b""
        own = own_header(self.plain(key), self.codec.name)
        if self._is_whole(own):
            return b"".join(START + unit for unit in own)
        if not self._header:
            raise HeaderError("the camera sent no header (SPS, PPS)")
        return self._header

    def whole(self, key: bytes) -> bytes:
        """A key frame's packet that can be decoded alone: with its header in front."""
        plain = self.plain(key)
        if self.codec.name in HEADER and self._is_whole(own_header(plain, self.codec.name)):
            return plain
        header = self.header(key)
        return plain if plain.startswith(header) else header + plain

    def _is_whole(self, own: list[bytes]) -> bool:
        name = self.codec.name
        return {kind_of(unit, name) for unit in own} == set(HEADER[name])


def is_apart(codec: Codec) -> bool:
    """Whether the header is a record of its own and units have lengths."""
    return len(codec.extradata) > 6 and not codec.extradata.startswith((START, SHORT_START))


def header_apart(codec: Codec) -> tuple[int, bytes]:
    """Bytes of a unit's length, and the header with start codes."""
    record = codec.extradata
    units: list[bytes] = []
    if codec.name == "h264":
        length_bytes = (record[4] & 3) + 1
        at = taken(record, 6, record[5] & 0x1F, units)  # SPS
        taken(record, at + 1, record[at], units)  # PPS
    else:
        length_bytes = (record[21] & 3) + 1
        at = 23
        for _ in range(record[22]):
            at = taken(record, at + 3, int.from_bytes(record[at + 1 : at + 3]), units)
    return length_bytes, b"".join(START + unit for unit in units)


def taken(record: bytes, at: int, count: int, units: list[bytes]) -> int:
    """Take `count` units with lengths of two bytes; returns where they end."""
    for _ in range(count):
        end = at + 2 + (record[at] << 8 | record[at + 1])
        if end > len(record):
            raise IndexError
        units.append(record[at + 2 : end])
        at = end
    return at


def units_by_length(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The units of a packet, each after its length; a torn last one is left out."""
    at = 0
    while at + length_bytes < len(data):
        end = at + length_bytes + int.from_bytes(data[at : at + length_bytes])
        if end > len(data):
            return
        yield data[at + length_bytes : end]
        at = end


def own_header(data: bytes, name: str) -> list[bytes]:
    """The header's units that stand before a packet's first picture."""
    found: list[bytes] = []
    at = data.find(SHORT_START)
    while 0 <= at < len(data) - 4:
        begin = at + len(SHORT_START)
        kind = kind_of(data[begin : begin + 1], name)
        if kind in PICTURE[name]:
            break
        at = data.find(SHORT_START, begin)
        if kind in HEADER[name]:
            found.append(data[begin : at if at >= 0 else len(data)].rstrip(b"\0"))
    return found


def kind_of(unit: bytes, name: str) -> int:
    """The type of a unit, from its first byte."""
    return unit[0] & 0x1F if name == "h264" else unit[0] >> 1 & 0x3F
