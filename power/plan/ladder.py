"""The ladder: a level for each band of the state of charge, and the fallback of every planner.

Reads and writes: nothing; pure.
Never: owns safety. It proposes; the guard may hold it down and the arbiter makes it wait.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from appliance.chemistry import compute_capacity_ah, get_profile
from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading
from appliance.settings import BatterySettings, EnergySettings, Settings
from appliance.wording.sentence import say

MAX_ENTRY_PCT = 98.0  # a charge less its sigma hardly ever says more, even when full
FULL_FROM_PCT = 90.0  # a charge less its sigma: as sure as a full charge of lead-acid is
TARGET_HELD = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a planner would do now: a level, what the loads may draw, and why in figures.

    `sun_is_free`: PV power is curtailed by a full battery, surplus is available. `until`: when the
    level will change if the sun does what is expected.
    """

    level: EnergyLevel
    power_w: float
    reason: str
    sun_is_free: bool = False
    until: datetime | None = None


class Planner(Protocol):
    """Chooses a level from what is known now."""

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        """The level that is proposed. `reading` is fresh or None; `previous` is the level that
        holds.
        """


class Ladder:
    """A level for each band of charge, entered `hysteresis_pct` above its threshold."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        if battery is None or battery.state_of_charge_pct is None or battery.sigma_pct is None:
            return self._make_proposal(EnergyLevel.SENTINEL, say("the charge is unknown"), reading)
        charge_pct, sigma_pct = battery.state_of_charge_pct, battery.sigma_pct
        left = say(
            "SOC {charge_pct:.0f} +- {sigma_pct:.0f} %", charge_pct=charge_pct, sigma_pct=sigma_pct
        )
        if is_surplus_available(battery, reading, self._settings.battery):
            left = say(
                "{left}, the battery is full and PV power is curtailed, surplus available",
                left=left,
            )
            return replace(self._make_proposal(EnergyLevel.FULL, left, reading), sun_is_free=True)
        energy = self._settings.energy
        lower_pct = charge_pct - energy.sigma_weight * sigma_pct
        level = choose_level(lower_pct, previous, energy)
        if battery.charge_blocked:
            left = say("{left}, charging is disabled", left=left)
        rung = describe_next_rung(level, energy)
        return self._make_proposal(level, say("{left}, {rung}", left=left, rung=rung), reading)

    def _make_proposal(
        self, level: EnergyLevel, charge_text: str, reading: PowerReading | None
    ) -> Proposal:
        sun_w = reading.pv_power_w if reading else None
        sun = say("PV power unknown") if sun_w is None else say("PV {sun_w:.0f} W", sun_w=sun_w)
        return Proposal(
            level,
            self._settings.get_level_power_w(level),
            say("{charge_text}; {sun}", charge_text=charge_text, sun=sun),
        )


def list_rungs(energy: EnergySettings) -> tuple[tuple[EnergyLevel, float], ...]:
    """Levels with the charge (%) that holds them, highest first."""
    return (
        (EnergyLevel.FULL, energy.full_from_pct),
        (EnergyLevel.ECO, energy.eco_from_pct),
        (EnergyLevel.SENTINEL, energy.sentinel_from_pct),
    )


def compute_entry_pct(threshold_pct: float, energy: EnergySettings) -> float:
    """The charge from which a level is entered from below."""
    return max(threshold_pct, min(threshold_pct + energy.hysteresis_pct, MAX_ENTRY_PCT))


def choose_level(
    lower_pct: float, previous: EnergyLevel | None, energy: EnergySettings
) -> EnergyLevel:
    """The level of a charge (its sigma already taken off), with hysteresis against `previous`."""
    for level, threshold_pct in list_rungs(energy):
        rising = previous is not None and level > previous
        if lower_pct >= (compute_entry_pct(threshold_pct, energy) if rising else threshold_pct):
            return level
    return EnergyLevel.HIBERNATE


def describe_next_rung(level: EnergyLevel, energy: EnergySettings) -> str:
    """Where the next change lies: the level above, or at the top the one below."""
    for above, threshold_pct in reversed(list_rungs(energy)):
        if above > level:
            return say(
                "{level} from {entry_pct:.0f} %",
                level=above,
                entry_pct=compute_entry_pct(threshold_pct, energy),
            )
    return say(
        "{level} below {full_from_pct:.0f} %",
        level=EnergyLevel.ECO,
        full_from_pct=energy.full_from_pct,
    )


def is_pv_curtailed(reading: PowerReading | None) -> bool:
    """Whether the controller holds the battery at a target voltage, so that the panels may give
    less than they could.
    """
    if reading is None or reading.charge_stage not in TARGET_HELD:
        return False
    return reading.battery_current_a is not None and reading.battery_current_a >= 0


def is_surplus_available(
    battery: BatteryState, reading: PowerReading | None, settings: BatterySettings
) -> bool:
    """Whether the PV power is curtailed by a full battery: what is drawn then costs nothing.

    A battery that is held at a target voltage may be half empty (a wrong stage), too cold, or still
    take what it needs: of lead-acid, that is the finishing charge until FLOAT.
    """
    if not is_pv_curtailed(reading) or battery.charge_blocked:
        return False
    if battery.state_of_charge_pct is None or battery.sigma_pct is None:
        return False
    assert reading is not None
    profile = get_profile(settings)
    if profile.loses_charge and reading.charge_stage is not ChargeStage.FLOAT:
        return False
    tail_a = profile.tail_c_rate * compute_capacity_ah(settings)
    takes_charge = (reading.battery_current_a or 0.0) >= tail_a
    return not takes_charge and battery.state_of_charge_pct - battery.sigma_pct >= FULL_FROM_PCT
