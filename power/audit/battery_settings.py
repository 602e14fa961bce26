"""Checks what the settings say of the battery against what is plausible: warnings, no errors.

Reads: the settings. Writes: nothing; pure.
Never: refuses a value: an unusual battery is no mistake for certain.
"""

from collections.abc import Iterator
from dataclasses import fields, replace

from appliance.chemistry import (
    compute_capacity_ah,
    find_resistance_ohm,
    get_profile,
)
from appliance.process.settings_checks import SettingsFinding
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings, SleepMode
from appliance.wording.sentence import say

DAYS_TO_FILL = 60.0  # a battery that the panels do not fill in a season
SUN_H = 3.0  # of full sun a day, a poor year's mean
RESISTANCE_IS_WITHIN = (0.1, 5.0)  # of what a usual battery of its size has, with its cables
HEAVY_C_RATE = 0.5
LADDER_SLACK_PCT = 10.0  # an owner's own choice; further below, the ladder is of another chemistry
# Least that computers draw so, W: a suspended one keeps its memory, its clock and its RTC alarm.
LEAST_ASLEEP_W = {SleepMode.SUSPEND: 1.0, SleepMode.POWER_OFF: 0.1}


def find_doubtful(settings: Settings) -> Iterator[SettingsFinding]:
    """All warnings of battery and ladder."""
    yield from find_doubtful_capacity(settings)
    yield from find_doubtful_resistance(settings)
    yield from find_foreign_ladder(settings)
    yield from find_low_hibernate_power(settings)
    yield from find_heavy_heaters(settings)
    yield from find_strong_sources(settings)


def find_doubtful_capacity(settings: Settings) -> Iterator[SettingsFinding]:
    """Ah, kWh or mAh in the place of Wh: too small for reserve and panels, or never filled."""
    battery, energy, peak_w = settings.battery, settings.energy, settings.panels.peak_w
    capacity_wh, volts = battery.capacity_wh, battery.nominal_voltage_v
    usable_wh = capacity_wh * (1 - energy.off_below_pct / 100)
    reserve_wh = energy.hibernate_power_w * 24 * energy.reserve_days
    most_w = get_profile(battery).charger.charge_c_rate_most * capacity_wh
    why = ""
    if reserve_wh > usable_wh:
        why = say(
            "less than the {reserve_wh:.0f} Wh that HIBERNATE needs for reserve_days",
            reserve_wh=reserve_wh,
        )
    elif peak_w > most_w:
        why = say(
            "so little that panels of {peak_w:g} W charge it faster than its makers allow",
            peak_w=peak_w,
        )
    elif capacity_wh > DAYS_TO_FILL * SUN_H * peak_w:
        why = say(
            "more than panels of {peak_w:g} W fill in {days_to_fill:.0f} days",
            peak_w=peak_w,
            days_to_fill=DAYS_TO_FILL,
        )
    if why:
        yield warn(
            ("battery", "capacity_wh"),
            say(
                "is {capacity_wh:g} Wh ({capacity_ah:.0f} Ah at {volts:g} V), {why}; "
                "{capacity_wh:g} Ah would be {would_be_wh:.0f} Wh: see the battery's label",
                capacity_wh=capacity_wh,
                capacity_ah=compute_capacity_ah(battery),
                volts=volts,
                why=why,
                would_be_wh=capacity_wh * volts,
            ),
        )


def find_doubtful_resistance(settings: Settings) -> Iterator[SettingsFinding]:
    """Milliohm in the place of ohm, or another battery's."""
    battery = settings.battery
    usual_ohm = find_resistance_ohm(replace(battery, resistance_ohm=None))
    low, high = RESISTANCE_IS_WITHIN
    set_ohm = battery.resistance_ohm
    if set_ohm is not None and not low * usual_ohm <= set_ohm <= high * usual_ohm:
        yield warn(
            ("battery", "resistance_ohm"),
            say(
                "is {set_ohm:g} ohm, {times:.2g} times what a battery of its size has with "
                "its cables ({usual_ohm:.3f} ohm): measure it, or leave it out",
                set_ohm=set_ohm,
                times=set_ohm / usual_ohm,
                usual_ohm=usual_ohm,
            ),
        )


def find_foreign_ladder(settings: Settings) -> Iterator[SettingsFinding]:
    """Thresholds far below those that suit the chemistry."""
    profile = get_profile(settings.battery)
    for spec in fields(profile.ladder):
        suits_pct = getattr(profile.ladder, spec.name)
        set_pct = getattr(settings.energy, spec.name)
        if set_pct < suits_pct - LADDER_SLACK_PCT:
            yield warn(
                ("energy", spec.name),
                say(
                    "is {set_pct:g}, for {profile} it should be about {suits_pct:g}: an emptier "
                    "battery ages; leave it out for that",
                    set_pct=set_pct,
                    profile=profile.title,
                    suits_pct=suits_pct,
                ),
            )


def find_low_hibernate_power(settings: Settings) -> Iterator[SettingsFinding]:
    """Less than the computer draws by itself in its sleep."""
    mode, power_w = settings.host.sleep, settings.energy.hibernate_power_w
    least_w = LEAST_ASLEEP_W.get(mode, settings.computer.idle_w)
    if power_w < least_w:
        yield warn(
            ("energy", "hibernate_power_w"),
            say(
                "is {power_w:g}, less than a computer with sleep = '{mode}' draws ({least_w:g} "
                "W or more): measure it at the battery, or leave it out; the reserve for dark "
                "days follows from it",
                power_w=power_w,
                mode=mode.value,
                least_w=least_w,
            ),
        )


def find_heavy_heaters(settings: Settings) -> Iterator[SettingsFinding]:
    """Heaters under which the voltage falls so far that the guard takes the battery for empty."""
    capacity_wh = settings.battery.capacity_wh
    for name, switch in settings.switch.items():
        if switch.runs_when is not RunsWhen.LEVEL and switch.idle_w > HEAVY_C_RATE * capacity_wh:
            amps = switch.idle_w / settings.battery.nominal_voltage_v
            yield warn(
                ("switch", name, "idle_w"),
                say(
                    "is {idle_w:g} W, {amps:.0f} A from a battery of {capacity_wh:g} Wh: its "
                    "voltage may fall so far that the unit powers off; a smaller heater, or a "
                    "larger battery",
                    idle_w=switch.idle_w,
                    amps=amps,
                    capacity_wh=capacity_wh,
                ),
            )


def find_strong_sources(settings: Settings) -> Iterator[SettingsFinding]:
    """The power of the engine in the place of what its charger gives at the battery."""
    battery = settings.battery
    most_w = get_profile(battery).charger.charge_c_rate_most * battery.capacity_wh
    for name, source in settings.source.items():
        if source.power_w > most_w:
            yield warn(
                ("source", name, "power_w"),
                say(
                    "is {power_w:g} W, more than its makers allow for a battery of "
                    "{capacity_wh:g} Wh ({most_w:.0f} W): give what the charger puts into the "
                    "battery, not what the engine can",
                    power_w=source.power_w,
                    capacity_wh=battery.capacity_wh,
                    most_w=most_w,
                ),
            )


def warn(where: tuple[str, ...], text: str) -> SettingsFinding:
    """A finding that is no reason not to start."""
    return SettingsFinding(where, text, is_warning=True)
