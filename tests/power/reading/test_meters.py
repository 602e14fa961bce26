"""All devices of a unit together: faults by name, back-off, shared lines, poll classes, rates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from appliance.errors import BusError, SettingsError
from appliance.model import PowerReading, Quality
from appliance.model_set_points import SetPoints
from appliance.settings import BmsSettings, ChargerSettings, Settings
from power.devices.epever import EpeverTracer
from power.protocol.errors import ClosedLine, NoAnswer
from power.protocol.line_health import LineHealth
from power.protocol.profile import Block
from power.protocol.register import Decoded, Register
from power.reading.meter import Meter
from power.reading.meters import Device, DeviceMeter, Meters, open_meters
from provisioning.simulated.devices.jk import SimulatedJk
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.serial_line import SerialLine
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon, serve_line


@dataclass
class FakeMeter:
    """A device that says what it is told to, or raises."""

    answer: Any
    profile: Any = field(default_factory=EpeverTracer)
    health: LineHealth = field(default_factory=LineHealth)
    set_points: SetPoints | None = None
    asked: int = 0

    def read(self) -> Any:
        self.asked += 1
        if isinstance(self.answer, BusError):
            raise self.answer
        return self.answer


def make_device(kind: str, name: str, answer: Any) -> Device:
    return Device(kind, name, cast("DeviceMeter", FakeMeter(answer)))


def get_meter(one: Device) -> FakeMeter:
    return cast("FakeMeter", one.meter)


def test_a_silent_device_is_a_fault_by_its_name_and_the_others_are_read(clock: FakeClock) -> None:
    pack = make_device("bms", "pack", battery_reading(clock))
    meters = Meters([make_device("charger", "roof", NoAnswer("no answer")), pack], clock)
    poll = meters.read()
    assert [str(fault) for fault in poll.faults] == ["charger roof: no answer"]
    assert poll.faults[0].code == "bus-charger-roof"
    assert poll.reading is not None
    assert poll.reading.battery_voltage_v == 13.35
    assert [one.device for one in poll.batteries] == ["pack"]


def test_two_ill_devices_are_two_faults(clock: FakeClock) -> None:
    meters = Meters([make_device("bms", name, NoAnswer("gone")) for name in ("one", "two")], clock)
    assert len({fault.code for fault in meters.read().faults}) == 2


def test_a_silent_device_is_asked_less_and_less_often(clock: FakeClock) -> None:
    silent = make_device("charger", "main", NoAnswer("gone"))
    meters = Meters([silent], clock)
    for _ in range(60):
        poll = meters.read()
        assert poll.faults  # the fault lasts while it is not asked
        clock.advance(10)
    assert 10 < get_meter(silent).asked < 20
    get_meter(silent).answer = charger_reading(clock)
    clock.advance(60)
    assert meters.read().faults == ()


def test_a_device_may_be_silent_for_years(clock: FakeClock) -> None:
    silent = make_device("bms", "pack", NoAnswer("gone"))
    silent.lost = 100_000
    meters = Meters([silent], clock)
    assert meters.read().faults
    asked = get_meter(silent).asked
    clock.advance(60)
    meters.read()
    assert get_meter(silent).asked == asked + 1  # still once a minute


def test_a_pulled_cable_is_no_loss_of_the_device_behind_it(clock: FakeClock) -> None:
    pulled = make_device("bms", "pack", ClosedLine("there is no /dev/ttyUSB0"))
    meters = Meters([pulled], clock)
    for _ in range(30):
        meters.read()
        clock.advance(10)
    get_meter(pulled).answer = NoAnswer("still starting")
    meters.read()
    get_meter(pulled).answer = battery_reading(clock)
    clock.advance(10)
    assert meters.read().faults == ()


def test_two_packs_of_one_model_are_distinguished_where_they_disagree(clock: FakeClock) -> None:
    packs = [
        make_device("bms", "left", battery_reading(clock, voltage_v=26.1)),
        make_device("bms", "right", battery_reading(clock)),
    ]
    (fault,) = Meters(packs, clock).read().faults
    assert "bms right reports 13.35 V and bms left 26.10 V" in str(fault)


def test_a_cable_that_is_back_is_found_at_the_next_poll(clock: FakeClock) -> None:
    pulled = make_device("charger", "main", ClosedLine("there is no /dev/ttyUSB0"))
    meters = Meters([pulled], clock)
    for _ in range(30):
        meters.read()
        clock.advance(10)
    assert get_meter(pulled).asked == 30  # a look at a missing file costs nothing
    get_meter(pulled).answer = charger_reading(clock)
    assert meters.read().reading is not None


def test_a_cable_that_is_pulled_from_a_silent_device_is_looked_for_at_each_poll(
    clock: FakeClock,
) -> None:
    silent = make_device("charger", "main", NoAnswer("gone"))
    meters = Meters([silent], clock)
    for _ in range(4):
        meters.read()
        clock.advance(10)
    get_meter(silent).answer, asked = (
        ClosedLine("there is no /dev/ttyUSB0"),
        get_meter(silent).asked,
    )
    for _ in range(5):
        meters.read()
        clock.advance(1)
    assert get_meter(silent).asked - asked == 5


def test_a_bad_line_is_a_fault_beside_a_good_reading(clock: FakeClock) -> None:
    noisy = make_device("charger", "main", charger_reading(clock))
    for second in range(100):
        get_meter(noisy).health.count(second, NoAnswer("x") if second % 4 == 0 else None)
    poll = Meters([noisy], clock).read()
    assert poll.reading is not None
    assert [fault.code for fault in poll.faults] == ["line-charger-main"]
    assert str(poll.faults[0]).startswith("charger main did not answer 25 times")


def add_devices(settings: Settings, **sections: Any) -> Settings:
    return replace(settings, charger={}, **sections)


def test_a_unit_without_power_devices_is_a_mistake_in_the_settings(
    settings: Settings, clock: FakeClock
) -> None:
    with pytest.raises(SettingsError, match="unitctl power probe"):
        open_meters(add_devices(settings), clock)


def test_an_unknown_bms_names_what_is_known(settings: Settings, clock: FakeClock) -> None:
    packs = {"pack": BmsSettings(model="epever-tracer")}
    with pytest.raises(SettingsError, match="not a known BMS"):
        open_meters(add_devices(settings, bms=packs), clock)


def test_two_controllers_may_share_a_line(settings: Settings, clock: FakeClock) -> None:
    two = {
        "east": ChargerSettings(port="/dev/nowhere", device_id=1),
        "west": ChargerSettings(port="/dev/nowhere", device_id=2),
    }
    meters = open_meters(replace(settings, charger=two), clock)
    assert len(meters.devices) == 2
    assert all("there is no /dev/nowhere" in str(fault) for fault in meters.read().faults)


def test_a_gx_and_a_charger_that_it_counts_are_not_both_counted(
    settings: Settings, clock: FakeClock
) -> None:
    gx = {
        "gx": ChargerSettings(model="victron-gx-system", port="tcp://gx:502"),
        "roof": ChargerSettings(model="victron-gx-solarcharger", port="tcp://gx:502"),
    }
    with pytest.raises(SettingsError, match=r"charger\.roof\.port .* already includes"):
        open_meters(replace(settings, charger=gx), clock)


def test_a_gx_elsewhere_counts_other_chargers(settings: Settings, clock: FakeClock) -> None:
    two = {
        "gx": ChargerSettings(model="victron-gx-system", port="tcp://gx:502"),
        "roof": ChargerSettings(model="victron-gx-solarcharger", port="tcp://other:502"),
    }
    assert len(open_meters(replace(settings, charger=two), clock).devices) == 2


def test_loads_on_the_battery_are_known_from_the_settings(
    settings: Settings, clock: FakeClock
) -> None:
    two = {"a": ChargerSettings(loads_on_battery=True), "b": ChargerSettings(device_id=2)}
    opened = open_meters(replace(settings, charger=two), clock).devices
    assert [one.loads_on_battery for one in opened] == [True, False]


def test_the_longest_back_off_is_a_minute_and_an_answer_ends_it(clock: FakeClock) -> None:
    silent = make_device("charger", "main", NoAnswer("gone"))
    meters = Meters([silent], clock)
    for _ in range(360):
        meters.read()
        clock.advance(10)
    asked = get_meter(silent).asked
    for _ in range(60):
        meters.read()
        clock.advance(10)
    assert get_meter(silent).asked - asked == pytest.approx(10, abs=1)
    get_meter(silent).answer = charger_reading(clock)
    clock.advance(60)
    meters.read()
    get_meter(silent).answer = NoAnswer("gone again")
    asked = get_meter(silent).asked
    for _ in range(3):  # counted anew
        meters.read()
    assert get_meter(silent).asked - asked == 3


def test_what_a_battery_cannot_have_measured_does_not_reach_the_whole(clock: FakeClock) -> None:
    pack = make_device("bms", "pack", battery_reading(clock))
    meters = Meters([pack], clock)
    meters.read()
    clock.advance(10)
    get_meter(pack).answer = battery_reading(clock, lowest_temperature_c=-40.0)
    poll = meters.read()
    assert poll.reading is not None
    assert poll.reading.battery_temperature_c is None
    assert poll.batteries[0].quality == {"lowest_temperature_c": Quality.IMPLAUSIBLE}


def test_two_packs_on_one_line_are_one_battery(settings: Settings, clock: FakeClock) -> None:
    plant = make_sunny_noon(settings)
    packs = [SimulatedJk(plant, device_id=number, share=0.5) for number in (1, 2)]
    line = SerialLine(RtuDevices(packs), clock)
    ports = {f"pack-{n}": BmsSettings("jk-pb", str(line.path), device_id=n) for n in (1, 2)}
    with serve_line(line):
        poll = open_meters(add_devices(settings, bms=ports), clock).read()
    line.close()
    assert poll.faults == ()
    assert [one.device for one in poll.batteries] == ["pack-1", "pack-2"]
    assert poll.reading is not None
    assert poll.reading.battery_current_a == pytest.approx(plant.battery_current_a, abs=0.01)
    assert poll.batteries[0].full_ah == pytest.approx(plant.pack.capacity_ah / 2, abs=0.01)


def test_a_master_pack_is_never_asked(settings: Settings, clock: FakeClock) -> None:
    packs = {"pack": BmsSettings(model="jk-pb", device_id=0)}
    with pytest.raises(SettingsError, match=r"bms\.pack\.device_id must not be 0: .*polled"):
        open_meters(add_devices(settings, bms=packs), clock)


# --- one meter: poll classes, ages and rates ------------------------------------------------------


class SlowTracer(EpeverTracer):
    """Asks for its counter once a minute and may be polled every 30 s."""

    live = (EpeverTracer.live[0],)  # type: ignore[assignment]
    slow = (Block(4, 0x330C, 2),)
    least_interval_s = 30.0


@dataclass
class FakeLink:
    """Answers every block with the rows' lowest values; `lost` blocks do not come."""

    profile: EpeverTracer
    lost: set[Block] = field(default_factory=set)
    asked: list[Block] = field(default_factory=list)

    def read_raw(self, block: Block) -> bytes:
        return bytes(2 * block.count)

    def read(self, block: Block) -> Mapping[str, Decoded]:
        self.asked.append(block)
        if block in self.lost:
            raise NoAnswer("lost")
        return {row.name: Decoded(row.low, Quality.OK) for row in self.profile.rows(block)}

    def read_by_words(self, row: Register) -> Decoded:
        raise NoAnswer("no words")


