"""All services of one Victron GX behind one TCP port.

Reads and writes: nothing.
"""

from provisioning.simulated.devices.victron_gx import GxDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.tcp_line import Answer, make_answer

NO_SERVICE = 0x0A


def make_gx_answer(*services: GxDevice) -> Answer:
    """A whole GX for a TCP line: a unit id without a service gives exception 0A."""
    answer = make_answer(services)

    def answered(device_id: int, pdu: bytes) -> bytes | None:
        if any(one.answers_to(device_id) for one in services) or not pdu:
            return answer(device_id, pdu)
        return codec.build_exception_reply(pdu[0], NO_SERVICE)

    return answered
