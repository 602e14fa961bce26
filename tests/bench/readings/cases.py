"""The sites: sound ones, of which no fault may be raised, and faulty ones with their limits.

Reads and writes: nothing.
Never: has a device better than real ones: resolutions, noise and means are those of data sheets
and captures.
"""

import math
from dataclasses import replace

from tests.bench.readings.devices import Controller, Pack
from tests.bench.readings.plant import Plant
from tests.bench.readings.run import Case

VICTRON = Controller(
    model="victron-mppt", has_output=False, step_a=0.1, noise_v=0.01, loads_on_battery=True
)
RENOGY = Controller(model="renogy-rover", step_v=0.1, step_w=1.0, noise_v=0.01)
DALY = Pack(step_a=0.1, step_v=0.1, step_ah=0.1, step_pct=0.1, noise_v=0.005)
LOADS = Plant(pv_w=300, step_w=60, step_s=120, step_share=0.5)  # that come and go in float
STEADY = Plant(pv_w=500, capacity_ah=200, load_w=60, step_w=0)
SMALL = Plant(pv_w=300, charge_pct=98, load_w=3, step_w=2)


def is_before_noon(hour: float) -> bool:
    return hour < 13


def frost(hour: float) -> float:
    return -8 + 6 * math.sin((hour - 9) / 24 * 2 * math.pi)


def run_in_the_evening(hour: float) -> float:
    return 15.0 if 20 <= hour < 22 else 0.0


def run_by_day(hour: float) -> float:
    return 25.0 if 9 <= hour < 12 else 0.0


def order_by_hours(hour: float) -> float:
    """Orders that change by 7 W each hour: a camera more, a camera less."""
    return 8.0 if int(hour) % 2 else 15.0


SOUND: dict[str, Case] = {
    "loads on the load output": Case(),
    "loads on the battery, no wire losses": Case(controllers=(VICTRON,)),
    "1 A rounding": Case(packs=(Pack(step_a=1.0, step_v=0.1),), plant=Plant(load_w=20)),
    "0.1 A and 0.1 V steps": Case(packs=(DALY,), controllers=(RENOGY,)),
    "BMS with the mean of 1 min": Case(packs=(Pack(mean_s=60),), controllers=(RENOGY,)),
    "BMS with the mean of 5 min": Case(packs=(Pack(mean_s=300, step_a=0.1),)),
    "values held for a minute": Case(packs=(Pack(held_polls=6),), plant=Plant(step_s=60)),
    "wire losses at the controller": Case(controllers=(Controller(drop_ohm=0.01),)),
    "noise of 0.4 A": Case(
        packs=(Pack(noise_a=0.4, noise_v=0.02),),
        controllers=(Controller(noise_a=0.3, noise_v=0.03),),
    ),
    "noise of 0.3 A, loads on the battery": Case(
        packs=(Pack(noise_a=0.3, noise_v=0.01),), controllers=(VICTRON,)
    ),
    "float with cycling loads": Case(plant=LOADS),
    "float with cycling loads on the battery": Case(plant=LOADS, controllers=(VICTRON,)),
    "the same with wire losses": Case(
        plant=LOADS,
        controllers=(
            Controller(
                model="victron-mppt",
                has_output=False,
                step_a=0.1,
                noise_v=0.003,
                drop_ohm=-0.01,
                loads_on_battery=True,
            ),
        ),
    ),
    "the same without a BMS": Case(plant=LOADS, controllers=(VICTRON,), packs=()),
    "a lone controller": Case(plant=LOADS, packs=()),
    "a cell 0.2 V above at the top of a charge": Case(
        plant=Plant(pv_w=300), packs=(Pack(top_spread_v=0.2),)
    ),
    "cold, no charge before noon": Case(
        plant=Plant(pv_w=120, capacity_ah=200, temperature_c=frost, refuses_charge=is_before_noon)
    ),
    "two packs that share unevenly": Case(
        plant=Plant(capacity_ah=200),
        packs=(Pack(share=0.6, offset_a=0.3), Pack(share=0.4, offset_a=-0.3, step_a=0.1)),
    ),
    "two packs with dead bands": Case(
        plant=Plant(capacity_ah=200, load_w=50, step_w=0),
        packs=(Pack(share=0.5, dead_band_a=2.5), Pack(share=0.5, dead_band_a=2.5)),
    ),
    "two controllers": Case(
        controllers=(
            Controller(),
            Controller(model="victron-mppt", has_output=False, step_a=0.1, noise_v=0.01),
        )
    ),
    "24 V": Case(plant=Plant(cells=8, pv_w=400, step_w=60, step_s=300), controllers=(VICTRON,)),
    "24 V, loads on the load output": Case(plant=Plant(cells=8, pv_w=400)),
    "a steady load for days": Case(plant=STEADY),
    "a steady load for days, coarse devices": Case(
        plant=STEADY, packs=(DALY,), controllers=(RENOGY,)
    ),
    "a steady small load in the dark": Case(
        plant=Plant(load_w=20, step_w=0, charge_pct=90, pv_w=0, capacity_ah=200),
        packs=(Pack(step_a=1.0, step_v=0.1, step_ah=1.0, noise_a=0, noise_v=0),),
        controllers=(VICTRON,),
    ),
    "dusk and dawn with small currents": Case(plant=SMALL),
    "the same with a dead band": Case(plant=SMALL, packs=(Pack(dead_band_a=0.4),)),
    "a wide dead band": Case(packs=(Pack(dead_band_a=2.5, step_a=0.1, step_v=0.1, noise_a=0.1),)),
    "a zero point 0.6 A off": Case(packs=(Pack(offset_a=0.6),), plant=Plant(load_w=3, step_w=0)),
    "a zero point 1 A off": Case(packs=(Pack(offset_a=-1.0),), plant=Plant(load_w=3, step_w=2)),
    "scales 5 % off each": Case(
        packs=(Pack(gain=1.05, noise_a=0.05),), controllers=(Controller(factor=0.95),)
    ),
    "loads that follow the sun": Case(
        plant=Plant(pv_w=400, capacity_ah=200, cools_share=0.5, charge_pct=40),
        controllers=(VICTRON,),
    ),
    "a generator in the evening": Case(
        plant=Plant(capacity_ah=200, charge_pct=40, generator_a=run_in_the_evening),
        controllers=(VICTRON,),
    ),
    "a generator by day": Case(
        plant=Plant(capacity_ah=400, charge_pct=20, generator_a=run_by_day), controllers=(VICTRON,)
    ),
    "orders that change each hour": Case(
        plant=STEADY,
        packs=(Pack(step_a=1.0, step_v=0.1, noise_a=0.05, step_ah=1.0),),
        controllers=(VICTRON,),
        ordered_w=order_by_hours,
    ),
}

