"""The audit of set-points: each simulated controller that is set wrong is found, no right one.

The batteries of `tests` are named here by what a technician would enter; the wrong set-points are
those of provisioning/simulated/devices/lead_acid.py, which shares no figure with the chemistries.
"""

from dataclasses import replace
from typing import Any

import pytest

from appliance.clock import SystemClock
from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings, Chemistry, Settings
from power.audit.finding import AuditResult, Finding
from power.audit.set_points import audit_set_points
from power.devices import BATTERIES, CHARGERS
from provisioning.simulated.devices.lead_acid import LEAD_ACID
from provisioning.simulated.devices.models import SIMULATORS
from tests.stand_ins.rig import make_meter, make_sunny_noon

READABLE = [
    "epever-tracer",
    "renogy-rover",
    "renogy-rover-no-load",
    "victron-mppt-hex",
    "victron-mppt-load-hex",
    "tristar-mppt",
    "prostar-mppt",
]
LFP_12, LFP_24 = BatterySettings(), BatterySettings(nominal_voltage_v=25.6)
LFP_48 = BatterySettings(nominal_voltage_v=51.2, cells=16)
AGM = BatterySettings(chemistry=Chemistry.AGM, nominal_voltage_v=12)
GEL = replace(AGM, chemistry=Chemistry.GEL)
FLOODED = replace(AGM, chemistry=Chemistry.FLOODED)


def read_set_points(
    name: str, battery: BatterySettings, quirks: tuple[str, ...] = (), **set_up: float
) -> SetPoints:
    """What the simulated controller says, as the unit's loads hang on its output."""
    device = SIMULATORS[name](make_sunny_noon(Settings(battery=battery)), quirks, None, 1.0)
    device.set_up |= set_up
    meter = make_meter(CHARGERS[name], device)
    meter.read()
    assert meter.set_points is not None
    return replace(meter.set_points, loads_on_output=CHARGERS[name].has_load_output)


def list_wrong(findings: list[Finding]) -> list[str]:
    return [one.name for one in findings if one.result is AuditResult.WRONG]


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("battery", [LFP_12, LFP_24, LFP_48])
def test_a_controller_that_is_set_right_has_no_wrong_set_point(
    name: str, battery: BatterySettings
) -> None:
    assert list_wrong(audit_set_points(read_set_points(name, battery), battery)) == []


WRONG_ON_LFP = {
    "epever-tracer": [
        "battery type",
        "equalization",
        "temperature compensation",
        "over-voltage disconnect",
        "charging disabled below",
        "low-voltage disconnect",
        "low-voltage reconnect",
    ],
    "renogy-rover": [
        "battery type",
        "equalization",
        "temperature compensation",
        "over-voltage disconnect",
        "low-voltage disconnect",
        "low-voltage reconnect",
    ],
    "renogy-rover-no-load": [
        "battery type",
        "equalization",
        "temperature compensation",
        "over-voltage disconnect",
    ],
    "victron-mppt-hex": ["battery type", "equalization", "temperature compensation"],
    "victron-mppt-load-hex": [
        "battery type",
        "equalization",
        "temperature compensation",
        "load output",
    ],
    "tristar-mppt": ["equalization", "temperature compensation"],
    "prostar-mppt": ["low-voltage reconnect"],
}


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("battery", [LFP_12, LFP_24])
def test_every_controller_that_is_still_set_to_lead_acid_is_found_on_lfp(
    name: str, battery: BatterySettings
) -> None:
    found = audit_set_points(read_set_points(name, battery, (LEAD_ACID,)), battery)
    assert list_wrong(found) == WRONG_ON_LFP[name]
    for one in found:
        assert one.result is not AuditResult.WRONG or one.harm


@pytest.mark.parametrize("name", ["epever-tracer", "renogy-rover"])
@pytest.mark.parametrize("battery", [AGM, FLOODED])
def test_as_delivered_they_suit_lead_acid(name: str, battery: BatterySettings) -> None:
    assert list_wrong(audit_set_points(read_set_points(name, LFP_12, (LEAD_ACID,)), battery)) == []


def test_equalization_of_gel_is_wrong() -> None:
    set_points = read_set_points("epever-tracer", LFP_12, (LEAD_ACID,))
    assert list_wrong(audit_set_points(set_points, GEL)) == ["equalization"]


@pytest.mark.parametrize(("quirks", "wrong"), [((), 0), (("nmc-settings",), 3)])
def test_a_bms_that_is_set_to_other_cells_is_found(quirks: tuple[str, ...], wrong: int) -> None:
    meter = make_meter(
        BATTERIES["jk-pb"], SIMULATORS["jk-pb"](make_sunny_noon(), quirks, None, 1.0)
    )
    meter.read()
    assert meter.set_points is not None
    assert meter.set_points.cells == 4
    assert len(list_wrong(audit_set_points(meter.set_points, LFP_12))) == wrong


