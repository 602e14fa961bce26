"""A battery current of wrong sign: found by more than one comparison, reported, and not used."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from appliance.model import ChargeStage, PowerReading, Quality
from power.reading.checks import CheckedPoll
from power.reading.combine import combine
from tests.power.reading.polled_site import DARK, Site
from tests.stand_ins.fakes import FakeClock

FULL_AH, OHM = 200.0, 0.02
NO_SUN: dict[str, Any] = {"load_power_w": None, "pv_power_w": None}  # not known


@dataclass
class Battery:
    """The true battery behind the site's devices. `flip_*`: the device has the wrong sign.

    `counts_itself`: the BMS's charge follows the current that it reports, not the true one.
    """

    site: Site
    charge_pct: float = 60.0
    reported_pct: float = 60.0
    flip_pack: bool = False
    flip_charger: bool = False
    counts_itself: bool = False
    flips_charging_only: bool = False
    pack_share: float = 1.0  # of the true current that the pack reports
    charger_share: float = 1.0
    has_charger: bool = True
    has_pack: bool = True
    reports_charge: bool = True
    polls: int = 0
    faults: set[str] = field(default_factory=set)

    def spend(self, hours: float, true_a: float, pv_w: float = 0.0, **extra: Any) -> CheckedPoll:
        """That long with `true_a` into the battery; what the panels give beyond is the load's."""
        for _ in range(max(1, int(hours * 360))):
            polled = self._poll(true_a, pv_w, extra)
            self.faults |= {str(fault) for fault in polled.faults}
        return polled

    def _poll(self, true_a: float, pv_w: float, extra: dict[str, Any]) -> CheckedPoll:
        self.polls += 1
        moved_pct = true_a * 10 / 3600 / FULL_AH * 100
        flips = self.flip_pack and not (self.flips_charging_only and true_a < 0)
        counted_share = -self.pack_share if self.flip_pack else self.pack_share
        self.charge_pct += moved_pct
        self.reported_pct += moved_pct * (counted_share if self.counts_itself else 1.0)
        noise = self.polls % 7 / 1000
        volts = 13.2 + OHM * true_a + noise
        charger = {
            **DARK,
            "pv_power_w": pv_w,
            "battery_voltage_v": volts,
            "battery_current_a": (-true_a if self.flip_charger else true_a) * self.charger_share
            + noise,
            "load_power_w": max(0.0, pv_w * 0.96 - true_a * volts),
            **extra,
        }
        pack = {
            "voltage_v": volts,
            "current_a": (-true_a if flips else true_a) * self.pack_share + noise,
            "state_of_charge_pct": round(self.reported_pct) if self.reports_charge else None,
            "remaining_ah": None,
        }
        return self.site.poll(
            charger if self.has_charger else None, pack if self.has_pack else None
        )


@pytest.fixture
def battery(clock: FakeClock) -> Battery:
    return Battery(Site(clock))


def merge(battery: Battery, polled: CheckedPoll) -> PowerReading:
    chargers, packs = list(polled.chargers.values()), list(polled.batteries.values())
    whole = combine(chargers, packs, battery.site.clock.age_s)
    assert whole is not None
    return whole


def test_a_pack_with_the_wrong_sign_is_found_reported_and_not_used(battery: Battery) -> None:
    battery.flip_pack = True
    polled = battery.spend(1, -20.0)
    (fault,) = polled.faults
    assert fault.code == "current-bms-pack"
    assert "the battery's current has the wrong sign: it reports +20.0 A" in str(fault)
    assert str(fault).endswith("set invert_current = true in [bms.pack]")
    pack = polled.batteries["pack"]
    assert pack is not None
    assert pack.current_a is None
    assert pack.quality["current_a"] is Quality.IMPLAUSIBLE
    assert pack.state_of_charge_pct == round(battery.charge_pct)  # the true charge is kept
    whole = merge(battery, polled)
    assert whole.battery_current_a == pytest.approx(-20, abs=0.1)
    assert whole.load_power_w == pytest.approx(256, abs=2)


def test_the_load_is_unknown_while_two_currents_contradict_each_other(battery: Battery) -> None:
    battery.flip_pack = True
    assert merge(battery, battery.spend(0.01, -20.0)).load_power_w is None  # not 0 W


def test_where_the_settings_turn_it_round_already_the_advice_is_to_take_that_out(
    battery: Battery,
) -> None:
    battery.flip_pack = True
    battery.site.checks.signs.inverted = frozenset({"bms pack"})
    (fault,) = battery.spend(1, -20.0).faults
    assert str(fault).endswith("set invert_current = false in [bms.pack]")


def test_the_sign_of_a_current_as_small_as_this_box_takes_is_found_over_hours(
    battery: Battery,
) -> None:
    battery.flip_pack = True
    assert battery.spend(1, -0.8).faults == ()
    (fault,) = battery.spend(1, -0.8).faults
    assert str(fault).startswith("bms pack: the battery's current has the wrong sign")


def test_the_sign_of_a_lone_packs_small_current_is_found_by_the_trend_of_its_charge(
    battery: Battery,
) -> None:
    battery.flip_pack, battery.has_charger = True, False
    polled = battery.spend(8, -0.8)
    (fault,) = polled.faults
    assert "its own state of charge moves the other way" in str(fault)
    assert "no third comparison shows yet which is right" in str(fault)
    pack = polled.batteries["pack"]
    assert pack is not None
    assert (pack.current_a, pack.state_of_charge_pct) == (None, None)  # neither is used