WRONG_SIGN = Pack(factor_in=-1, factor_out=-1)
WRONG_IN_CHARGE = Pack(factor_in=-1)
TENTH = Pack(gain=0.1)
CURRENT, OTHER_SIZE = "current-bms-pack0", "disagreement-bms-pack0"
CHARGE = "charge-bms-pack0"

FAULTY: dict[str, Case] = {
    "wrong sign": Case(packs=(WRONG_SIGN,), fault=CURRENT, found_h=0.25, false_h=0.25),
    "wrong sign of the controller": Case(
        controllers=(Controller(factor=-1),),
        fault="current-charger-roof0",
        found_h=0.25,
        false_h=0.25,
    ),
    "wrong sign, loads on the battery": Case(
        packs=(WRONG_SIGN,), controllers=(VICTRON,), fault=CURRENT, found_h=2, false_h=1
    ),
    "wrong sign, currents below 1 A": Case(
        packs=(WRONG_SIGN,), plant=Plant(step_w=3, pv_w=0), fault=CURRENT, found_h=2, false_h=1
    ),
    "wrong sign of one of two packs": Case(
        packs=(Pack(share=0.5), Pack(share=0.5, factor_in=-1, factor_out=-1)),
        plant=Plant(capacity_ah=200),
        fault="current-bms-pack1",
        found_h=1,
        false_h=0.5,
    ),
    "wrong sign in charge only": Case(
        packs=(WRONG_IN_CHARGE,), fault=CURRENT, found_h=8, false_h=0.75
    ),
    "wrong sign in charge only, loads on the battery": Case(
        packs=(WRONG_IN_CHARGE,),
        controllers=(VICTRON,),
        fault=CURRENT,
        found_h=9,
        false_h=2,
        may_also=(CHARGE,),
    ),
    "a shunt that counts a tenth": Case(packs=(TENTH,), fault=OTHER_SIZE, found_h=2, false_h=1.5),
    "a controller that counts threefold": Case(
        controllers=(Controller(factor=3),),
        fault="disagreement-charger-roof0",
        found_h=1,
        false_h=0.5,
    ),
    "a shunt that counts tenfold": Case(
        packs=(Pack(gain=10),), fault=OTHER_SIZE, found_h=1, false_h=0.75
    ),
    "a shunt that counts a tenth, loads on the battery": Case(
        packs=(TENTH,), controllers=(VICTRON,), fault=OTHER_SIZE, found_h=11, false_h=5
    ),
    "a shunt that counts tenfold, loads on the battery": Case(
        packs=(Pack(gain=10),), controllers=(VICTRON,), fault=OTHER_SIZE, found_h=11, false_h=11
    ),
    "a shunt the wrong way round": Case(
        packs=(Pack(gain=-1),), fault=CURRENT, found_h=0.25, false_h=0.25
    ),
    "a shunt the wrong way round, loads on the battery": Case(
        packs=(Pack(gain=-1),), controllers=(VICTRON,), fault=CURRENT, found_h=6, false_h=3
    ),
    "wrong sign of a controller, loads on the battery": Case(
        controllers=(replace(VICTRON, factor=-1),), fault="current-charger-roof0", found_h=8
    ),
    "loads on the battery that the settings forget": Case(
        controllers=(Controller(forgets_loads=True),),
        fault=OTHER_SIZE,
        found_h=10,
        may_also=(CURRENT, "current-charger-roof0"),
    ),
    "30 W beside the load output": Case(
        plant=Plant(pv_w=400, capacity_ah=200, hidden_w=30), fault=OTHER_SIZE, found_h=22
    ),
    "60 W beside the load output": Case(
        plant=Plant(pv_w=500, capacity_ah=200, hidden_w=60), fault=OTHER_SIZE, found_h=22
    ),
    "60 W beside the load output, BMS with the mean of 5 min": Case(
        plant=Plant(pv_w=500, capacity_ah=200, hidden_w=60),
        packs=(Pack(mean_s=300, step_a=0.1),),
        fault=OTHER_SIZE,
        found_h=22,
        false_h=3,
        may_also=(CURRENT,),
    ),
    "wrong sign of a lone controller": Case(
        controllers=(Controller(factor=-1),),
        packs=(),
        fault="current-charger-roof0",
        found_h=0.25,
        false_h=0.25,
    ),
    "wrong sign of a lone coarse controller": Case(
        controllers=(replace(RENOGY, factor=-1),),
        packs=(),
        fault="current-charger-roof0",
        found_h=1,
        false_h=0.25,
    ),
    "a coarse shunt the wrong way round, loads on the battery": Case(
        packs=(replace(DALY, step_a=1.0, gain=-1),),
        controllers=(VICTRON,),
        fault=CURRENT,
        found_h=12,
        false_h=6,
    ),
    "a BMS frozen at noon": Case(
        packs=(Pack(frozen_from_h=12),), fault="frozen-bms-pack0", found_h=0.75, false_h=0.75
    ),
    "a BMS frozen at night": Case(
        packs=(Pack(frozen_from_h=23),), fault="frozen-bms-pack0", found_h=2, false_h=2
    ),
    "a controller frozen at noon": Case(
        controllers=(Controller(frozen_from_h=12),),
        fault="frozen-charger-roof0",
        found_h=0.75,
        false_h=0.1,
    ),
    "a lone controller frozen at noon": Case(
        controllers=(Controller(frozen_from_h=12),),
        packs=(),
        fault="frozen-charger-roof0",
        found_h=0.75,
        false_h=0.75,
    ),
    "a torn-off sensor": Case(
        packs=(Pack(temperature_c=-40.0),), fault="temperature-bms-pack0", found_h=0.25
    ),
    "a torn-off sensor that shows less than -40 C": Case(
        packs=(Pack(temperature_c=-44.0),), fault="temperature-bms-pack0", found_h=0.25
    ),
    "a torn-off sensor of the controller": Case(
        controllers=(Controller(temperature_c=-40.0),),
        fault="temperature-charger-roof0",
        found_h=0.25,
    ),
    "a sensor that the BMS doubts": Case(
        packs=(Pack(alarms="temperature sensor"),),
        fault="temperature-bms-pack0",
        found_h=0.25,
        may_also=("battery-pack0",),
    ),
    "a cell that stays apart at the top": Case(
        plant=Plant(pv_w=300),
        packs=(Pack(top_spread_v=0.25),),
        days=4,
        fault="battery-pack0",
        found_h=72,
    ),
}
