"""The guard's fifth source: the temperature of the battery. It may freeze, or be too hot.

Reads and writes: nothing; pure.
Never: judges by a temperature that no probe measures, or a chemistry that does not freeze.

A BMS disconnects a battery that is too hot, and loads heat it and its housing: they stop before.

Ice breaks a lead-acid battery for good, and a charged one does not freeze. So nothing more is drawn
from one that may, and what the sun gives goes into it.
"""

from math import isfinite

from appliance.errors import BusError
from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.wording.sentence import say
from power.guard.limits import Limits
from power.guard.observations import Observation, is_charging, is_recent
from power.guard.verdict import Verdict

FROST_MARGIN_C = 5.0  # cells at the outer wall are colder than the probe, and the night is long
NO_PROBE_C = 25.0  # exactly: what many controllers report without a probe
NO_FROST = Verdict(EnergyLevel.FULL, say("the battery does not freeze"))
TEXT_STEP = 5


class FreezingBattery(BusError):  # noqa: N818  (named for what it is)
    """A battery that may freeze."""

    code = "battery-frost"


def judge_temperature(
    battery: BatteryState | None,
    reading: PowerReading | None,
    observation: Observation | None,
    limits: Limits,
) -> Verdict:
    """The stricter of frost and heat; only one of them can be."""
    celsius = find_temperature_c(reading)
    if celsius is not None and celsius >= limits.cell.hottest_c:
        reason = say(
            "the battery has {celsius:.0f} C, which is too hot: its BMS may disconnect it",
            celsius=celsius,
        )
        return Verdict(EnergyLevel.HIBERNATE, reason)
    return judge_frost(battery, reading, observation, limits)


def judge_frost(
    battery: BatteryState | None,
    reading: PowerReading | None,
    observation: Observation | None,
    limits: Limits,
) -> Verdict:
    """No loads on a battery that may freeze by its least charge; power off where it freezes by its
    usual one, unless it is being charged or its voltage shows more.
    """
    celsius = find_temperature_c(reading)
    curve, state = limits.cell.freezes_at_c, battery
    if curve is None or celsius is None or state is None:
        return NO_FROST
    charge_pct, sigma_pct = state.state_of_charge_pct, state.sigma_pct
    if charge_pct is None or sigma_pct is None or not (0 <= charge_pct <= 100 and sigma_pct >= 0):
        return NO_FROST
    least_pct = max(0.0, charge_pct - sigma_pct)
    freezes_c = curve.at(least_pct)
    if celsius > freezes_c + FROST_MARGIN_C:
        return NO_FROST
    reason = say(
        "with {least_pct:.0f} % it freezes at {freezes_c:.0f} C and it has {celsius:.0f} C",
        least_pct=least_pct,
        freezes_c=freezes_c,
        celsius=celsius,
    )
    if celsius > curve.at(charge_pct) or is_charging(reading, battery, limits):
        return Verdict(EnergyLevel.HIBERNATE, reason)
    if observation is not None and observation.cell_v >= limits.cell.sound_v:
        return Verdict(
            EnergyLevel.HIBERNATE, say("{reason}, but the voltage is sound", reason=reason)
        )
    return Verdict(EnergyLevel.OFF, reason, power_off=True)


def find_temperature_c(reading: PowerReading | None) -> float | None:
    """How cold the battery is, as a probe measures it."""
    celsius = None if reading is None else reading.battery_temperature_c
    if reading is None or celsius is None or celsius == NO_PROBE_C or not isfinite(celsius):
        return None
    return celsius if is_recent(reading, "battery_temperature_c") else None


def find_frost_faults(
    battery: BatteryState, reading: PowerReading | None, limits: Limits
) -> list[FreezingBattery]:
    """The fault of a battery that may freeze, if it may; its text follows in steps."""
    if judge_frost(battery, reading, None, limits) is NO_FROST:
        return []
    celsius, charge_pct = find_temperature_c(reading), battery.state_of_charge_pct or 0.0
    fault = FreezingBattery(
        say(
            "the battery may freeze, which destroys it: it has some {charge_pct} % at some "
            "{celsius} C. Charge it or bring it into the warm; do not charge one that is "
            "frozen (its case is bulged, or it takes no current)",
            charge_pct=round_to_step(charge_pct),
            celsius=round_to_step(celsius or 0.0),
        )
    )
    return [fault]


def round_to_step(value: float) -> int:
    """In steps of 5, so that a text stays the same for a while."""
    return round(value / TEXT_STEP) * TEXT_STEP
