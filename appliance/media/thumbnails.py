"""The thumbnail of a snapshot stands in the snapshot's own file, as cameras write it (Exif).

    data = embed_thumbnail(picture, small)      # both JPEG files
    small = extract_thumbnail(data)             # None: it has none

So it is stored, erased and deleted with its picture, and the page needs no decoder.
Reads and writes: bytes. Never: decodes, or reads behind the end of what it is given.
"""

import struct

START, EXIF = b"\xff\xd8", b"\xff\xe1"
MOST_BYTES = 60_000  # a segment of a JPEG file holds 65,533
SHORT, LONG = 3, 4
ORIENTATION, COMPRESSION, OFFSET, LENGTH = 0x0112, 0x0103, 0x0201, 0x0202
JPEG = 6
SEGMENT = struct.Struct(">2s2sH6s")  # start of the file, marker, length, "Exif"
TIFF = struct.Struct("<4sI")
ENTRY = struct.Struct("<HHII")
COUNT, NEXT = struct.Struct("<H"), struct.Struct("<I")
FIRST_AT = TIFF.size
SECOND_AT = FIRST_AT + COUNT.size + ENTRY.size + NEXT.size
DATA_AT = SECOND_AT + COUNT.size + 3 * ENTRY.size + NEXT.size
THUMBNAIL_AT = SEGMENT.size + DATA_AT
LENGTH_AT = THUMBNAIL_AT - 2 * NEXT.size
HEAD_BYTES = THUMBNAIL_AT + MOST_BYTES  # of a file, that hold its thumbnail


def embed_thumbnail(picture: bytes, thumbnail: bytes) -> bytes:
    """The picture with its thumbnail inside; as it was where that is too large."""
    if not picture.startswith(START) or len(thumbnail) > MOST_BYTES:
        return picture
    return make_head(len(thumbnail)) + thumbnail + picture[len(START) :]


def extract_thumbnail(head: bytes) -> bytes | None:
    """The thumbnail in the first `HEAD_BYTES` of a file, if `embed_thumbnail` has written it."""
    if len(head) < THUMBNAIL_AT:
        return None
    (length,) = NEXT.unpack_from(head, LENGTH_AT)
    thumbnail = head[THUMBNAIL_AT : THUMBNAIL_AT + length]
    if length > MOST_BYTES or len(thumbnail) != length or not head.startswith(make_head(length)):
        return None
    return thumbnail


def make_head(length: int) -> bytes:
    """What stands before a thumbnail: the picture is upright, and where the thumbnail begins."""
    segment = SEGMENT.size - len(START) - len(EXIF) + DATA_AT + length
    return b"".join(
        (
            SEGMENT.pack(START, EXIF, segment, b"Exif\0\0"),
            TIFF.pack(b"II*\0", FIRST_AT),
            COUNT.pack(1),
            ENTRY.pack(ORIENTATION, SHORT, 1, 1),
            NEXT.pack(SECOND_AT),
            COUNT.pack(3),
            ENTRY.pack(COMPRESSION, SHORT, 1, JPEG),
            ENTRY.pack(OFFSET, LONG, 1, DATA_AT),
            ENTRY.pack(LENGTH, LONG, 1, length),
            NEXT.pack(0),
        )
    )
