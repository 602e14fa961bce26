"""The Seplos v3 driver: values captured from a real pack, bus id 0, bits, and the simulator."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import BatteryReading, Quality, Stamp
from power.devices.seplos_v3 import ALARMS, COILS, MOSFETS, SeplosV3
from power.protocol.bus import ModbusBus
from power.protocol.errors import NoAnswer, WrongFrame
from power.protocol.links import ModbusLink
from power.protocol.profile import Block, Sample
from power.protocol.register import INPUT, Decoded
from power.reading.meter import Meter
from provisioning.simulated.devices.seplos_v3 import LOST_CHARGE, NO_BITS, SimulatedSeplosV3
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.pdu import build_bits_reply
from provisioning.simulated.lines.quirks import ECHO, SILENCE, TWO_BURSTS
from provisioning.simulated.plant.cells import make_pack_view
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import START, FakeClock
from tests.stand_ins.replay import Exchange, replay
from tests.stand_ins.rig import make_meter, make_night, make_sunny_noon, serve_on_line

STAMP = Stamp(START, "0", 0.0)
PROFILE = SeplosV3()
# A BMS16S200A-SP05B that charges, as words (marcelrv/seplosBMSv3, asked as id 0).
# fmt: off
PACK = (
    5236, 1301, 3800, 30400, 64, 125, 1000, 2, 3272, 2837, 3275, 3268, 2845, 2831, 0, 180, 180,
    1000,
)
CELLS = (
    3273, 3273, 3268, 3272, 3274, 3274, 3275, 3275, 3274, 3273, 3273, 3270, 3271, 3271, 3270, 3272,
)
# fmt: on
BITS_ON = (0x1241, 0x1278, 0x1279)  # charging, both transistors on: all others from 0x1200 are 0
MAKER = bytes.fromhex(
    "585a482d456c65635465636820436f2e2c4c7464424d53313653323030412d5350303542 00000000"
)


def build_words_reply(function: int, words: Sequence[int]) -> bytes:
    """The PDU that carries 16-bit words."""
    return struct.pack(f">BB{len(words)}H", function, 2 * len(words), *words)


def list_requests(function: int, address: int, count: int, device_id: int = 0) -> bytes:
    return build_rtu_frame(device_id, struct.pack(">BHH", function, address, count))


def make_exchange(
    block: Block, words: Sequence[int] = (), bits_on: Sequence[int] = (), device_id: int = 0
) -> Exchange:
    """The request for `block` and a reply with these words, or with the bits at these addresses."""
    if block.function == COILS:
        bits = [address in bits_on for address in range(block.address, block.address + block.count)]
        reply = build_bits_reply(COILS, bits)
    else:
        reply = build_words_reply(block.function, words)
    request = list_requests(block.function, block.address, block.count, device_id)
    return request, [build_rtu_frame(device_id, reply)]


def test_a_captured_pack_with_bus_id_0_is_read_on_a_line() -> None:
    pack, cells, bits = PROFILE.live
    with replay(
        make_exchange(pack, PACK),
        make_exchange(cells, CELLS),
        make_exchange(bits, bits_on=BITS_ON),
        make_exchange(PROFILE.settings[0], [16]),
    ) as peer:
        bus = ModbusBus(peer.port, FakeClock(), PROFILE.serial, timeout_s=0.5, gap_s=0)
        reading = Meter(PROFILE, ModbusLink(PROFILE, bus, 0), FakeClock()).read()
    assert isinstance(reading, BatteryReading)
    assert reading.voltage_v == 52.36
    assert reading.current_a == 13.01  # + into the battery: its state says that it charges
    assert reading.state_of_charge_pct == 12.5
    assert (reading.remaining_ah, reading.full_ah) == (38.0, 304.0)
    assert reading.cycles == 2
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.268, 3.275)
    assert reading.lowest_temperature_c == pytest.approx(10.0)
    assert reading.highest_temperature_c == pytest.approx(11.4)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.alarms == ""
    assert reading.quality == {}


def test_a_reply_of_another_pack_is_not_taken_for_that_of_id_0() -> None:
    block = Block(INPUT, 0x1000, 2)
    request, _ = make_exchange(block, [1, 2])
    foreign = build_rtu_frame(3, build_words_reply(INPUT, [1, 2]))
    with replay((request, [foreign])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), PROFILE.serial, timeout_s=0.5, gap_s=0)
        with pytest.raises(WrongFrame):
            bus.read(INPUT, 0x1000, 2, 0)


def test_it_is_recognised_by_its_maker_and_nothing_else_is() -> None:
    assert PROFILE.signature == Block(INPUT, 0x1700, 20)
    identification = PROFILE.recognise(MAKER)
    assert identification
    assert identification.text == "Seplos v3 by XZH-ElecTech Co.,Ltd, BMS16S200A-SP05B"
    assert identification.certain
    for data in (b"", bytes(40), MAKER[1:], b"\xff" * 40):
        assert PROFILE.recognise(data) is None
    bare = PROFILE.recognise(MAKER[:20] + b"\xff" * 20)
    assert bare
    assert bare.text == "Seplos v3 by XZH-ElecTech Co.,Ltd"


# --- what the values mean -------------------------------------------------------------------------


def make_reading(
    bits_on: Sequence[int] = BITS_ON,
    cells: Sequence[int] = CELLS,
    count: int | None = 16,
    **words: int,
) -> BatteryReading:
    """The captured pack with other words, by register name."""
    table = index_by_name(PROFILE.registers)
    pack = list(PACK)
    for name, raw in words.items():
        pack[table[name].address - 0x1000] = raw
    first, second, bits = PROFILE.live
    values = {
        **PROFILE.decode(first, struct.pack(">18H", *pack)),
        **PROFILE.decode(second, struct.pack(">16H", *cells)),
        **PROFILE.decode(
            bits,
            struct.pack(
                f">{bits.count}H", *(bits.address + n in bits_on for n in range(bits.count))
            ),
        ),
    }
    if count is not None:
        values |= PROFILE.decode(PROFILE.settings[0], struct.pack(">H", count))
    return PROFILE.make_reading(STAMP, Sample(values))


def test_a_discharge_is_negative() -> None:
    assert make_reading(current=0xFFFF & -2050).current_a == -20.5


def test_frost_is_negative_and_0_degrees_is_a_temperature() -> None:
    assert make_reading(lowest_temperature=2731 - 123).lowest_temperature_c == pytest.approx(-12.3)
    freezing = make_reading(lowest_temperature=2731, highest_temperature=2731)
    assert freezing.lowest_temperature_c == pytest.approx(0, abs=1e-9)
    assert freezing.highest_temperature_c == pytest.approx(0, abs=1e-9)


def test_a_sensor_that_is_not_wired_is_no_temperature_of_273_below() -> None:
    assert make_reading(lowest_temperature=0).quality["lowest_temperature_c"] is Quality.IMPLAUSIBLE


def test_a_state_of_charge_of_0_is_accepted_only_of_empty_cells() -> None:
    lost = make_reading(state_of_charge=0, remaining_capacity=0)
    assert lost.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert lost.quality["remaining_ah"] is Quality.IMPLAUSIBLE
    empty = make_reading(state_of_charge=0, voltage=4480, cells=[2800] * 16)
    assert empty.state_of_charge_pct == 0


def test_only_the_cells_that_are_set_are_taken() -> None:
    eight = [*CELLS[:8], *[0] * 8]
    reading = make_reading(cells=eight, count=8, voltage=2618)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.268, 3.275)
    broken = make_reading(cells=eight)
    assert broken.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    unknown = make_reading(count=None)
    assert unknown.quality["lowest_cell_voltage_v"] is Quality.ABSENT


def test_cells_that_do_not_sum_to_the_pack_are_rejected() -> None:
    assert make_reading(voltage=5000).quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE


def test_open_transistors_forbid() -> None:
    blocked = make_reading(bits_on=(0x1278, 0x1253))
    assert (blocked.charge_allowed, blocked.discharge_allowed) == (False, True)
    assert blocked.alarms == "charge under-temperature"


@pytest.mark.parametrize(
    (
        "byte",
        "bit",
        "name",
    ),  # bytes of the reply to the 0x90 bits from 0x1200 on, as sniffers count
    [
        (9, 3, "cell under-voltage"),  # TB02
        (10, 3, "charge under-temperature"),  # TB03
        (11, 5, "MOSFETs too hot"),  # TB04
        (12, 6, "short circuit"),  # TB05
        (13, 3, "discharge over-current, locked"),  # TB16
        (14, 3, "state of charge low"),  # TB06
        (17, 1, "measuring chip"),  # TB15
    ],
)
def test_the_bits_of_protections_are_those_that_sniffers_name(
    byte: int, bit: int, name: str
) -> None:
    assert make_reading(bits_on=[0x1200 + 8 * byte + bit]).alarms == name


def test_each_protection_is_named_and_warnings_are_not() -> None:
    every = range(0x1248, 0x1290)
    assert make_reading(bits_on=every).alarms == ", ".join(ALARMS.values())
    warnings = [address for address in every if address not in ALARMS and address not in MOSFETS]
    assert make_reading(bits_on=warnings).alarms == ""


# --- the simulator --------------------------------------------------------------------------------


def assert_agrees(reading: BatteryReading, plant: Plant) -> None:
    """The reading is the plant's battery, but for the rounding of the registers."""
    pack = make_pack_view(plant)
    assert reading.voltage_v == pytest.approx(pack.voltage_v, abs=0.006)
    assert reading.current_a == pytest.approx(pack.current_a, abs=0.006)
    assert reading.state_of_charge_pct == pytest.approx(pack.state_of_charge_pct, abs=0.051)
    assert reading.remaining_ah == pytest.approx(pack.remaining_ah, abs=0.006)
    assert reading.full_ah == pytest.approx(pack.full_ah, abs=0.006)
    assert reading.lowest_cell_voltage_v == pytest.approx(min(pack.cells_v), abs=0.001)
    assert reading.highest_cell_voltage_v == pytest.approx(max(pack.cells_v), abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(pack.temperature_c, abs=0.051)
    assert (reading.charge_allowed, reading.discharge_allowed) == (
        pack.charge_on,
        pack.discharge_on,
    )
    assert reading.quality == {}


def test_the_driver_reads_its_simulator_by_day_and_night() -> None:
    for plant in (make_sunny_noon(), make_night()):
        assert_agrees(make_meter(PROFILE, SimulatedSeplosV3(plant)).read(), plant)


def test_the_driver_reads_two_packs_on_one_line() -> None:
    plant = make_sunny_noon()
    packs = SimulatedSeplosV3(plant), SimulatedSeplosV3(plant, device_id=3, share=0.5)
    with serve_on_line(PROFILE, *packs, quirks=[ECHO, TWO_BURSTS]) as meter:
        assert_agrees(meter.read(), plant)


def test_a_pack_that_refuses_bits_has_no_switches_and_all_else() -> None:
    plant = make_sunny_noon()
    reading = make_meter(PROFILE, SimulatedSeplosV3(plant, [NO_BITS])).read()
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
    assert reading.charge_allowed is None
    assert reading.alarms is None
    assert set(reading.quality) == {"charge_allowed", "discharge_allowed", "alarms"}


def test_no_quirk_leads_to_a_wrong_value() -> None:
    plant = make_night(load_w=300)
    reading = make_meter(PROFILE, SimulatedSeplosV3(plant, [LOST_CHARGE])).read()
    assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert reading.quality["remaining_ah"] is Quality.IMPLAUSIBLE
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
    with pytest.raises(NoAnswer):
        make_meter(PROFILE, SimulatedSeplosV3(plant, [SILENCE])).read()


def test_the_simulator_names_its_maker_and_refuses_what_a_pack_does_not_have() -> None:
    simulator = SimulatedSeplosV3(make_sunny_noon())
    request = struct.pack(">BHH", INPUT, 0x1700, 20)
    reply = simulator.answer(request)
    assert reply
    assert PROFILE.recognise(reply[2:]) == PROFILE.recognise(MAKER)
    sensors = simulator.answer(struct.pack(">BHH", INPUT, 0x1114, 4))
    assert sensors == bytes([4, 8]) + struct.pack(">4H", *[2731] * 4)
    assert simulator.answer(struct.pack(">BHH", INPUT, 0x1012, 1)) == bytes([0x84, 2])
    assert simulator.answer(struct.pack(">BHH", 3, 0x1000, 1)) == bytes([0x83, 1])
    assert simulator.answer(struct.pack(">BHH", COILS, 0x1290, 1)) == bytes([0x81, 2])
    functions = simulator.answer(struct.pack(">BHH", COILS, 0x1400, 8))
    assert functions == bytes([1, 1, 0xFF])


@given(st.binary(max_size=200))
def test_any_words_give_valid_values_or_none(data: bytes) -> None:
    table = index_by_name(PROFILE.registers)
    values: dict[str, Decoded] = {}
    for block in (*PROFILE.live, *PROFILE.settings):
        decoded = PROFILE.decode(block, data)
        for name, one in decoded.items():
            assert one.value is None or table[name].low <= one.value <= table[name].high
        values |= decoded
    reading = PROFILE.make_reading(STAMP, Sample(values))
    assert reading.state_of_charge_pct is None or 0 <= reading.state_of_charge_pct <= 100
    PROFILE.recognise(data)
