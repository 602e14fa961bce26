"""The Daly driver for A5 frames: any bytes are a valid reply, a damaged one, or none."""

from hypothesis import given
from hypothesis import strategies as st

from power.devices.daly_a5 import DalyA5
from power.protocol.errors import DamagedReply
from power.protocol.framing.daly_a5 import DalyA5Framing
from power.protocol.profile import Block
from tests.power.register_tables import index_by_name

FRAMING = DalyA5Framing()
CHARGE, CELLS, TEMPERATURES = Block(0x90, 0, 4), Block(0x95, 0, 48), Block(0x96, 0, 8)


def build_frame(command: int, data: bytes, board: int = 1) -> bytes:
    body = bytes([0xA5, board, command, 8]) + data
    return body + bytes([sum(body) & 0xFF])


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.builds(
                build_frame, st.sampled_from([0x90, 0x95, 0x96]), st.binary(min_size=8, max_size=8)
            ),
        ),
        max_size=6,
    ).map(b"".join),
    st.sampled_from([CHARGE, CELLS, TEMPERATURES]),
    st.integers(0, 255),
    st.booleans(),
)
def test_any_bytes_are_a_valid_reply_or_none(
    received: bytes, block: Block, board: int, final: bool
) -> None:
    try:
        content = FRAMING.find_reply(received, block, board, final=final)
    except DamagedReply:
        return
    if content is None:
        return
    table = index_by_name(DalyA5.registers)
    for name, decoded in DalyA5().decode(block, content).items():
        row = table[name]
        assert decoded.value is None or row.low <= decoded.value <= row.high
    assert len(content) <= 2 * block.count


@given(st.binary(max_size=12))
def test_any_content_is_recognised_or_not(data: bytes) -> None:
    identification = DalyA5().recognise(data)
    assert identification is None or len(data) >= 8
