"""An adapter that is pulled and comes back: under the same name, as the same device, by itself."""

import contextlib
import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from appliance.errors import BusError
from power.devices.epever import EpeverTracer
from power.protocol.bus import ByteLine, Lines, ModbusBus
from power.protocol.errors import ClosedLine, NoAnswer, WrongFrame
from power.protocol.line_place import SerialForm
from power.reading.meters import open_meter
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.serial_line import SerialLine, replace_link
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon, serve_line

ASK = bytes.fromhex("01 04 31 00 00 01 3F 36")
REPLY = bytes.fromhex("01 04 02 00 C5 79 63")


@contextmanager
def plug_in(link: Path) -> Iterator[SerialLine]:
    """A simulated EPEver behind the stable name `link`, as udev makes one."""
    line = SerialLine(RtuDevices([SimulatedEpever(make_sunny_noon())]), FakeClock())
    replace_link(line.path, link)
    with serve_line(line):
        yield line
    line.close()


def test_a_device_that_comes_back_under_its_stable_name_is_read_again(tmp_path: Path) -> None:
    link, clock = tmp_path / "by-path-usb1", FakeClock()
    lines = Lines(clock)
    meter = open_meter(lines, EpeverTracer(), str(link), None, clock)
    with pytest.raises(ClosedLine, match="there is no"):
        meter.read()
    for _ in range(2):  # plugged in, pulled, plugged in: another tty each time
        with plug_in(link):
            assert meter.read().battery_voltage_v is not None
        with pytest.raises(BusError):
            meter.read()
    lines.close()


def test_a_cable_that_is_pulled_between_two_polls_is_reported_as_a_missing_port(
    tmp_path: Path,
) -> None:
    link, clock = tmp_path / "by-path-usb1", FakeClock()
    lines = Lines(clock)
    meter = open_meter(lines, EpeverTracer(), str(link), None, clock)
    with plug_in(link):
        meter.read()
    link.unlink()
    with pytest.raises(BusError):
        meter.read()  # the open port is found dead
    with pytest.raises(ClosedLine, match="check the USB cable"):
        meter.read()
    lines.close()


class TornLine:
    """A pseudo-terminal that answers with `burst` and is gone."""

    def __init__(self, burst: bytes) -> None:
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        self._theirs = theirs
        self.serving = Thread(target=self._serve, args=(burst,), daemon=True)
        self.serving.start()

    def _serve(self, burst: bytes) -> None:
        os.read(self._ours, 64)
        os.write(self._ours, burst)
        os.close(self._theirs)
        os.close(self._ours)


@pytest.mark.parametrize("burst", [REPLY[:4], b"", REPLY[:1]])
def test_a_cable_pulled_in_the_middle_of_a_frame_is_an_error_and_never_a_value(
    burst: bytes,
) -> None:
    torn = TornLine(burst or b"\x01")
    bus = ModbusBus(torn.port, FakeClock(), timeout_s=0.3)
    with pytest.raises((ClosedLine, WrongFrame, NoAnswer)):
        bus.read(4, 0x3100, 1, 1)
    torn.serving.join()
    with pytest.raises(ClosedLine):
        bus.read(4, 0x3100, 1, 1)


def test_the_same_on_a_line_with_other_frames_than_modbus() -> None:
    torn = TornLine(REPLY[:4])
    line = ByteLine(torn.port, FakeClock(), SerialForm(9600), timeout_s=0.3)

    def find(received: bytes, *, final: bool) -> bytes | None:
        return received if len(received) == len(REPLY) else None

    with pytest.raises((ClosedLine, WrongFrame)):
        line.exchange(ASK, find, "the voltage")
    torn.serving.join()
    with pytest.raises(ClosedLine):
        line.exchange(ASK, find, "the voltage")


def test_a_flood_of_bytes_ends_as_an_error() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)

    def flood() -> None:
        os.set_blocking(ours, True)
        os.read(ours, 64)
        with contextlib.suppress(OSError):  # nobody listens any more
            for _ in range(200):
                os.write(ours, bytes(1000))

    Thread(target=flood, daemon=True).start()
    line = ByteLine(os.ttyname(theirs), FakeClock(), SerialForm(9600), timeout_s=5)
    with pytest.raises(WrongFrame, match="a flood of bytes"):
        line.exchange(ASK, lambda received, *, final: None, "the voltage")
    line.close()
    os.close(ours)
    os.close(theirs)
