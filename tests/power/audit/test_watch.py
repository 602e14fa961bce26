"""The watch over the battery: cells, alarms before damage, and faults of set-points."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.errors import ApplianceError
from appliance.model import ChargeStage
from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings, Chemistry
from power.audit.watch import BatteryWatch
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock

LFP = BatterySettings()
GEL = BatterySettings(chemistry=Chemistry.GEL, nominal_voltage_v=12)
FLOODED = replace(GEL, chemistry=Chemistry.FLOODED)
AGM = replace(GEL, chemistry=Chemistry.AGM)
UNKNOWN = replace(GEL, chemistry=Chemistry.LEAD_ACID)
FROST = {"battery_temperature_c": -15.0}


class Watched:
    """A watch that is given a reading every 10 s."""

    def __init__(self, battery: BatterySettings, clock: FakeClock) -> None:
        self.watch, self.clock = BatteryWatch(battery), clock

    def follow(
        self,
        charger: dict[str, Any] | None = None,
        pack: dict[str, Any] | None = None,
        set_points: tuple[SetPoints, ...] = (),
        for_s: float = 1200,
    ) -> list[ApplianceError]:
        faults: list[ApplianceError] = []
        for _ in range(round(for_s / 10)):
            self.clock.advance(10)
            reading = charger_reading(self.clock, **(charger or {}))
            packs = () if pack is None else (battery_reading(self.clock, **pack),)
            now_s = self.clock.stamp().uptime_s
            faults = self.watch.follow(reading, packs, set_points, now_s=now_s)
        return faults


def list_codes(faults: list[ApplianceError]) -> list[str]:
    return [one.code for one in faults]


def test_a_sound_battery_has_no_fault(clock: FakeClock) -> None:
    assert Watched(LFP, clock).follow({}, {}) == []


@pytest.mark.parametrize(
    ("charger", "pack", "codes"),
    [
        # What the charger measures alone
        (
            {"battery_temperature_c": -15.0, "battery_current_a": 40.0},
            None,
            ["battery-cold-whole"],
        ),
        ({**FROST, "battery_current_a": -5.0}, None, []),
        ({"battery_temperature_c": None, "battery_current_a": 40.0}, None, []),
        ({"battery_temperature_c": 65.0, "battery_current_a": 40.0}, None, ["battery-hot-whole"]),
        ({"battery_temperature_c": 58.0, "battery_current_a": 40.0}, None, ["battery-hot-whole"]),
        ({"battery_temperature_c": 58.0, "battery_current_a": -4.0}, None, []),
        ({"battery_voltage_v": 15.6}, None, ["battery-high-whole"]),
        ({"battery_voltage_v": 14.6}, None, []),
        ({"battery_current_a": 300.0}, None, ["battery-current-whole"]),
        (
            {"charge_stage": ChargeStage.EQUALIZE, "battery_voltage_v": 15.6},
            None,
            ["battery-equalize", "battery-high-whole"],
        ),
        # What a BMS measures
        ({}, {"lowest_temperature_c": -15.0, "current_a": 40.0}, ["battery-cold-bms-pack"]),
        ({}, {"highest_temperature_c": 65.0, "current_a": 40.0}, ["battery-hot-bms-pack"]),
        ({}, {"highest_cell_voltage_v": 3.95}, ["battery-high-bms-pack"]),
        ({}, {"current_a": 300.0}, ["battery-current-bms-pack"]),
    ],
)
def test_lfp_that_is_damaged_is_an_alarm(
    clock: FakeClock, charger: dict[str, Any], pack: dict[str, Any] | None, codes: list[str]
) -> None:
    faults = Watched(replace(LFP, capacity_wh=1280), clock).follow(charger, pack)
    assert sorted(list_codes(faults)) == codes
    for fault in faults:
        assert ". " in str(fault)  # what happens, then what to do


@pytest.mark.parametrize(
    ("small_a", "large_a", "codes"), [(70.0, 0.0, ["battery-current-bms-small"]), (0.0, 130.0, [])]
)
def test_a_pack_may_be_charged_by_its_own_size(
    clock: FakeClock, small_a: float, large_a: float, codes: list[str]
) -> None:
    """200 Ah of LFP, in one pack of 50 and one of 150; makers allow 1C."""
    watch = BatteryWatch(LFP)
    for _ in range(120):
        clock.advance(10)
        packs = (
            replace(battery_reading(clock, current_a=small_a, full_ah=50.0), device="small"),
            replace(battery_reading(clock, current_a=large_a, full_ah=150.0), device="large"),
        )
        faults = watch.follow(charger_reading(clock), packs, (), now_s=clock.uptime_s)
    assert list_codes(faults) == codes


@pytest.mark.parametrize("volts", [14.8, 16.2])  # EPEver's; Trojan's and Victron's
def test_equalization_harms_gel_and_not_flooded(clock: FakeClock, volts: float) -> None:
    equalizes = {"charge_stage": ChargeStage.EQUALIZE, "battery_voltage_v": volts}
    assert "battery-equalize" in list_codes(Watched(GEL, clock).follow(equalizes))
    assert Watched(FLOODED, clock).follow(equalizes) == []


@pytest.mark.parametrize(
    ("battery", "volts", "celsius", "is_alarm"),
    [
        (GEL, 14.8, 20.0, True),
        (GEL, 14.4, 25.0, False),  # Trojan's bulk
        (GEL, 15.6, -15.0, False),  # the same, compensated by Trojan's 5 mV
        (GEL, 14.4, 45.0, True),  # not compensated
        (GEL, 15.2, None, True),
        (GEL, 14.8, None, False),
        (UNKNOWN, 14.8, 20.0, True),
        (AGM, 15.6, 20.0, True),
        (AGM, 15.0, 20.0, False),  # Tia Sang's cyclic charge
        (AGM, 15.8, None, True),
        (FLOODED, 16.2, 20.0, False),  # Victron's recondition
        (FLOODED, 16.8, 20.0, True),
    ],
)
@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_lead_acid_above_what_any_maker_asks_is_an_alarm(
    clock: FakeClock,
    battery: BatterySettings,
    volts: float,
    celsius: float | None,
    is_alarm: bool,
    blocks: int,
) -> None:
    high = {"battery_voltage_v": volts * blocks, "battery_temperature_c": celsius}
    sized = replace(battery, nominal_voltage_v=12.0 * blocks)
    codes = list_codes(Watched(sized, clock).follow({**high, "battery_current_a": 4.0}))
    assert codes == ["battery-high-whole"] * is_alarm


def test_lead_acid_may_be_charged_in_frost_and_higher_in_the_cold(clock: FakeClock) -> None:
    cold = {"battery_temperature_c": -15.0, "battery_current_a": 5.0, "battery_voltage_v": 16.31}
    assert Watched(FLOODED, clock).follow(cold) == []


def test_a_moment_is_no_alarm_and_its_end_is_waited_for(clock: FakeClock) -> None:
    watched = Watched(LFP, clock)
    frost = {"battery_temperature_c": -5.0, "battery_current_a": 20.0}
    assert watched.follow(frost, for_s=30) == []
    assert watched.follow({}, for_s=30) == []
    assert len(watched.follow(frost, for_s=120)) == 1
    first = str(watched.follow(frost, for_s=10)[0])
    warmer = {"battery_temperature_c": -4.0, "battery_current_a": 22.0}
    assert [str(one) for one in watched.follow(warmer, for_s=60)] == [first]
    assert len(watched.follow({}, for_s=60)) == 1
    assert watched.follow({}, for_s=180) == []


def test_another_number_of_cells_is_a_fault(clock: FakeClock) -> None:
    cells = {str(number): 3.3 for number in range(1, 9)}
    watched = Watched(LFP, clock)
    (fault,) = watched.follow({}, {"cell_voltages_v": cells, "voltage_v": 26.4})
    assert fault.code == "battery-cells"
    assert "the settings have 4 cells in series, bms pack measures 8" in str(fault)
    assert watched.follow({}, {}) == []


def test_cells_are_counted_by_voltage_where_a_bms_gives_no_single_ones(clock: FakeClock) -> None:
    sixteen = BatterySettings(nominal_voltage_v=48, cells=15)
    pack = {"voltage_v": 53.1, "lowest_cell_voltage_v": 3.31, "highest_cell_voltage_v": 3.32}
    charger = {"battery_voltage_v": 53.1}
    (fault,) = Watched(sixteen, clock).follow(charger, pack)
    assert "measures 16" in str(fault)
    right = replace(sixteen, cells=16)
    assert Watched(right, clock).follow(charger, pack) == []
    torn = {**pack, "voltage_v": 45.0}  # 13.6 cells: one of the values is wrong
    assert Watched(right, clock).follow(charger, torn) == []


def test_wrong_set_points_are_one_fault_for_each_device(clock: FakeClock) -> None:
    wrong = SetPoints(
        clock.stamp(),
        "charger roof",
        "epever-tracer",
        absorption_v=15.2,
        float_v=14.4,
        compensation_v_per_c=-0.018,
        lvd_v=12.4,
        loads_on_output=True,
        charge_from_c=-40.0,
    )
    right = replace(
        wrong,
        device="charger shed",
        absorption_v=14.2,
        float_v=13.5,
        compensation_v_per_c=0.0,
        lvd_v=11.6,
        charge_from_c=0.0,
    )
    (fault,) = Watched(LFP, clock).follow(set_points=(wrong, right))
    assert fault.code == "set-points-charger-roof"
    assert str(fault).startswith(
        "charger roof: absorption is set to 15.20 V: the cells are overcharged; set it to 13.80 to "
        "14.60 V. Also: float is set to 14.40 V"
    )
    assert ". 2 more. `unitctl battery audit` shows all" in str(fault)


def test_a_bms_that_disconnects_before_the_load_output_is_told_when_it_is_read(
    clock: FakeClock,
) -> None:
    charger = SetPoints(clock.stamp(), "charger roof", "x", lvd_v=11.3, loads_on_output=True)
    bms = SetPoints(clock.stamp(), "bms pack", "jk-pb", uvp_v=11.6, ovp_v=14.6)
    watched = Watched(LFP, clock)
    assert watched.follow(set_points=(charger,), for_s=10) == []
    (fault,) = watched.follow(set_points=(charger, bms), for_s=10)
    assert "low-voltage disconnect is set to 11.30 V" in str(fault)
    assert "set it to 11.60 to 11.80 V" in str(fault)


def test_set_points_that_were_set_right_end_the_fault(clock: FakeClock) -> None:
    wrong = SetPoints(clock.stamp(), "charger roof", "epever-tracer", absorption_v=15.2)
    watched = Watched(LFP, clock)
    assert len(watched.follow(set_points=(wrong,), for_s=10)) == 1
    assert watched.follow(set_points=(replace(wrong, absorption_v=14.2),), for_s=10) == []
