"""What a Modbus device needs of a line: one call that reads.

Reads and writes: nothing; the interface only, so that a simulator can stand in.
Never: has a call that writes a register.
"""

from typing import Protocol


class ModbusReader(Protocol):
    """A Modbus line, real or simulated."""

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        """`count` 16-bit words (functions 03, 04) or bits (01, 02) from `address` on.

        `reply_id`: the id that the device puts on its replies, where it is another one.
        Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """
