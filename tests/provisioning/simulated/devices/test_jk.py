"""The JK-PB driver on simulated packs, their quirks, and stale bytes on the line."""

from datetime import timedelta
from typing import Any

import pytest

from appliance.errors import BusError
from appliance.model import BatteryReading, Quality
from power.devices.jk import JkPb
from power.protocol.bus import ModbusBus
from power.protocol.errors import ExceptionAnswer, WrongFrame
from power.protocol.links import ModbusLink
from power.protocol.register import HOLDING
from power.reading.meter import Meter
from provisioning.simulated.devices.jk import SimulatedJk
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import (
    NOON,
    make_meter,
    make_night,
    make_sunny_noon,
    serve_line,
    serve_on_line,
)

JK = JkPb()
PACK, CELL_BLOCK = JK.live


def assert_agrees(reading: BatteryReading, plant: Plant, share: float = 1.0) -> None:
    """The reading is the plant's state, but for the rounding of the registers."""
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.001)
    assert reading.current_a == pytest.approx(plant.battery_current_a * share, abs=0.001)
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.51)
    assert reading.full_ah == pytest.approx(plant.pack.capacity_ah * share, abs=0.001)
    mean_v = plant.battery_voltage_v / plant.pack.cells
    assert reading.lowest_cell_voltage_v == pytest.approx(mean_v - 0.004, abs=0.001)
    assert reading.highest_cell_voltage_v == pytest.approx(mean_v + 0.005, abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.06)
    assert reading.charge_allowed is not plant.charge_blocked
    assert reading.discharge_allowed is True
    assert reading.alarms == ("charge under-temperature" if plant.charge_blocked else "")


@pytest.mark.parametrize("plant_at", [make_sunny_noon, make_night])
def test_a_pack_on_a_serial_line_reads_as_the_plant_stands(plant_at: Any) -> None:
    plant = plant_at()
    with serve_on_line(JK, SimulatedJk(plant)) as meter:
        assert_agrees(meter.read(), plant)


def test_one_of_two_packs_sees_its_share_at_its_own_address() -> None:
    plant = make_night()
    reading = make_meter(JK, SimulatedJk(plant, device_id=2, share=0.5)).read()
    assert reading.current_a < 0
    assert_agrees(reading, plant, share=0.5)


def test_it_is_known_by_its_cells_and_other_replies_are_not_it() -> None:
    meter = make_meter(JK, SimulatedJk(make_sunny_noon()))
    data = meter.link.read_raw(JK.signature)
    identification = JK.recognise(data)
    assert identification is not None
    assert identification.certain
    assert identification.text.startswith("4 cells from 3.3")
    one_cell_less = data[:6] + bytes(2) + data[8:]
    for other in (b"", bytes(68), b"\xff" * 68, data[:-2] + bytes(2), one_cell_less):
        assert JK.recognise(other) is None


def test_new_firmware_without_a_name_is_read_and_found_all_the_same() -> None:
    plant = make_sunny_noon()
    meter = make_meter(JK, SimulatedJk(plant, ["no-about"]))
    assert JK.recognise(meter.link.read_raw(JK.signature))
    assert_agrees(meter.read(), plant)


def test_a_drifted_state_of_charge_harms_nothing_else() -> None:
    plant = make_night()
    reading = make_meter(JK, SimulatedJk(plant, ["soc-drifts"])).read()
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct + 20, abs=0.51)
    assert reading.current_a == pytest.approx(plant.battery_current_a, abs=0.001)
    assert reading.quality == {}


def test_a_state_of_charge_that_reads_0_by_day_is_none() -> None:
    reading = make_meter(JK, SimulatedJk(make_sunny_noon(), ["soc-zero"])).read()
    assert (reading.state_of_charge_pct, reading.remaining_ah) == (None, None)
    assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert reading.full_ah is not None


def test_a_pack_without_sensors_has_no_temperature() -> None:
    reading = make_meter(JK, SimulatedJk(make_sunny_noon(), ["no-sensors"])).read()
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (None, None)
    assert reading.quality["lowest_temperature_c"] is Quality.ABSENT


def test_torn_pairs_never_make_a_number_that_never_was() -> None:
    plant = make_sunny_noon()
    meter = make_meter(JK, SimulatedJk(plant, ["torn32"]))
    before_a, before_ah, doubted = plant.battery_current_a, 0.0, 0
    for minute in range(0, 600, 5):
        plant.advance(NOON + timedelta(minutes=minute), 25.0 if minute % 10 else 150.0)
        reading = meter.read()
        now_a = plant.battery_current_a
        now_ah = plant.pack.capacity_ah * plant.state_of_charge_pct / 100
        doubted += Quality.IMPLAUSIBLE in reading.quality.values()
        if reading.current_a is not None:
            assert min(abs(reading.current_a - one) for one in (now_a, before_a)) < 0.002
        if reading.remaining_ah is not None and before_ah:
            assert min(abs(reading.remaining_ah - one) for one in (now_ah, before_ah)) < 0.002
        before_a, before_ah = now_a, now_ah
    assert doubted > 5  # the quirk did show


def test_a_silent_pack_is_an_error() -> None:
    with pytest.raises(BusError):
        make_meter(JK, SimulatedJk(make_sunny_noon(), ["silence"])).read()


class RefusingBus:
    """A bus on which something else answers: each request is refused."""

    port = "loopback"

    def read(self, *_: object) -> tuple[int, ...]:
        raise ExceptionAnswer("no", 2)


def test_another_device_is_an_error_that_names_the_model() -> None:
    with pytest.raises(BusError, match="`model`"):
        Meter(JK, ModbusLink(JK, RefusingBus(), 1), FakeClock()).read()


class SmallBlocksBus:
    """A bus to a pack that gives a few words at a time."""

    port = "loopback"

    def __init__(self, device: SimulatedJk) -> None:
        self.device = device

    def read(self, function: int, address: int, count: int, *_: object) -> tuple[int, ...]:
        if count > 2:
            raise ExceptionAnswer("too many", 2)
        return LoopbackBus(self.device).read(function, address, count, 1)


def test_a_pack_that_refuses_large_blocks_is_read_in_small_ones() -> None:
    plant = make_sunny_noon()
    bus = SmallBlocksBus(SimulatedJk(plant))
    assert_agrees(Meter(JK, ModbusLink(JK, bus, 1), FakeClock()).read(), plant)


# --- stale bytes ---------------------------------------------------------------------------------


def test_what_an_adapter_kept_of_an_earlier_reply_is_thrown_away() -> None:
    stale = build_rtu_frame(1, bytes.fromhex("03 04 00 00 C0 29"))
    fresh = build_rtu_frame(1, bytes.fromhex("03 04 00 00 CF 2B"))
    with replay((bytes.fromhex("01 03 12 90 00 02 C1 5E"), [fresh])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), JK.serial, timeout_s=JK.timeout_s, gap_s=JK.gap_s)
        assert bus._client.connect()
        peer.write_unasked(stale)
        assert bus.read(HOLDING, 0x1290, 2, 1) == (0x0000, 0xCF2B)
        bus.close()


class StaleDevice(RtuDevices):
    """The reply before still comes in front of each one, or its last `size` bytes."""

    last, size = b"", 300

    def respond(self, request: bytes) -> bytes | None:
        reply = super().respond(request) or b""
        stale, self.last = self.last[-self.size :], reply
        return stale + reply


@pytest.mark.parametrize("size", [300, 5])
def test_stale_bytes_in_front_of_a_reply_never_become_a_value(size: int) -> None:
    clock, device = FakeClock(), StaleDevice([SimulatedJk(make_sunny_noon())])
    device.size = size
    line, whole = SerialLine(device, clock), make_meter(JK, SimulatedJk(make_sunny_noon()))
    with serve_line(line):
        bus = ModbusBus(str(line.path), clock, JK.serial, timeout_s=0.5, gap_s=JK.gap_s)
        link = ModbusLink(JK, bus, 1)
        for block in (PACK, CELL_BLOCK, JK.slow[0]):
            try:
                assert link.read_raw(block) == whole.link.read_raw(block)
            except WrongFrame:
                assert block != PACK
        bus.close()
    line.close()
