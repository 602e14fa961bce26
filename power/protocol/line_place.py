"""A line as messages name it: its port, how the bytes run on it, and what to check on such a line.

Reads and writes: nothing; pure.
Never: gives the advice of another kind of line: a TCP connection has no data wires.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from appliance.wording.sentence import say
from power.protocol.ports import TCP


@dataclass(frozen=True, slots=True)
class SerialForm:
    """How the bytes run on a serial line. Data bits are 8 on all devices known.

    `bridged`: behind a tcp:// port stands a transparent bridge, which passes on the bytes of the
    serial line as they are; else a Modbus TCP gateway is expected there.
    """

    baud: int
    parity: str = "N"
    stop_bits: int = 1
    bridged: bool = False

    def __str__(self) -> str:
        mode = f"{self.baud} 8{self.parity}{self.stop_bits}"
        return say("{mode}, RTU over TCP", mode=mode) if self.bridged else mode


class LineKind(Enum):
    """What carries the bytes between this computer and the device."""

    SERIAL = "serial"
    GATEWAY = "Modbus TCP"
    BRIDGE = "bytes over TCP"


SILENCE_ADVICE = {
    LineKind.SERIAL: (
        say(
            "check that the device has battery voltage, that its data wires (A and B, RX and "
            "TX) are not swapped, and `model`, `device_id` and `baud` in the settings"
        )
    ),
    LineKind.GATEWAY: (
        say(
            "check the gateway, its wiring to the device, and `device_id` in the settings; if "
            'it is a transparent bridge, set `framing = "rtu"`'
        )
    ),
    LineKind.BRIDGE: (
        say(
            "check the bridge's serial speed and its wiring to the device, that the device has "
            "battery voltage, and `model` and `device_id` in the settings"
        )
    ),
}
DAMAGE_ADVICE = {
    LineKind.SERIAL: (
        say(
            "check the data cable, its ground, its termination, `baud`, and that no other "
            "device or program sends on this line"
        )
    ),
    LineKind.GATEWAY: (
        say(
            "check the gateway's firmware and its serial settings (speed, parity), and that it "
            "speaks Modbus TCP at this port"
        )
    ),
    LineKind.BRIDGE: (
        say(
            "check the serial settings of the bridge (speed, parity), the wires behind it, and "
            "that nothing else is connected to the bridge at the same time"
        )
    ),
}
BAD_LINE_ADVICE = {
    LineKind.SERIAL: (
        say(
            "check the data wires, the common ground and the termination, and that no two "
            "devices on this line have one id"
        )
    ),
    LineKind.GATEWAY: say("check the gateway, its serial settings and the network to it"),
    LineKind.BRIDGE: say(
        "check the bridge, its serial settings, the wires behind it and the network"
    ),
}
LOSS_ADVICE = {
    LineKind.SERIAL: (
        say("check the connectors and that no other program or device sends requests on this line")
    ),
    LineKind.GATEWAY: (
        say("check the network to the gateway, and that no other program asks it all the time")
    ),
    LineKind.BRIDGE: (
        say("check the network to the bridge, and that no other program is connected to it")
    ),
}


def get_bad_line_advice(port: str) -> str:
    """What to check where replies at `port` are damaged; over TCP it may be either kind."""
    return BAD_LINE_ADVICE[LineKind.BRIDGE if port.startswith(TCP) else LineKind.SERIAL]


def get_no_device_advice(port: str) -> str:
    """What to check where no device answers at `port`."""
    if port.startswith(TCP):
        return say("check the gateway's or bridge's serial speed and its wiring to the device")
    return say("check battery voltage, the data wires and the cable")


class LinePlace(NamedTuple):
    """A port and how the bytes run there. `modbus`: no other protocol."""

    port: str
    form: SerialForm
    modbus: bool = True

    @property
    def kind(self) -> LineKind:
        if not self.port.startswith(TCP):
            return LineKind.SERIAL
        is_gateway = self.modbus and not self.form.bridged
        return LineKind.GATEWAY if is_gateway else LineKind.BRIDGE

    @property
    def is_rtu(self) -> bool:
        """Whether Modbus has RTU frames here, which have no transaction number."""
        return self.kind is not LineKind.GATEWAY

    def __str__(self) -> str:
        """The port, and its speed where this computer sets it."""
        is_serial = self.kind is LineKind.SERIAL
        return say("{port} at {form}", port=self.port, form=self.form) if is_serial else self.port
