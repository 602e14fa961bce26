"""The batteries of the bench: sound, old, cold, hot, badly wired, with faulty meters.

Reads and writes: nothing.
Never: lets the settings know what is wrong with a battery.
"""

from dataclasses import replace

from appliance.model import ChargeStage
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from tests.bench.energy.cases import SETTINGS
from tests.bench.estimator.cells import LIBRE_SOLAR, LeadCell, LfpCell
from tests.bench.estimator.plant import Charger, Setup
from tests.bench.estimator.run import Case

WEATHER = (0.9, 0.15, 0.6, 0.1, 1.0, 0.3)
LFP_CHARGER = Charger(absorption_v=3.55, float_v=3.375, from_c=0.0)
AGM_CHARGER = Charger(absorption_v=2.40, float_v=2.30, per_c=-0.003)
FLOODED_CHARGER = Charger(absorption_v=2.433, float_v=2.30, per_c=-0.003)

R1 = Case(
    setup=Setup(charger=LFP_CHARGER),
    settings=replace(Settings(), battery=BatterySettings()),
)
R2 = Case(
    setup=Setup(
        charger=replace(LFP_CHARGER, most_a=300.0),
        cell=LfpCell(curve=LIBRE_SOLAR),
        cells=16,
        rated_ah=SETTINGS["R2"].battery.capacity_wh / 51.2,
        peak_w=SETTINGS["R2"].panels.peak_w,
        wires_ohm=0.002,
    ),
    settings=SETTINGS["R2"],
)


def make_lead(chemistry: Chemistry, cell: LeadCell, charger: Charger) -> Case:
    """A lead-acid battery of 12 V and 200 Ah."""
    battery = BatterySettings(chemistry=chemistry, nominal_voltage_v=12.0, capacity_wh=2400.0)
    ladder = EnergySettings(
        full_from_pct=80.0, eco_from_pct=70.0, sentinel_from_pct=60.0, off_below_pct=40.0
    )
    setup = Setup(cell=cell, cells=6, charger=charger, charge=0.8, hysteresis_v=0.0)
    return Case(setup=setup, settings=replace(Settings(), battery=battery, energy=ladder))


AGM = make_lead(Chemistry.AGM, LeadCell(ohm=0.06, gassing=0.4), AGM_CHARGER)
FLOODED = make_lead(Chemistry.FLOODED, LeadCell(), FLOODED_CHARGER)


def change(case: Case, **parts: object) -> Case:
    """The case with another setup; keys of the case itself are changed in it."""
    own = {name: value for name, value in parts.items() if name in Case.__slots__}
    setup = {name: value for name, value in parts.items() if name not in own}
    return replace(case, setup=replace(case.setup, **setup), **own)  # type: ignore[arg-type]


# A dark week at the beginning, with loads that are not sheddable.
EMPTIED = change(
    R1, weather=(1.0, 1.0, *(0.02,) * 5, 1.0, 1.0, *WEATHER), others_w=35.0, others_days=(2, 6)
)

