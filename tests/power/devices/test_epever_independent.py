"""Another person's EPEver driver (epevermodbus, on minimalmodbus) beside ours: same frames, same
values.
"""

import pytest
from epevermodbus.driver import EpeverChargeController

from power.devices.epever import EpeverTracer
from power.protocol.links import ModbusLink
from power.protocol.profile import Block
from power.protocol.register import decode
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import make_night, make_sunny_noon, serve_line

TABLE = index_by_name(EpeverTracer.registers)
# Its getter -> our row. It takes the battery's voltage from 331A, not 3104.
SAME = {
    "get_solar_voltage": "pv_voltage",
    "get_solar_current": "pv_current",
    "get_solar_power": "pv_power",
    "get_load_voltage": "load_voltage",
    "get_load_current": "load_current",
    "get_load_power": "load_power",
    "get_battery_current": "net_battery_current",
    "get_battery_voltage": "battery_voltage_again",
    "get_battery_power": "charge_power",
    "get_battery_state_of_charge": "state_of_charge",
    "get_battery_temperature": "battery_temperature",
    "get_remote_battery_temperature": "remote_temperature",
    "get_controller_temperature": "controller_temperature",
    "get_maximum_battery_voltage_today": "highest_battery_voltage_today",
    "get_minimum_battery_voltage_today": "lowest_battery_voltage_today",
    "get_maximum_pv_voltage_today": "highest_pv_voltage_today",
    "get_minimum_pv_voltage_today": "lowest_pv_voltage_today",
    "get_rated_charging_current": "rated_charge_current",
    "get_rated_load_current": "rated_load_current",
    "get_battery_real_rated_voltage": "system_voltage",
    "get_battery_capacity": "battery_capacity",
    "get_temperature_compensation_coefficient": "temperature_compensation",
    "get_over_voltage_disconnect_voltage": "over_voltage_disconnect",
    "get_charging_limit_voltage": "charge_limit_voltage",
    "get_equalize_charging_voltage": "equalize_voltage",
    "get_boost_charging_voltage": "boost_voltage",
    "get_float_charging_voltage": "float_voltage",
    "get_low_voltage_disconnect_voltage": "low_voltage_disconnect",
    "get_low_voltage_reconnect_voltage": "low_voltage_reconnect",
    "get_equalize_duration": "equalize_duration",
    "get_boost_duration": "boost_duration",
    "get_total_consumed_energy": "consumed_total",
    "get_total_generated_energy": "generated_total",
    "get_consumed_energy_today": "consumed_today",
    "get_consumed_energy_this_month": "consumed_month",
    "get_consumed_energy_this_year": "consumed_year",
    "get_generated_energy_today": "generated_today",
    "get_generated_energy_this_month": "generated_month",
    "get_generated_energy_this_year": "generated_year",
}


def read_ours(device: SimulatedEpever, name: str) -> float | None:
    row = TABLE[name]
    link = ModbusLink(EpeverTracer(), LoopbackBus(device), 1)
    block = Block(row.function, row.address, row.kind.size // 2)
    return decode(row, link.read_raw(block)).value


@pytest.mark.parametrize("plant", [make_sunny_noon(), make_night()], ids=["noon", "night"])
def test_both_drivers_read_the_same_from_the_same_device(plant: Plant) -> None:
    device = SimulatedEpever(plant)
    line = SerialLine(RtuDevices([device]), FakeClock())
    with serve_line(line):
        other = EpeverChargeController(str(line.path), 1)
        theirs = {getter: getattr(other, getter)() for getter in SAME}
        other.serial.close()
    line.close()
    assert theirs == pytest.approx(
        {getter: read_ours(device, name) for getter, name in SAME.items()}
    )


@pytest.mark.parametrize(
    ("getter", "request_hex", "reply_hex", "value"),
    [
        ("get_solar_voltage", "01 04 31 00 00 01 3F 36", "01 04 02 00 C5 79 63", 1.97),
        ("get_battery_state_of_charge", "01 04 31 1A 00 01 1E F1", "01 04 02 00 46 38 C2", 70),
    ],
)
def test_it_reads_captured_frames_of_a_real_tracer_as_we_do(
    getter: str, request_hex: str, reply_hex: str, value: float
) -> None:
    reply = bytes.fromhex(reply_hex)
    with replay((bytes.fromhex(request_hex), [reply])) as peer:
        other = EpeverChargeController(peer.port, 1)
        assert getattr(other, getter)() == value
        other.serial.close()
    row = TABLE[{"get_solar_voltage": "pv_voltage"}.get(getter, "state_of_charge")]
    assert decode(row, reply[3:-2]).value == value


def test_a_half_of_a_pair_is_where_the_two_differ() -> None:
    """It reads 32-bit values of a torn pair as they come; ours is out of the row's range."""
    torn = bytes.fromhex("0000 FFFF")
    assert decode(TABLE["net_battery_current"], torn).value is None  # theirs: -655.36 A
