"""A current that a fault contradicts is not used: wrong in one direction, or of another size."""

import pytest

from appliance.model import BatteryReading
from power.reading.checks import CheckedPoll
from tests.power.reading.polled_site import Site
from tests.power.reading.test_current_sign import NO_SUN, Battery, merge
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def battery(clock: FakeClock) -> Battery:
    return Battery(Site(clock))


def get_pack(polled: CheckedPoll) -> BatteryReading:
    pack = polled.batteries["pack"]
    assert pack is not None
    return pack


def test_a_sign_that_is_wrong_in_charge_only_is_found_and_stays_so_in_the_night(
    battery: Battery,
) -> None:
    battery.flip_pack = battery.flips_charging_only = True
    assert battery.spend(1, -10.0).faults == ()
    polled = battery.spend(1, 10.0, pv_w=300.0)
    (fault,) = polled.faults
    assert "has the wrong sign in one direction only" in str(fault)
    assert "invert_current" not in str(fault)  # a setting that would make it lie in the other one
    polled = battery.spend(12, -2.0)
    assert len(polled.faults) == 1
    assert get_pack(polled).current_a is None
    assert get_pack(polled).state_of_charge_pct is not None  # counted with the true current
    assert merge(battery, polled).battery_current_a == pytest.approx(-2, abs=0.1)


def test_a_sign_that_is_wrong_in_charge_only_is_found_beside_loads_that_nobody_measures(
    battery: Battery,
) -> None:
    battery.flip_pack = battery.flips_charging_only = battery.site.loads_on_battery = True
    battery.spend(2, -4.0, battery_current_a=0.0)
    for _ in range(20):  # a load that is on for half of the time: all is reported as discharge
        battery.spend(0.05, 16.0, pv_w=400.0)
        polled = battery.spend(0.05, -6.0, pv_w=100.0)
    assert [fault.code for fault in polled.faults] == ["current-bms-pack"]
    assert get_pack(polled).current_a is None


def test_a_charge_that_was_counted_with_the_wrong_sign_is_not_used_either(
    battery: Battery,
) -> None:
    battery.flip_pack = battery.counts_itself = True
    for _ in range(10):
        battery.spend(0.1, -20.0)
        polled = battery.spend(0.1, -5.0)
    assert "has the wrong sign" in str(polled.faults[0])
    assert get_pack(polled).state_of_charge_pct is None


def test_a_shunt_that_is_connected_the_wrong_way_round_is_found_beside_unmeasured_loads(
    battery: Battery,
) -> None:
    """Its charge agrees with it: it was counted with that current. Voltage and dark do not."""
    battery.flip_pack = battery.counts_itself = battery.site.loads_on_battery = True
    for _ in range(20):
        battery.spend(0.1, -8.0, battery_current_a=0.0)
        polled = battery.spend(0.1, -3.0, battery_current_a=0.0)
    assert [fault.code for fault in polled.faults] == ["current-bms-pack"]
    assert "set invert_current = true" in str(polled.faults[0])
    assert get_pack(polled).current_a is None
    assert get_pack(polled).state_of_charge_pct is None


def test_a_generator_that_charges_in_the_dark_is_no_wrong_sign(battery: Battery) -> None:
    battery.site.loads_on_battery, battery.counts_itself = True, True
    for _ in range(20):
        battery.spend(0.1, 8.0, battery_current_a=0.0)
        polled = battery.spend(0.1, 3.0, battery_current_a=0.0)
    assert polled.faults == ()
    assert get_pack(polled).current_a == pytest.approx(3.0, abs=0.1)


def test_an_advice_to_invert_is_given_only_where_the_sign_is_proven(battery: Battery) -> None:
    battery.flip_pack, battery.reports_charge = True, False
    (fault,) = battery.spend(1, -20.0, **NO_SUN).faults
    assert "Neither is used" in str(fault)
    assert "invert_current" not in str(fault)


def test_a_pack_that_counts_a_tenth_is_not_used_and_neither_is_what_contradicts_it(
    battery: Battery,
) -> None:
    battery.pack_share, battery.reports_charge = 0.1, False
    polled = battery.spend(1, 10.0, pv_w=300.0)
    assert [fault.code for fault in polled.faults] == ["disagreement-bms-pack"]
    assert merge(battery, polled).battery_current_a is None
    polled = battery.spend(12, -0.8)  # too little to show it: the fault stays
    assert [fault.code for fault in polled.faults] == ["disagreement-bms-pack"]
    assert merge(battery, polled).battery_current_a is None
    battery.pack_share = 1.0
    polled = battery.spend(1, 10.0, pv_w=300.0)
    assert polled.faults == ()
    assert merge(battery, polled).battery_current_a == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("true_a", [-0.4, -2.0, 8.0])
def test_a_pack_that_counts_tenfold_is_never_used_beside_its_fault(
    battery: Battery, true_a: float
) -> None:
    """In the night the controllers count little; ten times as much is no load of its own."""
    battery.pack_share, battery.reports_charge = 10.0, False
    battery.spend(1, true_a, pv_w=max(0.0, 40 * true_a))
    for _ in range(12):
        polled = battery.spend(0.2, -0.4)
        assert [fault.code for fault in polled.faults] == ["disagreement-bms-pack"]
        assert get_pack(polled).current_a is None
        assert merge(battery, polled).battery_current_a is None


@pytest.mark.parametrize(("counts_itself", "is_used"), [(True, False), (False, True)])
def test_a_charge_that_was_counted_in_another_scale_is_not_used_either(
    battery: Battery, *, counts_itself: bool, is_used: bool
) -> None:
    battery.pack_share, battery.counts_itself = 0.1, counts_itself
    polled = battery.spend(6, 35.0, pv_w=600.0)
    assert [fault.code for fault in polled.faults] == ["disagreement-bms-pack"]
    assert (get_pack(polled).state_of_charge_pct is not None) is is_used


def test_a_controller_whose_own_panels_contradict_its_current_is_the_one_that_is_wrong(
    battery: Battery,
) -> None:
    battery.charger_share = 3.0
    polled = battery.spend(1, 10.0, pv_w=300.0)
    (fault,) = polled.faults
    assert fault.code == "disagreement-charger-main"
    assert "its panels minus its loads leave +" in str(fault)
    assert merge(battery, polled).battery_current_a == pytest.approx(10, abs=0.1)


def test_a_pack_with_loads_that_the_settings_forgot_is_right_and_used(battery: Battery) -> None:
    battery.spend(1, -2.0, battery_current_a=0.0, load_power_w=0.0)  # the night shows it
    load = {"battery_current_a": 14.0, "load_power_w": 0.0}
    polled = battery.spend(1, 4.0, pv_w=14 * 13.3 / 0.96, **load)
    (fault,) = polled.faults
    assert "set loads_on_battery = true" in str(fault)
    assert merge(battery, polled).battery_current_a == pytest.approx(4, abs=0.1)
