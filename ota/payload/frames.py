"""One chunk, packed: a zstd frame, with the old bytes as dictionary where it is a patch.

    packed = pack_frame(data)            # pack_frame(data, old=b"...") for a patch
    data = unpack_frame(packed, size_bytes=len(data))

Reads and writes: nothing; pure.
Never: gives, or makes room for, more bytes than were announced; raises anything but `InputError`.
"""

import zstandard
from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressionParameters

from appliance.strict_json import InputError
from appliance.wording.sentence import say

LEVEL = 19
# Of a patch: it costs what its dictionary does, six times as long as what is new. 18 takes 1.6
# times the time for 5 % less; a search for distant matches (ldm) made them 4 % larger at 12.
PATCH_LEVEL = 16
MOST_WINDOW_BYTES = 64 * 1024**2


def pack_frame(data: bytes, *, old: bytes = b"") -> bytes:
    """The same bytes give the same frame with one version of zstd."""
    window_log = max(10, min((len(old) + len(data)).bit_length(), 26))
    params = ZstdCompressionParameters.from_level(
        PATCH_LEVEL if old else LEVEL,
        source_size=len(old) + len(data),
        window_log=window_log,
        write_content_size=True,
        write_checksum=False,
        write_dict_id=False,
    )
    compressor = zstandard.ZstdCompressor(compression_params=params, dict_data=make_dictionary(old))
    return compressor.compress(data)


def unpack_frame(packed: bytes, *, size_bytes: int, old: bytes = b"") -> bytes:
    """The bytes in a frame; raises `InputError` where they are not `size_bytes`."""
    try:
        announced = zstandard.get_frame_parameters(packed)
        if announced.content_size != size_bytes or announced.window_size > MOST_WINDOW_BYTES:
            raise InputError(
                say(
                    "a chunk announces {content_size} bytes, not {size_bytes}",
                    content_size=announced.content_size,
                    size_bytes=size_bytes,
                )
            )
        unpacker = zstandard.ZstdDecompressor(
            dict_data=make_dictionary(old), max_window_size=MOST_WINDOW_BYTES
        )
        data = unpacker.decompress(packed, max_output_size=size_bytes, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise InputError(say("a chunk cannot be unpacked ({error})", error=error)) from None
    if len(data) != size_bytes:
        raise InputError(
            say(
                "a chunk has {count} bytes, not {size_bytes}",
                count=len(data),
                size_bytes=size_bytes,
            )
        )
    return data


def measure_frame(packed: bytes) -> int:
    """How many bytes a frame announces; raises `InputError`."""
    try:
        return zstandard.get_frame_parameters(packed).content_size
    except zstandard.ZstdError as error:
        raise InputError(say("it is no zstd frame ({error})", error=error)) from None


def make_dictionary(old: bytes) -> ZstdCompressionDict | None:
    return ZstdCompressionDict(old, dict_type=DICT_TYPE_RAWCONTENT) if old else None
