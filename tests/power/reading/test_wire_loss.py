"""The wires between a controller and the battery, where a BMS measures the voltage there too."""

import random
from typing import Any

import pytest

from power.reading.checks import CheckedPoll
from tests.power.reading.polled_site import Site
from tests.stand_ins.fakes import FakeClock


def poll_for(
    site: Site, polls: int, *, amps: float, ohm: float, offset_v: float = 0.0, **pack: Any
) -> CheckedPoll:
    """Polls of a battery at 13.3 V; the controller's meter is off by `offset_v`."""
    chance, found = random.Random(5), None
    for _ in range(polls):
        now_a = amps + chance.uniform(-0.3, 0.3)
        battery_v = 13.3 + chance.gauss(0, 0.005)
        charger = {
            "battery_voltage_v": battery_v + ohm * now_a + offset_v,
            "battery_current_a": now_a,
            "pv_power_w": max(0.0, now_a) * 14 + 30,
            "load_power_w": 25.0,
        }
        found = site.poll(charger, {"voltage_v": battery_v, "current_a": now_a, **pack})
    assert found is not None
    return found


def list_wire_faults(found: CheckedPoll) -> list[str]:
    return [str(one) for one in found.faults if one.code.startswith("wires")]


def test_wires_that_lose_more_than_2_5_percent_are_a_fault_with_figures(clock: FakeClock) -> None:
    (text,) = list_wire_faults(poll_for(Site(clock), 40, amps=30.0, ohm=0.020))
    assert "charger main: at 30 A 0.60 V are lost" in text
    assert "4.5% of the voltage (20 mohm)" in text
    assert "use thicker or shorter wires" in text


@pytest.mark.parametrize(("amps", "ohm"), [(30.0, 0.008), (8.0, 0.020), (0.5, 0.5)])
def test_wires_that_lose_less_are_no_fault(clock: FakeClock, amps: float, ohm: float) -> None:
    assert list_wire_faults(poll_for(Site(clock), 60, amps=amps, ohm=ohm)) == []


def test_a_meter_that_is_off_at_rest_too_is_no_wire(clock: FakeClock) -> None:
    site = Site(clock)
    poll_for(site, 40, amps=0.4, ohm=0.008, offset_v=0.3)
    assert list_wire_faults(poll_for(site, 60, amps=30.0, ohm=0.008, offset_v=0.3)) == []
    hidden = Site(clock)
    poll_for(hidden, 40, amps=0.4, ohm=0.014, offset_v=-0.3)
    assert list_wire_faults(poll_for(hidden, 60, amps=30.0, ohm=0.014, offset_v=-0.3))


def test_a_pack_that_is_disconnected_says_nothing_of_the_wires(clock: FakeClock) -> None:
    found = poll_for(Site(clock), 60, amps=30.0, ohm=0.03, charge_allowed=False)
    assert list_wire_faults(found) == []


def test_the_fault_ends_when_the_wires_are_mended(clock: FakeClock) -> None:
    site = Site(clock)
    assert list_wire_faults(poll_for(site, 40, amps=30.0, ohm=0.020))
    assert list_wire_faults(poll_for(site, 130, amps=30.0, ohm=0.005)) == []
