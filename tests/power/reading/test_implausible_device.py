"""A device that answers, but of which no value can be true, is a fault that says what was read."""

from contextlib import suppress
from typing import Any

import pytest

from appliance.model import BatteryReading
from power.devices import MODELS
from power.protocol.profile import Block, Profile
from power.reading.implausible_device import ImplausibleDevice
from power.reading.meter import Meter
from tests.stand_ins.fakes import FakeClock

MODBUS = [model for model in MODELS if model.protocol == "Modbus"]


class SameBytes:
    """A link on which every register reads the same."""

    def __init__(self, profile: Profile, word: bytes) -> None:
        self._profile = profile
        self._word = word

    def read_raw(self, block: Block) -> bytes:
        return self._word * block.count

    def read(self, block: Block) -> Any:
        return self._profile.decode(block, self.read_raw(block))

    def read_by_words(self, row: Any) -> Any:
        raise AssertionError("nothing was refused")


@pytest.mark.parametrize("word", [b"\xff\xff", b"\x7f\xff"], ids=["FFFF", "7FFF"])
@pytest.mark.parametrize("profile", MODBUS, ids=lambda one: one.name)
def test_nonsense_is_a_fault_or_marked_absent_by_the_device_itself(
    profile: Profile, word: bytes
) -> None:
    meter = Meter(profile, SameBytes(profile, word), FakeClock())
    with suppress(ImplausibleDevice):
        reading = meter.read()
        name = "voltage_v" if isinstance(reading, BatteryReading) else "battery_voltage_v"
        assert getattr(reading, name) is None


def test_the_fault_says_what_was_read_and_what_to_check() -> None:
    profile = next(model for model in MODBUS if model.name == "epever-tracer")
    with pytest.raises(ImplausibleDevice) as caught:
        Meter(profile, SameBytes(profile, b"\xff\xff"), FakeClock()).read()
    text = str(caught.value)
    assert "pv voltage 655.35 V (plausible: 0 to 600)" in text
    assert "battery voltage 655.35 V (plausible: 5 to 70)" in text
    assert "check that `model` (now epever-tracer) is this device" in text
