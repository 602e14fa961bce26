"""Frames captured from real JBD packs, and the maker's example; their checks are right."""

import struct

from power.protocol.profile import Block

BASIC, CELL_BLOCK, NAME = Block(0x03), Block(0x04), Block(0x05)
ASK_BASIC = bytes.fromhex("DD A5 03 00 FF FD 77")
ASK_CELLS = bytes.fromhex("DD A5 04 00 FF FC 77")
ASK_NAME = bytes.fromhex("DD A5 05 00 FF FB 77")
EXAMPLE = bytes.fromhex(  # the maker's protocol: 58.88 V, 15 cells
    "DD 03 00 1B 17 00 00 00 02 D0 03 E8 00 00 20 78 00 00 00 00 00 00 10 48 03 0F 02 0B 76 0B 82"
    "FB FF 77"
)
EXAMPLE_CELLS = bytes.fromhex(
    "DD 04 00 1E 0F 66 0F 63 0F 63 0F 64 0F 3E 0F 63 0F 37 0F 5B 0F 65 0F 3B 0F 63 0F 63 0F 3C"
    "0F 66 0F 3D F9 F9 77"
)
FOUR = bytes.fromhex(  # a pack of 4 cells, 110 Ah
    "DD 03 00 1B 05 28 00 00 1B B2 2A EF 00 02 29 0A 00 00 00 00 00 00 25 41 03 04 02 0B 74 0B 6B"
    "FC 39 77"
)
FOUR_CELLS = bytes.fromhex("DD 04 00 08 0C E5 0C E3 0C E5 0C E8 FC 33 77")
FULL = bytes.fromhex(  # a full pack of 4 cells: over-voltage, charging off
    "DD 03 00 1B 05 57 00 00 2E D6 2E E0 00 02 2A A7 00 00 00 00 00 01 20 64 02 04 02 0B 5F 0B 5B"
    "FB 47 77"
)
SEVEN = bytes.fromhex(  # a pack of 7 cells, 30 Ah
    "DD 03 00 1B 09 FB 00 00 07 44 0B E1 00 05 2F 4B 00 00 00 00 00 00 23 3D 03 07 02 0B AB 0B A9"
    "FB 55 77"
)
SEVEN_CELLS = bytes.fromhex("DD 04 00 0E 0E 43 0E 43 0E 44 0E 40 0E 43 0E 41 0E 45 FD BD 77")
SEVEN_NAME = bytes.fromhex(
    "DD 05 00 15 4A 42 44 2D 53 50 31 35 53 30 32 30 41 2D 50 37 53 2D 34 30 41 FA E6 77"
)
ALL_FRAMES = (EXAMPLE, EXAMPLE_CELLS, FOUR, FOUR_CELLS, FULL, SEVEN, SEVEN_CELLS, SEVEN_NAME)


def build_frame(command: int, data: bytes, status: int = 0) -> bytes:
    total = status + len(data) + sum(data)
    return (
        bytes([0xDD, command, status, len(data)]) + data + struct.pack(">H", -total % 65536) + b"w"
    )