@pytest.mark.parametrize(("volts", "wrong"), [(14.8, False), (16.2, False), (16.5, True)])
def test_flooded_may_be_equalized_as_high_as_makers_ask(volts: float, wrong: bool) -> None:
    set_points = make_right(equalizes=True, equalize_v=volts)
    assert ("equalization" in list_wrong(audit_set_points(set_points, FLOODED))) is wrong


@pytest.mark.parametrize(("volts", "wrong"), [(14.6, False), (15.0, False), (15.8, True)])
def test_agm_is_equalized_no_higher_than_any_maker_asks(volts: float, wrong: bool) -> None:
    set_points = make_right(equalizes=True, equalize_v=volts)
    assert ("equalization" in list_wrong(audit_set_points(set_points, AGM))) is wrong


def make_right(**changed: Any) -> SetPoints:
    """A controller that suits four cells of LFP, but for what is changed."""
    values: dict[str, Any] = {
        "absorption_v": 14.2,
        "float_v": 13.5,
        "equalizes": False,
        "compensation_v_per_c": 0.0,
        "lvd_v": 11.6,
        "lvr_v": 12.8,
        "loads_on_output": True,
        "charge_from_c": 5.0,
        "battery_type": "user",
        "system_v": 12.0,
        **changed,
    }
    return SetPoints(SystemClock().stamp(), "charger main", "test", **values)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"absorption_v": 13.8}, []),  # gentle: 3.45 V a cell
        ({"absorption_v": 13.6}, ["absorption"]),
        ({"absorption_v": 14.6}, []),
        ({"absorption_v": 14.8}, ["absorption"]),
        ({"float_v": 14.4}, ["float"]),
        ({"float_v": 12.8}, ["float"]),
        ({"equalizes": True, "equalize_v": 15.6}, ["equalization"]),
        ({"equalizes": True, "equalize_v": 14.2}, []),
        ({"compensation_v_per_c": -0.018}, ["temperature compensation"]),
        ({"lvd_v": 12.1}, ["low-voltage disconnect"]),  # above the guard's floor less its margin
        ({"lvd_v": 11.1}, ["low-voltage disconnect"]),  # of lead-acid, kept by a lithium preset
        ({"lvr_v": 12.6}, ["low-voltage reconnect"]),
        ({"lvr_v": 14.0}, ["low-voltage reconnect"]),
        ({"lvd_v": 12.1, "lvr_v": 14.0, "loads_on_output": False}, []),
        ({"raises_lvd": True, "lvd_v": None}, ["load output"]),
        ({"raises_lvd": True, "loads_on_output": False}, []),
        ({"charge_from_c": -40.0}, ["charging disabled below"]),
        ({"is_lithium": False, "battery_type": "gel"}, ["battery type"]),
        ({"cells": 8}, ["cells"]),
        ({"system_v": 24.0}, ["system voltage"]),
        ({"is_lithium": True, "battery_type": "Li-NMC"}, ["battery type"]),
        ({"charge_from_c": 40.0}, ["charging disabled below"]),
        ({"charge_until_c": 80.0}, ["charging disabled above"]),
        ({"charge_until_c": 30.0}, ["charging disabled above"]),
        ({"charge_until_c": 55.0}, []),
        ({"over_voltage_v": 16.0}, ["over-voltage disconnect"]),
        ({"over_voltage_v": 14.0}, ["over-voltage disconnect"]),  # below absorption
        ({"over_voltage_v": 14.7}, []),  # Battle Born's
        ({"recharge_v": 11.0}, ["recharge below"]),
        ({"recharge_v": 14.3}, ["recharge below"]),
        ({"recharge_v": 13.2}, []),
        ({"lvr_v": 13.5}, ["low-voltage reconnect"]),
        ({"lvr_v": 13.3}, []),
        ({"floats": False, "float_v": None, "recharge_v": 13.5}, []),
        ({"load_mode": "off", "lvd_v": None, "lvr_v": None}, ["load output"]),
        ({"load_mode": "always on", "lvd_v": None, "lvr_v": None}, ["load output"]),
        ({"load_mode": "automatic energy selector", "lvd_v": None}, ["load output"]),
        ({"load_mode": "always on", "lvd_v": None, "loads_on_output": False}, []),
    ],
)
def test_each_set_point_is_judged(changed: dict[str, Any], wrong: list[str]) -> None:
    assert list_wrong(audit_set_points(make_right(**changed), LFP_12)) == wrong