@pytest.fixture
def link() -> FakeLink:
    return FakeLink(SlowTracer())


def read(meter: Meter) -> PowerReading:
    reading: PowerReading = meter.read()
    return reading


def test_slow_values_are_asked_once_a_minute_and_carry_their_age(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(SlowTracer(), link, clock)
    assert read(meter).ages_s == {}
    clock.advance(40)
    reading = read(meter)
    assert reading.yield_today_wh == 0
    assert reading.ages_s["yield_today_wh"] == 40
    clock.advance(40)
    assert "yield_today_wh" not in read(meter).ages_s
    assert link.asked.count(SlowTracer.slow[0]) == 2


def test_a_slow_value_that_does_not_come_grows_old_and_then_is_unknown(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(SlowTracer(), link, clock)
    read(meter)
    link.lost.add(SlowTracer.slow[0])
    clock.advance(120)
    assert read(meter).ages_s["yield_today_wh"] == 120
    clock.advance(120)
    reading = read(meter)
    assert reading.yield_today_wh is None
    assert reading.quality["yield_today_wh"] is Quality.STALE


def test_a_device_is_not_asked_sooner_than_it_bears(clock: FakeClock, link: FakeLink) -> None:
    meter = Meter(SlowTracer(), link, clock)
    first = read(meter)
    clock.advance(20)
    assert read(meter) == first  # the same stamp: whoever looks sees how old it is
    clock.advance(9.6)  # a poll that comes a little early is the one that is due
    assert read(meter).stamp != first.stamp


def test_a_lost_reply_is_asked_for_once_more_and_counted(clock: FakeClock, link: FakeLink) -> None:
    meter = Meter(SlowTracer(), link, clock)
    link.lost.update(SlowTracer.live)
    with pytest.raises(NoAnswer):
        meter.read()
    assert link.asked.count(SlowTracer.live[0]) == 2


@pytest.mark.parametrize(
    ("section", "field_name"), [("charger", "battery_current_a"), ("bms", "current_a")]
)
def test_a_current_is_turned_round_where_the_settings_say_so(
    clock: FakeClock, section: str, field_name: str
) -> None:
    reading: Any = charger_reading(clock) if section == "charger" else battery_reading(clock)
    device = make_device(section, "x", reading)
    device.invert_current = True
    assert getattr(device.read(0.0), field_name) == -getattr(reading, field_name)
    get_meter(device).answer = replace(reading, **{field_name: None})
    assert getattr(device.read(0.0), field_name) is None


def test_which_currents_are_turned_round_is_known_from_the_settings(
    settings: Settings, clock: FakeClock
) -> None:
    turned = replace(
        settings,
        charger={"a": ChargerSettings(invert_current=True), "b": ChargerSettings(device_id=2)},
        bms={"pack": BmsSettings(invert_current=True)},
    )
    meters = open_meters(turned, clock)
    assert [one.invert_current for one in meters.devices] == [True, False, True]
    assert meters.checks.signs.inverted == {"charger a", "bms pack"}


def test_the_pack_with_the_lowest_cell_is_the_one_to_be_asked_out_of_its_turn(
    clock: FakeClock,
) -> None:
    good, weak = battery_reading(clock), battery_reading(clock)
    weak = replace(weak, lowest_cell_voltage_v=2.95)
    devices = [
        make_device("charger", "weak", charger_reading(clock)),
        make_device("bms", "good", good),
        make_device("bms", "weak", weak),
        make_device("bms", "silent", NoAnswer("no answer")),
    ]
    meters = Meters(devices, clock)
    meters.confirm_from(50.0)
    assert [one.urgent_from_s for one in devices] == [None] * 4  # nothing was measured
    meters.read()
    meters.confirm_from(50.0)
    assert [one.urgent_from_s for one in devices] == [None, None, 50.0, None]
    meters.confirm_from(None)
    assert [one.urgent_from_s for one in devices] == [None] * 4
