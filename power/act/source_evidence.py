"""Whether a second source gives power: what is seen of it at the battery.

Reads and writes: nothing; pure.
Never: says that a source gives nothing where nothing measures that.

What flows into the battery, and what the loads draw, must come from somewhere: what the panels do
not give, another source does. That needs a shunt or BMS at the battery (`[bms.NAME]`); a charge
controller does not see the current of another charger. While a charger holds the battery at its
voltage, little flows in though it runs: that is no sign against it. Without a measured current, a
voltage that has risen to that of a charger is a sign for it, and nothing is one against it.
"""

from typing import NamedTuple

from appliance.chemistry import count_cells, get_profile
from appliance.model import EnergyLevel, PowerReading
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from power.battery.charge_physics import CONTROLLER_EFFICIENCY

GIVES_SHARE = 0.25  # of its power: less is the error of loads that are not measured
ERROR_W, ERROR_SHARE = 5.0, 0.08  # of the current's sensor, and of the panels' power


class Evidence(NamedTuple):
    """What is known of a source now. `gives` None: not known; `power_w`: at the battery."""

    gives: bool | None
    power_w: float | None = None


def measure_extra_w(
    reading: PowerReading | None, settings: Settings, level: EnergyLevel
) -> float | None:
    """The power (W) that neither panels nor battery give; None where that is not measured."""
    if reading is None or not settings.bms:
        return None
    volts, amps = reading.battery_voltage_v, reading.battery_current_a
    sun_w = reading.pv_power_w
    if volts is None or amps is None or sun_w is None:
        return None
    loads_w = min(settings.compute_base_w(level), settings.get_level_power_w(level))
    return volts * amps + loads_w - sun_w * CONTROLLER_EFFICIENCY


def judge_source(
    source: SourceSettings,
    reading: PowerReading | None,
    extra_w: float | None,
    settings: Settings,
    *,
    sensed: bool | None,
    has_unmeasured_source: bool,
) -> Evidence:
    """What is seen of one source, if no other runs. `extra_w` as measured above; `sensed`: what its
    input pin shows, None where it has none or that cannot be read; `has_unmeasured_source`: the
    estimator sees a charger's voltage that no current explains.
    """
    if sensed is not None:
        return Evidence(sensed, max(0.0, extra_w) if sensed and extra_w is not None else None)
    error_w = ERROR_W + ERROR_SHARE * ((reading.pv_power_w if reading else None) or 0.0)
    if extra_w is not None and extra_w >= max(GIVES_SHARE * source.power_w, error_w):
        return Evidence(gives=True, power_w=extra_w)
    if has_unmeasured_source:
        return Evidence(gives=True)
    if extra_w is None or is_held(reading, settings) or error_w > source.power_w / 2:
        return Evidence(gives=None)
    return Evidence(gives=False, power_w=0.0)


def is_held(reading: PowerReading | None, settings: Settings) -> bool:
    """Whether a charger may hold the battery at its voltage: then little flows in."""
    if reading is None or reading.battery_voltage_v is None:
        return False
    cells = count_cells(settings.battery)
    return reading.battery_voltage_v / cells >= get_profile(settings.battery).held_v