@pytest.mark.parametrize(
    ("name", "changed", "wrong"),
    [
        ("epever-tracer", {"battery_type": 8}, ["battery type"]),
        ("epever-tracer", {"battery_upper_temperature": 80}, ["charging disabled above"]),
        ("epever-tracer", {"over_voltage_disconnect": 16.0}, ["over-voltage disconnect"]),
        ("epever-tracer", {"boost_reconnect_voltage": 11.0}, ["recharge below"]),
        ("epever-tracer", {"battery_lower_temperature": 40}, ["charging disabled below"]),
        ("renogy-rover", {"battery_type": 4, "float_voltage": 14.6}, ["recharge below"]),
        ("renogy-rover", {"battery_type": 4, "float_voltage": 12.6}, ["recharge below"]),
        ("renogy-rover", {"battery_type": 4, "float_voltage": 14.2}, ["recharge below"]),
        ("victron-mppt-load-hex", {"load_control": 0}, ["load output"]),
        ("victron-mppt-load-hex", {"load_control": 4}, ["load output"]),
        ("victron-mppt-load-hex", {"load_control": 7}, ["load output"]),
        ("tristar-mppt", {"float_voltage": 0.0}, []),
    ],
)
def test_what_a_controller_gives_is_judged(
    name: str, changed: dict[str, float], wrong: list[str]
) -> None:
    assert (
        list_wrong(audit_set_points(read_set_points(name, LFP_12, (), **changed), LFP_12)) == wrong
    )


@pytest.mark.parametrize(
    ("name", "changed"),
    [("renogy-rover", {"battery_type": 4}), ("tristar-mppt", {"float_voltage": 0.0})],
)
def test_a_controller_without_a_float_is_not_said_to_hide_it(
    name: str, changed: dict[str, float]
) -> None:
    found = audit_set_points(read_set_points(name, LFP_12, (), **changed), LFP_12)
    (floating,) = (one for one in found if one.name == "float")
    assert (floating.result, floating.set_to) == (
        AuditResult.RIGHT,
        "none: it charges anew below a voltage",
    )


@pytest.mark.parametrize(
    ("uvp_v", "lvd_v", "wrong"),
    [(None, 11.3, []), (11.6, 11.3, ["low-voltage disconnect"]), (11.0, 11.3, [])],
)
def test_a_load_output_disconnects_before_the_bms(
    uvp_v: float | None, lvd_v: float, wrong: list[str]
) -> None:
    assert list_wrong(audit_set_points(make_right(lvd_v=lvd_v), LFP_12, uvp_v)) == wrong


def test_what_cannot_be_read_is_neither_right_nor_wrong() -> None:
    names = ("absorption_v", "float_v", "equalizes", "compensation_v_per_c", "lvd_v", "lvr_v")
    unknown: dict[str, Any] = dict.fromkeys((*names, "charge_from_c", "battery_type", "system_v"))
    found = audit_set_points(make_right(**unknown), LFP_12)
    assert {one.result for one in found} == {AuditResult.NOT_READABLE}
    assert all(one.should_be for one in found)


def test_a_lead_acid_battery_that_is_not_charged_in_frost_is_left_empty() -> None:
    right = {"absorption_v": 14.4, "float_v": 13.7, "compensation_v_per_c": -0.018, "lvd_v": 11.1}
    found = audit_set_points(make_right(**right, lvr_v=12.6, charge_from_c=0.0), AGM)
    assert list_wrong(found) == ["charging disabled below"]


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"uvp_v": 4 * 3.0}, ["under-voltage protection of a cell"]),
        ({"uvp_v": 4 * 1.0}, ["under-voltage protection of a cell"]),
        ({"uvp_v": 4 * 2.0}, ["under-voltage protection of a cell"]),
        ({"uvp_v": 4 * 2.58}, []),  # an owner's, near the maker's button for LFP
        ({"charge_from_c": 40.0}, ["charging disabled below"]),
        ({"ovp_v": 4 * 3.4}, ["over-voltage protection of a cell"]),
        ({"ovp_v": 4 * 4.2}, ["over-voltage protection of a cell"]),
        ({"charge_from_c": -20.0}, ["charging disabled below"]),
        ({"cells": 5}, ["cells"]),
    ],
)
def test_the_protections_of_a_bms_are_judged(changed: dict[str, Any], wrong: list[str]) -> None:
    values: dict[str, Any] = {"uvp_v": 10.8, "ovp_v": 14.6, "cells": 4, "charge_from_c": 0.0}
    bms = SetPoints(SystemClock().stamp(), "bms pack", "jk-pb", **{**values, **changed})
    assert set(wrong) <= set(list_wrong(audit_set_points(bms, LFP_12)))
    assert bool(list_wrong(audit_set_points(bms, LFP_12))) is bool(wrong)


@pytest.mark.parametrize(("lvd_v", "harm"), [(12.4, "powers off early"), (14.0, "without a")])
def test_a_high_disconnect_is_told_by_what_the_guard_makes_of_it(lvd_v: float, harm: str) -> None:
    """The guard follows one that a battery at rest can have, and no other."""
    point = SetPoints(SystemClock().stamp(), "charger", "t", lvd_v=lvd_v, loads_on_output=True)
    (found,) = (
        one
        for one in audit_set_points(point, BatterySettings())
        if one.name == "low-voltage disconnect"
    )
    assert harm in found.harm
