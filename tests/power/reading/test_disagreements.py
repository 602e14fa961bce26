"""Devices on one battery that contradict each other: voltages, and the size of the current."""

import pytest

from power.devices.epever import EpeverTracer
from power.reading.checks import APART_FOR_S, CheckedPoll, DeviceChecks
from power.reading.combine import Charger, combine
from tests.power.reading.polled_site import DARK, Site
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock


def compare(clock: FakeClock, charger_v: float, *packs_v: float, **pack: object) -> CheckedPoll:
    """One poll of a charger and of packs with these voltages."""
    roof = charger_reading(clock, battery_voltage_v=charger_v)
    chargers = {"roof": Charger(EpeverTracer(), loads_on_battery=False, reading=roof)}
    packs = {
        f"pack{number}": battery_reading(clock, voltage_v=volts, **pack)
        for number, volts in enumerate(packs_v)
    }
    return DeviceChecks().check(chargers, packs, clock.stamp().uptime_s)


def list_texts(polled: CheckedPoll) -> list[str]:
    return [str(fault) for fault in polled.faults]


def test_two_voltages_of_one_battery_that_cannot_both_be_right_are_a_fault(
    clock: FakeClock,
) -> None:
    (text,) = list_texts(compare(clock, 26.8, 13.35))
    assert "bms pack0 reports 13.35 V and charger roof 26.80 V" in text
    assert list_texts(compare(clock, 13.4, 13.35)) == []
    assert list_texts(compare(clock, 26.8)) == []
    assert list_texts(compare(clock, 26.8, 25.5)) == []
    assert list_texts(compare(clock, 26.8, 24.0)) != []


@pytest.mark.parametrize("switch", ["charge_allowed", "discharge_allowed"])
def test_a_pack_that_has_cut_need_not_have_the_chargers_voltage(
    clock: FakeClock, switch: str
) -> None:
    texts = list_texts(compare(clock, 14.4, 13.1, **{switch: False}))
    assert not [one for one in texts if "it is disconnected" not in one]
    assert list_texts(compare(clock, 14.4, 13.1)) != []


def test_of_three_voltages_the_odd_one_out_is_named_and_not_used(clock: FakeClock) -> None:
    polled = compare(clock, 13.4, 13.35, 10.1)
    (fault,) = polled.faults
    assert fault.code == "disagreement-bms-pack1"
    assert str(fault).startswith(
        "bms pack1 reports 10.10 V, but all others on the battery agree (charger roof 13.40 V, "
        "bms pack0 13.35 V): its voltage is not used"
    )
    packs = list(polled.batteries.values())
    whole = combine(list(polled.chargers.values()), packs, clock.age_s)
    assert whole is not None
    assert whole.battery_voltage_v == 13.35


def test_an_odd_charger_is_named_as_well(clock: FakeClock) -> None:
    polled = compare(clock, 26.8, 13.35, 13.3)
    assert [fault.code for fault in polled.faults] == ["disagreement-charger-roof"]
    reading = polled.chargers["roof"].reading
    assert reading is not None
    assert reading.battery_voltage_v is None


def test_three_voltages_that_all_differ_name_no_odd_one(clock: FakeClock) -> None:
    (fault,) = compare(clock, 13.4, 10.0, 26.0).faults
    assert fault.code == "disagreement"


def test_a_pack_and_a_controller_that_count_different_currents_are_a_fault(
    clock: FakeClock,
) -> None:
    site = Site(clock)
    for step in range(365):
        noise = step % 7 / 100
        polled = site.poll(
            {**DARK, "battery_current_a": -2.0 - noise}, {"current_a": -12.0 - noise}
        )
    (fault,) = polled.faults
    assert fault.code == "disagreement-bms-pack"
    assert "counts -12.0 A and the charge controllers -2.0 A" in str(fault)
    assert "set loads_on_battery = true" in str(fault)


def test_a_pack_that_counts_a_little_more_than_the_controller_is_no_fault(
    clock: FakeClock,
) -> None:
    site = Site(clock)
    for step in range(800):
        noise = step % 7 / 100
        polled = site.poll({**DARK, "battery_current_a": -2.0 - noise}, {"current_a": -4.5 - noise})
        assert polled.faults == ()


def test_a_battery_that_falls_is_not_contradicted_by_packs_whose_turn_is_yet_to_come(
    clock: FakeClock,
) -> None:
    checks = DeviceChecks()
    packs = {f"pack{number}": battery_reading(clock, voltage_v=13.4) for number in range(8)}
    clock.advance(5)

    def check(charger_v: float) -> CheckedPoll:
        roof = charger_reading(clock, battery_voltage_v=charger_v)
        chargers = {"roof": Charger(EpeverTracer(), loads_on_battery=False, reading=roof)}
        return checks.check(chargers, packs, clock.stamp().uptime_s)

    fallen = check(11.6)
    assert fallen.faults == ()
    roof = fallen.chargers["roof"].reading
    assert roof is not None
    assert roof.battery_voltage_v == 11.6
    clock.advance(APART_FOR_S)
    assert any("charger roof reports 11.60 V" in text for text in list_texts(check(11.6)))
