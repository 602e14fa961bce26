"""A line without a wire: hands requests straight to a simulated device, for tests in one process.

Reads and writes: nothing but the device's PDUs.
Never: forgiving. What would be no answer on a wire is `NoAnswer` here.
"""

from power.bus import ExceptionAnswer, NoAnswer, WrongFrame
from power.simulated import pdu as codec


class LoopbackBus:
    """A `power.bus.Bus` in front of one simulated device; functions 03 and 04."""

    def __init__(self, device: codec.SimulatedDevice) -> None:
        self._device = device

    def read(self, function: int, address: int, count: int, device_id: int) -> tuple[int, ...]:
        reply = None
        if device_id == self._device.device_id:
            reply = self._device.answer(codec.build_read(function, address, count))
        if reply is None:
            raise NoAnswer(f"no answer from the simulated device to id {device_id}")
        if reply[0] == function | 0x80:
            raise ExceptionAnswer(f"the simulated device refuses 0x{address:04X}", reply[1])
        words = codec.words_in(reply)
        if len(words) != count:
            raise WrongFrame(f"{len(words)} words from the simulated device, not {count}")
        return words
