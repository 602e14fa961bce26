"""Small made-up devices for the probe's tests: a table, a signature, a simulator each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from appliance.model import BatteryReading, PowerReading, Stamp
from power.devices.epever import EpeverTracer
from power.probe.questions import Timeouts
from power.protocol.conversions import build_battery_reading, build_power_reading
from power.protocol.errors import DamagedReply
from power.protocol.line_place import SerialForm
from power.protocol.links import FramedLinkFactory
from power.protocol.profile import BatteryProfile, Block, ChargerProfile, Identification, Sample
from power.protocol.register import HOLDING, U16, Register
from provisioning.simulated.devices.models import make_byte_device
from provisioning.simulated.devices.table_device import TableDevice
from provisioning.simulated.lines.serial_line import SerialLine
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import serve_line

SUNNY_ID = 0x5A01  # what register 0 of a Sunny reads


class Sunny(ChargerProfile):
    """A charger that knows itself for certain by its register 0."""

    name = "sunny"
    title = "Sunny charger"
    registers = (Register(HOLDING, 0, U16, 1, 0, 65535, "", "identity"),)
    live = (Block(HOLDING, 0, 1),)
    serial = SerialForm(115_200)
    timeout_s = 0.5
    gap_s = 0.02
    device_id = 7

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        return build_power_reading(stamp, self.name, {})

    def recognise(self, data: bytes) -> Identification | None:
        return (
            Identification("SUNNY 40", certain=True)
            if data == SUNNY_ID.to_bytes(2, "big")
            else None
        )


class FewIds(EpeverTracer):
    """The real EPEver with few ids: each that is silent costs a time-out, in a test real time."""

    bus_ids = (1, 2, 3, 9, 18, 19)


# Long enough for a machine that is busy with other tests.
SHORT = Timeouts(silence_s=0.1, retry_s=0.2, listen_s=0.3, neighbour_s=0.2)


class Guess(Sunny):
    """Another make with the same signature block, which can never be sure."""

    name = "guess"
    title = "Guessing charger"

    def recognise(self, data: bytes) -> Identification | None:
        return Identification(f"one value, {int.from_bytes(data, 'big')}", certain=False)


class SecondGuess(Guess):
    name = "second-guess"
    title = "Second guessing charger"


class SlowGuess(Guess):
    """The same on a line of another speed."""

    name = "slow-guess"
    serial = SerialForm(9600)


class SimulatedSunny(TableDevice):
    registers = Sunny.registers
    ranges = {HOLDING: ((0, 0),)}
    default_id = 7

    def __init__(self, device_id: int | None = None, identity: int = SUNNY_ID) -> None:
        super().__init__(plant=None, device_id=device_id)  # type: ignore[arg-type]
        self.identity = identity

    def values(self) -> Mapping[str, float]:
        return {"identity": self.identity}


class LetterFraming:
    """Frames of a letter in brackets; `sends_unasked`: it is only received, never asked."""

    named_by_reply = True

    def __init__(self, sends_unasked: bool = False) -> None:
        self.sends_unasked = sends_unasked

    def build_request(self, block: Block, device_id: int) -> bytes:
        return b"" if self.sends_unasked else b"?%c" % (0x40 + device_id)

    def find_reply(
        self, received: bytes, block: Block, device_id: int, *, final: bool
    ) -> bytes | None:
        if b"!" in received:
            raise DamagedReply("damaged by the test")
        begin = received.find(b"(")
        return received[begin + 1 : begin + 2] if begin >= 0 and len(received) > begin + 2 else None


LETTERS, UNASKED_LETTERS = (
    FramedLinkFactory(LetterFraming()),
    FramedLinkFactory(LetterFraming(sends_unasked=True)),
)


class Letter(BatteryProfile):
    """A BMS with frames of its own."""

    name = "letter"
    title = "Letter BMS"
    registers = ()
    live = (Block(1),)
    serial = SerialForm(9600)
    protocol = "Letters"
    timeout_s = 0.1
    gap_s = 0.0

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(stamp, self.name, {})

    def recognise(self, data: bytes) -> Identification | None:
        return Identification("letter \x1b[31mK", certain=True) if data == b"K" else None


class UnaskedLetter(Letter):
    """The same as a device that sends unasked."""

    name = "unasked-letter"
    title = "Speaking shunt"
    protocol = "Spoken letters"


class SimulatedLetter:
    """Ignores the first `asleep` requests; sends `reply`, also unasked if `sends_unasked`."""

    def __init__(self, reply: bytes = b"(K)", asleep: int = 0, sends_unasked: bool = False) -> None:
        self.reply = reply
        self.asleep = asleep
        self.sends_every_s = 0.0 if sends_unasked else None
        self.received: list[bytes] = []

    def find_request_size(self, begun: bytes) -> int | None:
        return 2

    def respond(self, request: bytes) -> bytes | None:
        self.received.append(request)
        if request != b"?A" or len(self.received) <= self.asleep:
            return None
        return self.reply

    def send_unasked(self) -> bytes:
        return self.reply


@contextmanager
def connect(*devices: Any, **line_arguments: Any) -> Iterator[str]:
    """A port with those devices on it. A pseudo-terminal has no speed: what is asked with another
    baud rate or parity is understood there as well, so a wrong serial form cannot be seen in tests.
    """
    line = SerialLine(make_byte_device(devices, "pty"), FakeClock(), **line_arguments)
    with serve_line(line):
        yield str(line.path)
    line.close()
