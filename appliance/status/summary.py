"""The first screen: is all well, and will it last? One sentence each, from the whole document.

    summary = summarise(document, night, settings)
    summary["sentence"]     # All well. Lasts until sunrise (06:12) with 34 %.

Reads and writes: nothing; pure.
Never: says that all is well while a fault is open, the power service is silent, the battery is
not known or it may not last.
"""

from datetime import datetime, timedelta
from enum import Enum

from appliance.model import EnergyLevel
from appliance.settings import Settings
from appliance.status.energy_flow import STILL_A, describe_flow, select_fresh
from appliance.status.freshness import Document
from appliance.status.night_ahead import NightAhead
from appliance.store.decoding import decode_time
from appliance.store.rows import encode_time
from appliance.wording.counts import format_count
from appliance.wording.sentence import join_sentences, say
from appliance.wording.site_time import find_zone

LOW = (EnergyLevel.OFF.name, EnergyLevel.HIBERNATE.name)


class State(Enum):
    """How the unit is: the worst that holds."""

    WELL = "well"
    ATTENTION = "attention"
    FAULT = "fault"


def summarise(document: Document, night: NightAhead, settings: Settings) -> Document:
    """The `summary` of a status document."""
    now = decode_time(document["unit"]["at"])
    energy = select_fresh(document["energy"])
    lasts, may_end = describe_duration(document, night, now, settings)
    is_read = is_battery_read(select_fresh(document["battery"]))
    state, verdict = judge(document, may_end=may_end, now=now, settings=settings)
    return {
        "state": state.value,
        "verdict": verdict,
        "lasts": lasts,
        "sentence": join_sentences(" ", [verdict, lasts]),
        "sunrise": None if night.sunrise is None else encode_time(night.sunrise),
        "charge_at_sunrise_pct": night.charge_pct if night.sunrise and is_read else None,
        "follows_plan": night.is_planned and energy is not None,
        "flow": describe_flow(document),
    }


# --- is all well? ---------------------------------------------------------------------------------


def judge(
    document: Document, *, may_end: bool, now: datetime, settings: Settings
) -> tuple[State, str]:
    """The state and its sentence."""
    faults = document["faults"]
    if faults:
        return State.FAULT, say("{faults}.", faults=format_count(len(faults), "fault"))
    silence = describe_silence(document["energy"], now, settings)
    if silence:
        return State.FAULT, silence
    concern = describe_concern(document, may_end=may_end)
    return (State.ATTENTION, concern) if concern else (State.WELL, say("All well."))


def describe_silence(energy: Document | None, now: datetime, settings: Settings) -> str:
    """Why there is no energy budget; "" where there is one."""
    if energy is None:
        return say("The power service has not decided anything yet.")
    if energy["fresh"]:
        return ""
    since = format_moment(decode_time(energy["at"]), now, settings)
    return say(
        "The power service has been silent since {since}: no camera and no inference may run.",
        since=since,
    )


def describe_concern(document: Document, *, may_end: bool) -> str:
    """What is no fault and yet not well; "" where there is nothing."""
    battery = select_fresh(document["battery"])
    if battery is None or battery["state_of_charge_pct"] is None:
        return say("The charge of the battery is not known.")
    if not is_battery_read(battery):
        return say("The battery is not being read.")
    if battery["charge_blocked"]:
        return say("The battery cannot be charged now.")
    if document["energy"]["level"] in LOW:
        return say("At {level}, to save the battery.", level=document["energy"]["level"])
    return say("The battery may not last.") if may_end else ""


# --- will it last? --------------------------------------------------------------------------------


def describe_duration(
    document: Document, night: NightAhead, now: datetime, settings: Settings
) -> tuple[str, bool]:
    """How long the battery lasts, and whether that may be too short."""
    end = format_end(night, now, settings)
    battery = select_fresh(document["battery"])
    if battery is None or battery["state_of_charge_pct"] is None:
        return say("How long the battery lasts is not known."), False
    if not is_battery_read(battery):
        return say("How long the battery lasts is not known: no device reports its voltage."), False
    if night.charge_pct is None:
        return describe_present_use(battery, night, end, now, settings)
    if night.empty_at is not None:
        at = format_moment(night.empty_at, now, settings)
        return say("Lasts until about {at} only, not until {end}.", at=at, end=end), True
    return describe_planned(night, end, now, settings)


def is_battery_read(battery: Document | None) -> bool:
    """Whether a device reports its voltage now; without one the charge is only remembered."""
    return battery is not None and battery["voltage_v"] is not None


def describe_planned(
    night: NightAhead, end: str, now: datetime, settings: Settings
) -> tuple[str, bool]:
    """The end of the night as the plan expects it."""
    lasts = say("Lasts until {end} with {charge_pct:.0f} %", end=end, charge_pct=night.charge_pct)
    if night.low_pct is not None and night.low_pct < settings.energy.off_below_pct:
        return say(
            "{lasts}, but one case of ten has less than {low_pct:.0f} %.",
            lasts=lasts,
            low_pct=night.low_pct,
        ), True
    if night.sleeps_at is not None:
        return say(
            "{lasts}; sleeps from {at}.",
            lasts=lasts,
            at=format_moment(night.sleeps_at, now, settings),
        ), False
    return say("{lasts}.", lasts=lasts), False


def describe_present_use(
    battery: Document, night: NightAhead, end: str, now: datetime, settings: Settings
) -> tuple[str, bool]:
    """Without a plan: for how long the charge is enough at the present use."""
    left_s, current_a = battery["time_to_go_s"], battery["current_a"]
    if current_a is not None and current_a >= -STILL_A:
        return say("The battery is not discharged now; there is no plan for the night."), False
    if left_s is None:
        return say("There is no plan: how long the battery lasts is not known."), False
    empty_at = now + timedelta(seconds=left_s)
    if empty_at >= night.ends:
        return say("At the present use it lasts until {end}.", end=end), False
    at = format_moment(empty_at, now, settings)
    return say(
        "At the present use it lasts until {at} only, not until {end}.", at=at, end=end
    ), True


def format_end(night: NightAhead, now: datetime, settings: Settings) -> str:
    """What the night ends with."""
    at = format_moment(night.ends, now, settings)
    return (
        say("sunrise ({at})", at=at)
        if night.sunrise
        else say("{at} (no sunrise in that time)", at=at)
    )


def format_moment(at: datetime, now: datetime, settings: Settings) -> str:
    """A time at the site, with its day where that is not today or the coming night."""
    here = find_zone(settings.site.timezone)
    local, today = at.astimezone(here), now.astimezone(here).date()
    is_near = local.date() == today or timedelta(0) <= at - now < timedelta(hours=24)
    return say("{at:%H:%M}", at=local) if is_near else say("{at:%-d %b %H:%M}", at=local)
