"""The Victron GX driver where the server itself misleads: sums, casts and divisions of its own."""

import struct

from appliance.model import Quality, Stamp
from power.devices.victron_gx import GxSolarcharger, GxSystem
from power.protocol.links import ModbusLink
from power.protocol.profile import Sample
from power.protocol.register import UNREAD, Decoded
from provisioning.simulated.devices.victron_gx import SimulatedGxSolarcharger, SimulatedGxSystem
from provisioning.simulated.lines.loopback import LoopbackBus
from tests.stand_ins.rig import NOON, make_meter, make_sunny_noon

SYSTEM, CHARGER = GxSystem(), GxSolarcharger()
STAMP = Stamp(NOON, "0", 0.0)


def encode_words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def test_without_a_battery_monitor_the_chargers_current_is_not_the_batterys() -> None:
    reading = make_meter(SYSTEM, SimulatedGxSystem(make_sunny_noon(), ["no-monitor"])).read()
    assert reading.quality["battery_current_a"] is Quality.ABSENT
    assert reading.pv_power_w is not None
    charging = {"battery_voltage": 13.3, "battery_current": 8.0, "battery_power": 106.0}
    known = {name: Decoded(value, Quality.OK) for name, value in charging.items()}
    unread = SYSTEM.make_reading(STAMP, Sample({**known, "state_of_charge": UNREAD}))
    assert unread.battery_current_a is None


def test_what_the_chargers_draw_at_night_is_no_sun_and_no_fault() -> None:
    block = [0] * 27
    block[0], block[1], block[2], block[3] = 520, 0xFFF6, 0xFFCC, 78
    block[10], block[11] = 0xFFFE, 0xFFFF  # -2 W, -0.1 A
    reading = SYSTEM.make_reading(
        STAMP, Sample(SYSTEM.decode(SYSTEM.live[0], encode_words(*block)))
    )
    assert reading.pv_power_w == 0
    block[10] = 0xFF00  # -256 W
    reading = SYSTEM.make_reading(
        STAMP, Sample(SYSTEM.decode(SYSTEM.live[0], encode_words(*block)))
    )
    assert reading.quality["pv_power_w"] is Quality.IMPLAUSIBLE


def test_a_charger_with_several_trackers_is_known_though_its_current_is_a_division_by_0() -> None:
    device = SimulatedGxSolarcharger(make_sunny_noon(), ["several-trackers"])
    content = ModbusLink(CHARGER, LoopbackBus(device), device.device_id).read_raw(CHARGER.signature)
    for quotient in (b"\xff\xff", b"\x7f\xff", b"\x80\x00"):
        assert CHARGER.recognise(content[:12] + quotient + content[14:]) is not None