CASES: dict[str, Case] = {
    "LFP, R1": R1,
    "LFP, R2": R2,
    "LFP, R1, another curve": change(R1, cell=LfpCell(curve=LIBRE_SOLAR), seed=2),
    "AGM": AGM,
    "AGM, sensor counts 2 % a day too much": change(AGM, offset_a=0.17),
    "AGM, sensor counts 2 % a day too little": change(AGM, offset_a=-0.17),
    "flooded": FLOODED,
    "old LFP, 70 %": change(R1, real_share=0.7, cell=LfpCell(worn=1.8)),
    "old AGM, 70 %": change(AGM, real_share=0.7, cell=LeadCell(ohm=0.06, gassing=1.0, worn=2.0)),
    "LFP, thin wire of 60 mohm": change(R1, wires_ohm=0.06),
    "LFP, sensor counts 2 % a day too much": change(R1, offset_a=0.17),
    "LFP, sensor counts 2 % a day too little": change(R1, offset_a=-0.17),
    "LFP, FLOAT reported all day": change(
        R1, charger=replace(LFP_CHARGER, always=ChargeStage.FLOAT)
    ),
    "LFP, absorption 13.8 V and float 13.3 V": change(
        R1, charger=replace(LFP_CHARGER, absorption_v=3.45, float_v=3.325)
    ),
    "LFP, a generator that nobody measures": change(
        R1, generator_h=(19.0, 21.0), generator_a=40.0, weather=(0.3, 0.1, 0.2)
    ),
    "AGM, an alternator that nobody measures": change(
        AGM, generator_h=(10.0, 12.0), generator_a=40.0, weather=(0.3, 0.1, 0.2)
    ),
    "LFP, -15 C": change(R1, mean_c=-9.0, swing_c=12.0, charge=0.9),
    "AGM, -15 C": change(AGM, mean_c=-15.0, charge=0.95),
    "AGM, 45 C": change(AGM, mean_c=43.0, swing_c=4.0),
    "LFP, charge path open for three days, no probe": change(
        R1, has_probe=False, path_open_days=(1, 2, 4), charge=0.45
    ),
    "LFP, 20 % below the rated capacity": change(R1, real_share=0.8),
    "LFP, 40 % below the rated capacity": change(R1, real_share=0.6),
    "LFP, wrong sign": change(R1, factor=-1.0),
    "LFP, wrong sign, a BMS that tells the truth": change(R1, factor=-1.0, has_bms=True),
    "LFP, wrong sign, no load meter": change(R1, factor=-1.0, has_load_meter=False),
    "LFP, 40 % below the rated capacity, a BMS that knows it": change(
        R1, real_share=0.6, has_bms=True, full_ah_share=0.6
    ),
    "LFP, R1, emptied once": EMPTIED,
    "LFP, R1, emptied once, sensor 2 % a day": change(EMPTIED, offset_a=0.17),
    "LFP, R1, emptied once, sensor -2 % a day": change(EMPTIED, offset_a=-0.17),
    "LFP, 20 % below, emptied once": change(EMPTIED, real_share=0.8),
    "LFP, swapped while off": change(R1, swapped_days=(5, 11)),
    "LFP, the clock jumps": change(R1, clock_jump_days=(4, 5, 9)),
    "LFP, hidden load of 30 W": change(R1, hidden_w=30.0),
    "AGM, hidden load of 30 W": change(AGM, hidden_w=30.0),
    "LFP, resistance three times as set": change(R1, cell=LfpCell(worn=3.0), wires_ohm=0.04),
    "AGM, 60 % of the capacity, resistance x3": change(
        AGM, real_share=0.6, cell=LeadCell(ohm=0.06, gassing=1.0, worn=3.0), wires_ohm=0.03
    ),
    "flooded, 60 % of the capacity, resistance x3": change(
        FLOODED, real_share=0.6, cell=LeadCell(worn=3.0), wires_ohm=0.03
    ),
    "LFP, offset 0.3 A": change(R1, offset_a=0.3),
    "LFP, dead band 1 A": change(R1, dead_band_a=1.0),
    "LFP, +30 mV a cell": change(R1, meter_v=0.12),
    "old LFP, 70 %, a week of dark": change(
        R1, real_share=0.7, cell=LfpCell(worn=1.8), weather=(1.0, 1.0, *(0.02,) * 7, 0.5, 0.9)
    ),
    "old AGM, 70 %, a week of dark": change(
        AGM,
        real_share=0.7,
        cell=LeadCell(ohm=0.06, gassing=1.0, worn=2.0),
        weather=(1.0, 1.0, *(0.02,) * 7, 0.5, 0.9),
    ),
}

# What the readings do not tell apart until a battery has been emptied: how much an LFP battery of a
# sound resistance really holds, and what a meter of a sound sensor is off by.
SOUND_GROUPS: dict[str, tuple[str, ...]] = {
    "LFP whose capacity nothing has shown": (
        "LFP, R1",
        "LFP, sensor counts 2 % a day too much",
        "LFP, sensor counts 2 % a day too little",
        "LFP, 20 % below the rated capacity",
        "LFP, 40 % below the rated capacity",
    ),
    "LFP whose capacity a discharge has shown": (
        "LFP, R1, emptied once",
        "LFP, R1, emptied once, sensor 2 % a day",
        "LFP, R1, emptied once, sensor -2 % a day",
        "LFP, 20 % below, emptied once",
    ),
    "lead-acid": (
        "AGM",
        "AGM, sensor counts 2 % a day too much",
        "AGM, sensor counts 2 % a day too little",
        "flooded",
        "old AGM, 70 %",
        "AGM, 60 % of the capacity, resistance x3",
    ),
}
