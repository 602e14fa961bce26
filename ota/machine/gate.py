"""The gate before an installation and before the reboot: energy, window, clock, holds. Pure.

    verdict = judge(facts, settings.update, needs_wh=manifest.energy_wh, window=offer.window)
    verdict.is_open, verdict.waits_for, verdict.reason

Inputs: `GateFacts`, rows that are fresh (unknown is None), settings `[update]`, the offer's window.
Never: opens on a charge that is not known; or interrupts an installation: it is asked before, not
during.
"""

from dataclasses import dataclass
from datetime import time
from math import ceil, floor, isfinite
from typing import TypeGuard

from appliance.parsing.times import is_within, parse_hours
from appliance.sections.network import UpdateSettings
from appliance.wording.sentence import say

SAFETY = 2.0  # times the energy of the worst path: rollback and health checks included
CHARGING_PCT_PER_H = 5.0  # of the capacity: from here on the sun "charges"
COLDEST_C, HOTTEST_C = -20.0, 80.0  # of the computer, for writing flash memory


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known now. `local_time`: of the site. `charging_pct_per_h`: net, of the capacity.

    `energy_wh`: what can still be drawn, `reserve_wh`: what of it the guard keeps. `hold`: who
    holds updates and why, "" where nobody does. `clock_trusted`: a time server has confirmed the
    clock in this boot. `technician`: one is present and has ordered it.
    """

    local_time: time
    soc_pct: float | None
    charging_pct_per_h: float | None
    energy_wh: float | None
    reserve_wh: float | None
    temperature_c: float | None
    hold: str
    clock_trusted: bool
    technician: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`waits_for` is "" where the gate is open."""

    reason: str
    waits_for: str = ""

    @property
    def is_open(self) -> bool:
        return not self.waits_for


def judge(facts: GateFacts, own: UpdateSettings, *, needs_wh: float, window: str = "") -> Verdict:
    """Whether a release that costs `needs_wh` at most may be installed now; the first that forbids
    it is told. `window`: that of the rollout; it and the unit's own must both be open.
    """
    found = (
        find_hold(facts),
        find_clock(facts),
        find_window(facts, own.window, say("its window")),
        find_window(facts, window, say("the window of its rollout")),
        find_temperature(facts),
    )
    if verdict := next(filter(None, found), None):
        return verdict
    return judge_energy(facts, own, needs_wh=needs_wh)


def find_hold(facts: GateFacts) -> Verdict | None:
    return Verdict(say("updates are held: {hold}", hold=facts.hold), "hold") if facts.hold else None


def find_clock(facts: GateFacts) -> Verdict | None:
    if facts.clock_trusted or facts.technician:
        return None
    return Verdict(
        say(
            "the update waits: no time server has confirmed the clock since the start, so it "
            "is not known whether the release is still meant to be installed; a technician may "
            "order it"
        ),
        "clock",
    )


def find_window(facts: GateFacts, window: str, name: str) -> Verdict | None:
    if facts.technician or is_within(parse_hours(window), facts.local_time):
        return None
    return Verdict(say("the update waits for {name}, {window}", name=name, window=window), "window")


def find_temperature(facts: GateFacts) -> Verdict | None:
    if facts.temperature_c is None or COLDEST_C <= facts.temperature_c <= HOTTEST_C:
        return None
    return Verdict(
        say(
            "the update waits: the computer has {temperature_c:.0f} C, and flash memory is "
            "written from {coldest_c:.0f} to {hottest_c:.0f} C",
            temperature_c=facts.temperature_c,
            coldest_c=COLDEST_C,
            hottest_c=HOTTEST_C,
        ),
        "temperature",
    )


def judge_energy(facts: GateFacts, own: UpdateSettings, *, needs_wh: float) -> Verdict:
    """By charge and by what is left above the reserve; an unknown charge blocks."""
    soc_pct, energy_wh, reserve_wh = facts.soc_pct, facts.energy_wh, facts.reserve_wh
    if not (is_known(soc_pct) and is_known(energy_wh) and is_known(reserve_wh)):
        return Verdict(say("the update waits: the charge of the battery is not known"), "energy")
    charging = (facts.charging_pct_per_h or 0.0) >= CHARGING_PCT_PER_H
    least_pct = own.least_charging_pct if charging else own.least_charge_pct
    if soc_pct < least_pct:
        text = say(
            "the update waits: {soc_pct} % charge, needs {least_pct} %",
            soc_pct=floor(soc_pct),
            least_pct=ceil(least_pct),
        )
        return Verdict(text, "energy")
    return judge_spare(
        energy_wh - reserve_wh, SAFETY * needs_wh, say("{soc_pct} % charge", soc_pct=floor(soc_pct))
    )


def judge_spare(spare_wh: float, needed_wh: float, charge: str) -> Verdict:
    """By what is left above the reserve."""
    needed = say(
        "{needed_wh} Wh (twice what installation, trial and way back take)",
        needed_wh=ceil(needed_wh),
    )
    if spare_wh < needed_wh:
        spare = say("{spare_wh} Wh above the reserve", spare_wh=floor(max(0.0, spare_wh)))
        return Verdict(
            say("the update waits: {spare}, needs {needed}", spare=spare, needed=needed), "energy"
        )
    return Verdict(
        say(
            "{charge}, {spare_wh} Wh above the reserve; {needed} are needed",
            charge=charge,
            spare_wh=floor(spare_wh),
            needed=needed,
        )
    )


def is_known(value: float | None) -> TypeGuard[float]:
    """Whether it is a figure that can be compared."""
    return value is not None and isfinite(value)
