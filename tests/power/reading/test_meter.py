"""One device polled: what a loss, a refusal and a busy answer make of its values, and for how long.

`FakeLink` answers with zeros, but for the blocks that it is set to lose or refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from appliance.errors import BusError
from appliance.model import PowerReading, Quality, Stamp
from power.protocol.conversions import build_power_reading
from power.protocol.errors import KEPT_BACK, ClosedLine, ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.line_place import SerialForm
from power.protocol.profile import Block, ChargerProfile, Sample
from power.protocol.register import HOLDING, U16, U32, Decoded, Register
from power.reading.meter import Meter
from tests.stand_ins.fakes import FakeClock

LIVE, MORE, SLOW, SET = (Block(HOLDING, place, 2) for place in (0, 10, 20, 30))


class Device(ChargerProfile):
    """Two live blocks, a slow one with a pair in it, and one of settings."""

    name, title = "device", "A device"
    registers = (
        Register(HOLDING, 0, U16, 10, 0, 60, "V", "volts"),
        Register(HOLDING, 1, U16, 10, 0, 60, "A", "amperes"),
        Register(HOLDING, 10, U16, 10, 0, 60, "V", "panel"),
        Register(HOLDING, 11, U16, 10, 0, 60, "W", "sun"),
        Register(HOLDING, 20, U32, 1, 0, 1e6, "Wh", "yield"),
        Register(HOLDING, 30, U16, 10, 0, 60, "V", "setpoint"),
    )
    live, slow, settings = (LIVE, MORE), (SLOW,), (SET,)
    serial, timeout_s, gap_s = SerialForm(9600), 0.5, 0.0

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        names = {
            "battery_voltage_v": "volts",
            "battery_current_a": "amperes",
            "pv_voltage_v": "panel",
            "yield_today_wh": "yield",
            "battery_temperature_c": "setpoint",
        }
        fields = {field: sample[name] for field, name in names.items()}
        absent = dict.fromkeys(("pv_power_w", "load_power_w", "charge_stage"), sample["none"])
        return build_power_reading(stamp, self.name, {**fields, **absent})


class Sleeper(Device):
    sleeps = True


@dataclass
class FakeLink:
    """Zeros, but for blocks that it loses or refuses as long as they are in `errors`."""

    errors: dict[Block, BusError] = field(default_factory=dict)
    once: list[BusError] = field(default_factory=list)
    asked: list[Block] = field(default_factory=list)
    halves: int | None = 2  # the exception for a pair's single words; None: they are zeros

    def read_raw(self, block: Block) -> bytes:
        self.asked.append(block)
        if self.once:
            raise self.once.pop(0)
        if block in self.errors:
            raise self.errors[block]
        return bytes(2 * block.count)

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return Device().decode(block, self.read_raw(block))

    def read_by_words(self, row: Register) -> Decoded:
        if self.halves is not None:
            raise ExceptionAnswer("not by words either", self.halves)
        return Decoded(0.0, Quality.OK)


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def read(meter: Meter) -> PowerReading:
    reading: PowerReading = meter.read()
    return reading


def make_refusal(number: int = 2) -> ExceptionAnswer:
    return ExceptionAnswer("no", number)


def find_fault(meter: Meter) -> str:
    """The words that a technician reads once a hundred more are lost."""
    for _ in range(100):
        meter.health.count(1000, NoAnswer("x"))
    return str(meter.health.find_fault("it"))


@pytest.mark.parametrize("loss", [NoAnswer("lost"), WrongFrame("noise")])
def test_a_loss_that_a_second_try_mends_is_no_loss_of_values(
    clock: FakeClock, link: FakeLink, loss: BusError
) -> None:
    link.once = [loss]
    assert read(Meter(Device(), link, clock)).battery_voltage_v == 0
    assert link.asked[:3] == [LIVE, LIVE, MORE]


def test_each_attempt_is_counted_good_or_bad(clock: FakeClock, link: FakeLink) -> None:
    meter = Meter(Device(), link, clock)
    link.once = [NoAnswer("lost")]
    read(meter)
    assert "101 times in 1 min, of 105 requests" in find_fault(meter)


def test_a_device_that_must_be_woken_is_no_bad_line(clock: FakeClock, link: FakeLink) -> None:
    link.once = [NoAnswer("asleep")]
    meter = Meter(Sleeper(), link, clock)
    assert read(meter).battery_voltage_v == 0
    assert "100 times in 1 min, of 104 requests" in find_fault(meter)


def test_a_port_that_is_not_there_is_not_tried_twice(clock: FakeClock, link: FakeLink) -> None:
    link.errors[LIVE] = ClosedLine("no such port")
    with pytest.raises(ClosedLine):
        Meter(Device(), link, clock).read()
    assert link.asked == [LIVE]


def test_a_second_live_block_that_is_lost_leaves_the_first(
    clock: FakeClock, link: FakeLink
) -> None:
    link.errors[MORE] = NoAnswer("lost")
    reading = read(Meter(Device(), link, clock))
    assert reading.battery_voltage_v == 0
    assert reading.pv_voltage_v is None
    assert reading.quality["pv_voltage_v"] is Quality.STALE


def test_a_first_live_block_that_is_busy_does_not_cost_the_second(
    clock: FakeClock, link: FakeLink
) -> None:
    link.errors[LIVE] = make_refusal(6)
    reading = read(Meter(Device(), link, clock))
    assert reading.pv_voltage_v == 0
    assert reading.quality["battery_voltage_v"] is Quality.STALE


def test_a_first_live_block_that_is_refused_poll_after_poll_is_a_fault(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(Device(), link, clock)
    link.errors[LIVE] = make_refusal(4)
    for _ in range(3):
        meter.read()
        clock.advance(10)
    assert "refuses a part of its values" in str(meter.health.find_fault("charger main"))
    del link.errors[LIVE]
    meter.read()
    assert meter.health.find_fault("charger main") is None


def test_a_device_that_is_busy_for_all_is_an_error(clock: FakeClock, link: FakeLink) -> None:
    link.errors = {LIVE: make_refusal(6), MORE: make_refusal(6)}
    with pytest.raises(ExceptionAnswer):
        Meter(Device(), link, clock).read()


def test_busy_is_not_for_an_hour(clock: FakeClock, link: FakeLink) -> None:
    meter = Meter(Device(), link, clock)
    link.errors[MORE] = make_refusal(6)
    assert read(meter).pv_voltage_v is None
    link.errors.clear()
    clock.advance(10)
    assert read(meter).pv_voltage_v == 0
    assert link.asked.count(Block(HOLDING, 10, 1)) == 0


def test_a_block_that_is_refused_is_asked_as_a_whole_again_after_an_hour(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(Device(), link, clock)
    link.errors[MORE] = make_refusal()
    for _ in range(3):
        assert read(meter).pv_voltage_v == 0  # register by register
        clock.advance(10)
    assert link.asked.count(MORE) == 1
    link.errors.clear()
    clock.advance(3600)
    read(meter)
    assert link.asked.count(MORE) == 2


def test_settings_that_are_lost_are_asked_again_in_a_minute(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(Device(), link, clock)
    link.errors[SET] = NoAnswer("lost")
    asked = []
    for _ in range(13):  # two minutes
        asked.append(read(meter).quality["battery_temperature_c"])
        clock.advance(10)
    assert link.asked.count(SET) == 3 * 2
    assert set(asked) == {Quality.STALE}
    link.errors.clear()
    for _ in range(12):
        reading = read(meter)
        clock.advance(10)
    assert reading.battery_temperature_c == 0
    assert link.asked.count(SET) == 3 * 2 + 1


def test_settings_stay_known_for_hours_when_they_are_lost(clock: FakeClock, link: FakeLink) -> None:
    meter = Meter(Device(), link, clock)
    read(meter)
    link.errors[SET] = NoAnswer("lost")
    clock.advance(2 * 3600)
    assert read(meter).ages_s["battery_temperature_c"] == 7200
    clock.advance(3600)
    assert read(meter).quality["battery_temperature_c"] is Quality.STALE


def test_a_slow_block_that_is_refused_is_absent_or_kept_back_and_never_old(
    clock: FakeClock, link: FakeLink
) -> None:
    refused, kept_back = Quality.ABSENT, Quality.STALE
    for number, quality in {1: refused, 2: refused, **dict.fromkeys(KEPT_BACK, kept_back)}.items():
        meter = Meter(Device(), link, clock)
        link.errors.clear()
        assert read(meter).yield_today_wh == 0
        link.errors[SLOW] = make_refusal(number)
        clock.advance(60)
        assert read(meter).quality["yield_today_wh"] is quality


def test_a_pair_whose_words_are_kept_back_once_is_not_absent_for_an_hour(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(Device(), link, clock)
    link.errors[SLOW] = make_refusal()
    link.halves = 6
    assert read(meter).quality["yield_today_wh"] is Quality.STALE
    link.halves = None
    clock.advance(60)
    assert read(meter).yield_today_wh == 0


def test_another_device_at_the_id_is_an_error_and_is_asked_anew(
    clock: FakeClock, link: FakeLink
) -> None:
    meter = Meter(Device(), link, clock)
    singles = [Block(HOLDING, place, 1) for place in (0, 1, 10, 11)]
    link.errors = dict.fromkeys([LIVE, MORE, *singles], make_refusal())
    with pytest.raises(BusError, match="has none of the registers of device; check `model`"):
        meter.read()
    link.errors.clear()
    clock.advance(10)
    assert read(meter).battery_voltage_v == 0
