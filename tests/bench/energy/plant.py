"""The plant of the benchmark: one battery, one sun, fifteen minutes a step, energies in Wh.

Reads and writes: nothing; pure. Every controller, the clairvoyant one too, is judged on this plant.
Never: gives a controller anything but what sensors could say.

Rules: the charge controller turns 97 % of the sun into current; charging keeps 97 % and delivers at
most C/2; below 0 C nothing is charged, but the sun still feeds the loads; discharging costs 3 %.
A part of the charge is not usable in the cold (15 % at 0 C, 30 % at -20 C). When what is drawn
would go below what is not usable and 2 % more, the battery's BMS disconnects. Then nothing runs
until the sun has brought 5 % back. Starting the computer from HIBERNATE costs 90 s at 15 W (R1; R2
ten times).
"""

from typing import NamedTuple

import numpy as np

from appliance.settings import BatterySettings, Chemistry
from tests.bench.energy.cases import Case
from tests.bench.energy.weather import Floats

HOURS = 0.25
CONTROLLER, CHARGING, DISCHARGING = 0.97, 0.97, 0.97
MOST_C = 0.5
CUT_SHARE, BACK_SHARE = 0.02, 0.05  # of the capacity, above what is not usable in the cold
USABLE = ((-20.0, 0.70), (0.0, 0.85), (25.0, 1.0))
BOOT_WH, BOOT_LARGE_WH = 90 / 3600 * 15, 90 / 3600 * 150
assert BatterySettings().chemistry is Chemistry.LFP


class Result(NamedTuple):
    """One step: charge after it (Wh), whether the battery cut, and sun that was not used (W)."""

    charge_wh: float
    cut: bool
    unused_w: float


def hidden_wh(battery_c: Floats, capacity_wh: float) -> Floats:
    """What the cold keeps back, for each step."""
    at_c, share = zip(*USABLE, strict=True)
    return np.asarray((1 - np.interp(battery_c, at_c, share)) * capacity_wh)


def boot_wh(case: Case) -> float:
    """What it costs to start the computer."""
    return BOOT_WH if case.settings.battery.capacity_wh < 10_000 else BOOT_LARGE_WH


def step(
    charge_wh: float,
    *,
    sun_w: float,
    draw_w: float,
    cold: bool,
    floor_wh: float,
    capacity_wh: float,
    hours: float = HOURS,
) -> Result:
    """One step with the loads on. `floor_wh`: where the protection cuts at this temperature."""
    net_w = sun_w * CONTROLLER - draw_w
    if net_w < 0:
        after_wh = charge_wh + net_w * hours / DISCHARGING
        if after_wh < floor_wh:
            return Result(min(charge_wh, floor_wh), cut=True, unused_w=sun_w)
        return Result(after_wh, cut=False, unused_w=0.0)
    if cold:
        return Result(charge_wh, cut=False, unused_w=net_w / CONTROLLER)
    room_w = (capacity_wh - charge_wh) / hours / CHARGING
    taken_w = min(net_w, MOST_C * capacity_wh, room_w)
    after_wh = charge_wh + taken_w * hours * CHARGING
    return Result(after_wh, cut=False, unused_w=(net_w - taken_w) / CONTROLLER)


def steps(
    charge_wh: Floats, sun_w: float, draw_w: Floats, cold: bool, capacity_wh: float
) -> Floats:
    """The same for many charges and draws at once, without the cut: charges below any floor come
    out as they are. Shapes are broadcast.
    """
    net_w = sun_w * CONTROLLER - draw_w
    drawn_wh = np.minimum(net_w, 0.0) * HOURS / DISCHARGING
    if cold:
        return np.asarray(charge_wh + drawn_wh)
    taken_w = np.minimum(np.maximum(net_w, 0.0), MOST_C * capacity_wh)
    return np.asarray(np.minimum(charge_wh + drawn_wh + taken_w * HOURS * CHARGING, capacity_wh))
