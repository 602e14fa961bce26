"""Whether a second source gives power: what is seen of it at the battery.

Reads and writes: nothing; pure.
Never: says that a source gives nothing where nothing measures that.

What flows into the battery, and what the loads draw, must come from somewhere: what the panels do
not give, another source does. That needs a shunt or BMS at the battery (`[bms.NAME]`); a charge
controller does not see the current of another charger. Three things show it: more than the loads
draw at least is unexplained; more than before the start, by more than GPU hosts and heaters can
have drawn less since; or the battery is charged with more than all loads could draw, so that not
even a sensor of the wrong sign says it. While a charger holds the battery at its voltage, little
flows in though it runs: that is no sign against it, nor is what hosts and heaters may draw
themselves, or a battery that gives more from the start on. Without a measured current, a voltage
that has risen to that of a charger is a sign for it, and nothing is one against it.
"""

from typing import NamedTuple

from appliance.chemistry import count_cells, get_profile
from appliance.model import EnergyLevel, PowerReading
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from power.battery.charge_physics import CONTROLLER_EFFICIENCY

GIVES_SHARE = 0.25  # of its power: less is the error of loads that are not measured
WEAK_SHARE = 0.05  # of its power, where no load can be what is seen: the settings name too much
ERROR_W, ERROR_SHARE = 5.0, 0.08  # of the current's sensor, and of the panels' power
ZERO_A = 1.2  # what the zero point of a current's sensor may be off by


class Evidence(NamedTuple):
    """What is known of a source now. `gives` None: not known; `power_w`: at the battery.
    `is_contradicted`: the battery gives more since the start, which no start explains.
    """

    gives: bool | None
    power_w: float | None = None
    is_contradicted: bool = False


class PowerBalance(NamedTuple):
    """What neither panels nor battery give (W). `extra_w`: with the least that the loads draw;
    `spread_w`: what hosts and heaters may draw beyond that; `charge_w`: without any load;
    `error_w`: of the meters; `loads_w`: the most that the loads draw at any level.
    """

    extra_w: float
    spread_w: float
    charge_w: float
    error_w: float
    loads_w: float


def measure_balance(
    reading: PowerReading | None, settings: Settings, level: EnergyLevel, heaters_w: float = 0.0
) -> PowerBalance | None:
    """What is measured at that level; None where it is not. `heaters_w`: of those that are on."""
    if reading is None or not settings.bms:
        return None
    volts, amps = reading.battery_voltage_v, reading.battery_current_a
    sun_w = reading.pv_power_w
    if volts is None or amps is None or sun_w is None:
        return None
    most_w = settings.get_level_power_w(level)
    least_w = min(settings.compute_base_w(level), most_w)
    hosts_w = sum(one.full_w for one in settings.switch.values() if one.is_host)
    charge_w = volts * amps - sun_w * CONTROLLER_EFFICIENCY
    return PowerBalance(
        extra_w=charge_w + least_w,
        spread_w=min(most_w - least_w, hosts_w) + heaters_w,
        charge_w=charge_w,
        error_w=ERROR_W + ERROR_SHARE * sun_w,
        loads_w=settings.energy.full_power_w + heaters_w + ZERO_A * volts,
    )


def judge_source(
    source: SourceSettings,
    reading: PowerReading | None,
    balance: PowerBalance | None,
    settings: Settings,
    *,
    sensed: bool | None,
    has_unmeasured_source: bool,
    before: PowerBalance | None = None,
    is_ordered: bool = False,
) -> Evidence:
    """What is seen of one source, if no other runs. `sensed`: what its input pin shows, None where
    it has none or that cannot be read; `has_unmeasured_source`: the estimator sees a charger's
    voltage that no current explains; `before`: the balance when it was started.
    """
    extra_w = None if balance is None else balance.extra_w
    if sensed is not None:
        return Evidence(sensed, max(0.0, extra_w) if sensed and extra_w is not None else None)
    seen_w = (
        None if balance is None else find_seen_w(source, balance, before, is_ordered=is_ordered)
    )
    if seen_w is not None:
        return Evidence(gives=True, power_w=seen_w)
    if has_unmeasured_source:
        return Evidence(gives=True)
    if balance is None:
        return Evidence(gives=None)
    has_fallen = falls_since_start(source, balance, before)
    if has_fallen or is_held(reading, settings) or is_open(source, balance):
        return Evidence(gives=None, is_contradicted=has_fallen)
    return Evidence(gives=False, power_w=max(0.0, balance.extra_w))


def find_seen_w(
    source: SourceSettings,
    balance: PowerBalance,
    before: PowerBalance | None,
    *,
    is_ordered: bool,
) -> float | None:
    """The power that shows that it gives, or None."""
    enough_w = max(GIVES_SHARE * source.power_w, balance.error_w)
    if balance.extra_w >= enough_w:
        return balance.extra_w
    if before is not None:
        risen_w = balance.extra_w - before.extra_w - before.spread_w
        if risen_w >= enough_w:
            return risen_w
    beyond_w = max(WEAK_SHARE * source.power_w, balance.error_w + balance.loads_w)
    return balance.extra_w if is_ordered and balance.charge_w >= beyond_w else None


def falls_since_start(
    source: SourceSettings, balance: PowerBalance, before: PowerBalance | None
) -> bool:
    """Whether the battery gives more since the start, which no start explains: the current may have
    the wrong sign.
    """
    if before is None:
        return False
    fallen_w = before.extra_w - balance.extra_w - balance.spread_w
    return fallen_w >= GIVES_SHARE * source.power_w


def is_open(source: SourceSettings, balance: PowerBalance) -> bool:
    """Whether it may give though that is not seen: the meters are not good enough, or hosts or
    heaters may draw all of it.
    """
    most_w = balance.extra_w + balance.spread_w
    hides = balance.spread_w > 0 and most_w >= GIVES_SHARE * source.power_w
    return balance.error_w > source.power_w / 2 or hides


def is_held(reading: PowerReading | None, settings: Settings) -> bool:
    """Whether a charger may hold the battery at its voltage: then little flows in."""
    if reading is None or reading.battery_voltage_v is None:
        return False
    cells = count_cells(settings.battery)
    return reading.battery_voltage_v / cells >= get_profile(settings.battery).held_v