def test_a_charger_with_the_wrong_sign_is_the_odd_one_out(battery: Battery) -> None:
    battery.flip_charger = True
    polled = battery.spend(1, 20.0, pv_w=300.0)
    (fault,) = polled.faults
    assert "charger main: the battery's current has the wrong sign" in str(fault)
    assert str(fault).endswith("in [charger.main]")
    assert merge(battery, polled).battery_current_a == pytest.approx(20, abs=0.1)


def test_two_that_contradict_each_other_without_a_third_are_both_not_used(
    battery: Battery,
) -> None:
    battery.flip_pack, battery.reports_charge = True, False
    polled = battery.spend(1, -20.0, **NO_SUN)
    (fault,) = polled.faults
    assert "the other devices count the opposite" in str(fault)
    whole = merge(battery, polled)
    assert whole.battery_current_a is None
    assert whole.load_power_w is None
    assert whole.battery_voltage_v is not None


def test_the_voltage_under_load_and_at_rest_is_the_third_comparison(battery: Battery) -> None:
    battery.flip_pack, battery.reports_charge = True, False
    for _ in range(6):
        battery.spend(0.1, -20.0, **NO_SUN)
        polled = battery.spend(0.1, -2.0, **NO_SUN)
    assert [str(fault).split(":")[0] for fault in polled.faults] == ["bms pack"]
    assert "its voltage falls when current is reported to flow in" in str(polled.faults[0])
    assert merge(battery, polled).battery_current_a == pytest.approx(-2, abs=0.1)


def test_a_pack_that_counts_with_its_own_wrong_sign_is_not_used(battery: Battery) -> None:
    battery.flip_pack = battery.counts_itself = True
    for _ in range(10):
        battery.spend(0.1, -20.0)
        polled = battery.spend(0.1, -5.0)
    assert "the battery's current has the wrong sign" in str(polled.faults[0])


def test_a_fault_of_the_sign_ends_when_the_device_was_put_right(battery: Battery) -> None:
    battery.flip_pack = True
    assert battery.spend(1, -20.0).faults
    assert battery.spend(2, 0.0).faults  # nothing flows, nobody can know
    battery.flip_pack = False
    polled = battery.spend(1, -20.0)
    assert polled.faults == ()
    assert polled.batteries["pack"].current_a is not None  # type: ignore[union-attr]


@pytest.mark.parametrize("true_a", [-20.0, -2.0, -0.8, -0.3, 0.0, 0.8, 20.0])
def test_devices_that_agree_are_never_accused(battery: Battery, true_a: float) -> None:
    battery.spend(2, true_a, pv_w=300.0 if true_a > 0 else 0.0)
    battery.spend(1, -true_a, pv_w=300.0 if true_a < 0 else 0.0)
    assert battery.faults == set()


def test_a_generator_that_the_unit_does_not_know_makes_no_current_doubtful(
    battery: Battery,
) -> None:
    battery.site.loads_on_battery = True
    battery.spend(1, 30.0, battery_current_a=0.0)
    assert battery.faults == set()


def test_a_pack_that_charges_in_the_dark_while_its_charge_falls_is_wrong(battery: Battery) -> None:
    battery.site.loads_on_battery, battery.flip_pack = True, True
    battery.spend(1, -20.0, battery_current_a=0.0)
    (text,) = [text for text in battery.faults if "wrong sign" in text]
    assert "the panels give less than is reported to flow in" in text


def test_a_dead_band_is_no_contradiction(battery: Battery) -> None:
    for step in range(720):
        polled = battery.site.poll(
            {**DARK, "battery_current_a": -2.0 - step % 3 / 10}, {"current_a": 0.0}
        )
        assert polled.faults == ()


def test_a_controller_that_holds_the_voltage_against_the_loads_is_not_contradicted(
    clock: FakeClock,
) -> None:
    """In float it gives more when a load on the battery draws the voltage down."""
    site = Site(clock, loads_on_battery=True)
    for step in range(6 * 360):
        runs, noise = step // 12 % 2, step % 7 / 1000
        charger = {
            "charge_stage": ChargeStage.FLOAT,
            "pv_power_w": (0.3 + 4.5 * runs) * 13.5 / 0.96,
            "battery_current_a": 0.3 + 4.5 * runs + noise,
            "battery_voltage_v": 13.5 - 0.04 * runs + noise,
        }
        pack = {
            "current_a": 0.2 + noise,
            "voltage_v": 13.5 - 0.04 * runs,
            "state_of_charge_pct": 99.0,
        }
        polled = site.poll(charger, pack)
        assert [str(fault) for fault in polled.faults] == []


def test_noise_of_voltage_and_current_is_no_step(clock: FakeClock) -> None:
    site, random = Site(clock), Random(1)
    for step in range(6 * 360):
        volts = 13.3 + random.gauss(0, 0.02)
        charger = {**DARK, "battery_current_a": -2.0, "battery_voltage_v": 13.3 + step % 7 / 1000}
        pack = {"current_a": -2.0 + random.gauss(0, 0.4), "voltage_v": volts}
        polled = site.poll({**charger, "load_power_w": 26.6}, pack)
        assert [str(fault) for fault in polled.faults] == []
