"""Lines within one process: requests go straight to simulated devices, for tests.

Reads and writes: nothing but the devices' bytes.
Never: tolerant. What would be no answer on a real line is `NoAnswer` here.
"""

from power.protocol.bus.bytewise import FindReply
from power.protocol.errors import DamagedReply, ExceptionAnswer, NoAnswer, RefusedReply, WrongFrame
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.byte_device import ByteDevice


class LoopbackBus:
    """A `power.protocol.bus.reader.ModbusReader` in front of simulated devices; functions 01 to
    04.
    """

    def __init__(self, *devices: codec.SimulatedDevice) -> None:
        self._devices = devices

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        device = next((one for one in self._devices if one.answers_to(device_id)), None)
        reply = device.answer(codec.build_read(function, address, count)) if device else None
        if device is None or reply is None:
            raise NoAnswer(f"no answer from the simulated device to id {device_id}")
        shift = device.reply_id - device.device_id
        if shift != (0 if reply_id is None else reply_id - device_id):
            raise WrongFrame("the simulated device answers with another id")
        if reply[0] == function | 0x80:
            raise ExceptionAnswer(f"the simulated device refuses 0x{address:04X}", reply[1])
        bits = function in (codec.READ_COILS, codec.READ_BITS)
        words = parse_bits(reply, count) if bits else codec.parse_words(reply)
        if len(words) != count:
            raise WrongFrame(f"{len(words)} words from the simulated device, not {count}")
        return words


def parse_bits(reply: bytes, count: int) -> tuple[int, ...]:
    """The first `count` bits of a reply PDU; fewer where it has not as many."""
    packed = int.from_bytes(reply[2:], "little")
    return tuple(packed >> place & 1 for place in range(min(count, 8 * len(reply[2:]))))


class LoopbackLine:
    """A `power.protocol.bus.ByteLine` in front of one device; what it sends unasked comes at
    once.
    """

    port = "loopback"

    def __init__(self, device: ByteDevice) -> None:
        self._device = device

    def exchange(
        self,
        request: bytes,
        find: FindReply,
        what: str,
        *,
        named_by_reply: bool = True,  # noqa: ARG002  (nothing comes late here)
        device: int = 0,  # noqa: ARG002
    ) -> bytes:
        """The content of the device's reply to `request`; raises as a `ByteLine` does."""
        if request and self._device.find_request_size(request) != len(request):
            raise NoAnswer(f"the simulated device waits for more than {request.hex(' ')}")
        received = (
            self._device.respond(request) if request else self._device.send_unasked()
        ) or b""
        try:
            content = find(received, final=False)
            content = find(received, final=True) if content is None else content
        except DamagedReply as error:
            raise WrongFrame(f"{what}: {error}") from error
        except RefusedReply as error:
            raise ExceptionAnswer(f"{what}: {error}", error.number) from error
        if content is None:
            raise WrongFrame(f"{what}: {received.hex(' ')}") if received else NoAnswer(what)
        return content
