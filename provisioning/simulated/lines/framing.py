"""Frames around a PDU: RTU with its CRC for serial lines, MBAP for TCP.

Reads and writes: nothing; pure.
Never: shared with the driver's library.
"""

import struct

CRC_POLYNOMIAL = 0xA001
SHORTEST_REQUEST, USUAL_REQUEST, IDENTIFY_REQUEST = 4, 8, 7
MBAP_SIZE = 7


def compute_crc(data: bytes) -> bytes:
    """The two CRC bytes as they follow `data` on the wire (Modbus over serial line 2.5.1.2)."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (CRC_POLYNOMIAL if value & 1 else 0)
    return value.to_bytes(2, "little")


def build_rtu_frame(device_id: int, pdu: bytes) -> bytes:
    """The bytes of one RTU frame."""
    body = bytes([device_id]) + pdu
    return body + compute_crc(body)


def parse_rtu_frame(frame: bytes) -> tuple[int, bytes] | None:
    """(device id, PDU) of a frame, or None where its CRC is wrong."""
    if len(frame) < SHORTEST_REQUEST or compute_crc(frame[:-2]) != frame[-2:]:
        return None
    return frame[0], frame[1:-2]


def find_rtu_request_size(received: bytes) -> int | None:
    """The size of the request that begins with these bytes; None while it is unknown."""
    if len(received) < 2:
        return None
    function = received[1]
    if function in (15, 16):
        return 9 + received[6] if len(received) > 6 else None
    return IDENTIFY_REQUEST if function == 0x2B else USUAL_REQUEST


def build_mbap_frame(transaction: int, device_id: int, pdu: bytes) -> bytes:
    """The bytes of one Modbus TCP message."""
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, device_id) + pdu


def parse_mbap_head(head: bytes) -> tuple[int, int, int] | None:
    """(transaction, length of the PDU, device id) of a 7-byte head; None if it is no Modbus."""
    transaction, protocol, length, device_id = struct.unpack(">HHHB", head)
    if protocol != 0 or not 2 <= length <= 254:
        return None
    return transaction, length - 1, device_id
