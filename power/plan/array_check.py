"""Checks the panels by their yield: measured over expected, from the days that are stored.

    fault = check_array(days, today, settings)    # None, or what is wrong and what to do

Reads and writes: nothing; pure. The days are made in power/plan/history.py.
Never: takes weather for a fault. Three things are told from clouds, and nothing else:
- nothing at all: the darkest of 9490 days of 26 sites still gave 1.7 % of a clear one;
- less in each clear hour since one day: a string, a panel, a shadow, snow;
- less and less in clear hours: dirt.
Curtailed time, time without charging (full, frost) and cloudy hours say nothing and are left out:
in weeks without a clear hour only the first can be seen.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time

from appliance.errors import ApplianceError
from appliance.model import SolarDay
from appliance.settings import Settings
from appliance.wording.counts import format_share
from appliance.wording.sentence import say
from power.plan.weather_model import estimate_usual_c
from power.plan.yield_loss import YieldLoss, compute_noon_height, find_yield_loss

NOTHING_SHARE = 0.005
EVIDENCE_WH_PER_W = 0.25  # of clear-sky energy that was seen: half an hour of a summer's noon
DARK_DAYS, LAST_DAYS = 2, 7
DEAD_SHARE = 0.5  # of the battery's nominal voltage: a panel in any daylight has more
LEAST_HEIGHT = 0.17  # sine of the sun's elevation at noon: 10 degrees
SNOW_C = 2.0
MEASURE = say("Measure its voltage and current at the controller, and look at fuses and plugs")


class ArrayFault(ApplianceError):  # noqa: N818  (named for what it is)
    """The panels give nothing."""

    code = "pv-none"
    is_urgent = True


class YieldStepped(ArrayFault):
    """The panels give less since one day."""

    code = "pv-step"
    is_urgent = False


class YieldLow(YieldStepped):
    """The same beside the nominal power: a wrong direction in the settings explains it as well."""


class YieldDeclines(ArrayFault):
    """The panels give less and less."""

    code = "pv-decline"
    is_urgent = False


def check_array(
    days: Sequence[SolarDay],
    today: SolarDay | None,
    settings: Settings,
    open_codes: Collection[str] = (),
) -> ArrayFault | None:
    """What is wrong with the panels. `days`: the stored ones, the oldest first; `today`: as far as
    it was seen; `open_codes`: of the faults that are open.
    """
    dark = find_dark_days([*days[-LAST_DAYS:], *([today] if today else [])], settings)
    dark = dark or find_unconnected_days(days[-LAST_DAYS:], settings)
    if dark:
        return describe_nothing(dark, settings)
    is_open = YieldStepped.code in open_codes or YieldDeclines.code in open_codes
    loss = find_yield_loss(days, settings.site, is_open=is_open)
    return describe_loss(loss, days, settings) if loss else None


# --- nothing --------------------------------------------------------------------------------------


def find_dark_days(days: Sequence[SolarDay], settings: Settings) -> list[SolarDay]:
    """The last days on which the sun was there and the panels gave nothing; empty where that may be
    a dark sky and a controller that begins at some watts.
    """
    evidence_wh = EVIDENCE_WH_PER_W * settings.panels.peak_w
    seen = [day for day in days if day.clear_wh >= evidence_wh and day.yield_wh is not None]
    dark: list[SolarDay] = []
    for day in reversed(seen):
        if not gave_nothing(day):
            break
        dark.insert(0, day)
    is_certain = len(dark) >= DARK_DAYS or (dark and are_dead(dark[-1], settings))
    return dark if is_certain else []


def find_unconnected_days(days: Sequence[SolarDay], settings: Settings) -> list[SolarDay]:
    """The last whole days without any voltage of the panels, whatever the clock says of the hours:
    also frost in which nothing is charged, or a full battery, does not hide that.
    """
    found: list[SolarDay] = []
    for day in reversed(days):
        if not is_unconnected(day, settings):
            break
        found.insert(0, day)
    return found


def is_unconnected(day: SolarDay, settings: Settings) -> bool:
    """Whether the panels had no voltage all day, while the sun stood high enough at noon."""
    volts, given_wh = day.highest_pv_v, day.yield_wh
    if volts is None or given_wh is None:
        return False
    least_v = DEAD_SHARE * settings.battery.nominal_voltage_v
    is_lit = compute_noon_height(day.day, settings.site) >= LEAST_HEIGHT
    return is_lit and volts < least_v and given_wh <= NOTHING_SHARE * settings.panels.peak_w


def gave_nothing(day: SolarDay) -> bool:
    """Whether the whole day's energy was less than any sky leaves; the night's counts too, so that
    a clock that is wrong by hours does not make a day dark.
    """
    return day.yield_wh is not None and day.yield_wh <= NOTHING_SHARE * day.clear_wh


def are_dead(day: SolarDay, settings: Settings) -> bool:
    """Whether no panel is connected: one in daylight has more voltage than the battery."""
    least_v = DEAD_SHARE * settings.battery.nominal_voltage_v
    return day.noon_pv_v is not None and day.noon_pv_v < least_v


def describe_nothing(dark: Sequence[SolarDay], settings: Settings) -> ArrayFault:
    """The fault, with what the voltage and the cold say of its cause."""
    last = dark[-1]
    if are_dead(last, settings):
        cause = say(
            "there is no voltage either ({noon_pv_v:.1f} V with the sun high): they are not "
            "connected. Look whether they are still there, then at fuse, switch and plugs",
            noon_pv_v=last.noon_pv_v,
        )
    elif may_be_snow(last, settings):
        cause = say("it is cold enough for snow: sweep it off, and do not scratch the glass")
    else:
        volts = (
            ""
            if last.noon_pv_v is None
            else say(" (they show {noon_pv_v:.0f} V)", noon_pv_v=last.noon_pv_v)
        )
        cause = say(
            "look at the panels, whether something covers them{volts}, then at the charge "
            "controller, whether it is switched off or shows an error",
            volts=volts,
        )
    return ArrayFault(
        say(
            "the panels give nothing since {since:%d %b}, and even the darkest sky gives a "
            "fiftieth of a clear one: {cause}",
            since=dark[0].day,
            cause=cause,
        )
    )


def at_midnight(day: date) -> datetime:
    """A day as a sentence tells it."""
    return datetime.combine(day, time(), UTC)


def may_be_snow(day: SolarDay, settings: Settings) -> bool:
    """Whether it was cold enough; by the season where nobody measures."""
    if day.coldest_c is not None:
        return day.coldest_c <= SNOW_C
    return estimate_usual_c(settings.site.latitude_deg, day.day) <= SNOW_C


# --- less -----------------------------------------------------------------------------------------


def describe_loss(loss: YieldLoss, days: Sequence[SolarDay], settings: Settings) -> ArrayFault:
    """The fault of a loss: what was lost, since when, and what to do."""
    less = format_share(loss.share)
    if not loss.is_usual_known:
        return YieldLow(
            say(
                "in clear hours the panels give {less} less than {peak_w:g} W of them should since "
                "they are watched. Look whether all strings are connected and nothing shades them, "
                "and whether `peak_w`, tilt and azimuth under [panels] are right",
                less=less,
                peak_w=settings.panels.peak_w,
            )
        )
    if loss.step is None:
        return YieldDeclines(
            say(
                "in clear hours the panels give {less} less than they did, and it came little by "
                "little: clean them, and cut what has grown into their light",
                less=less,
            )
        )
    before, since = loss.step
    when = say(
        "between {before:%d %b} and {since:%d %b}",
        before=at_midnight(before),
        since=at_midnight(since),
    )
    if any(day.day.date() >= since and may_be_snow(day, settings) for day in days[-LAST_DAYS:]):
        advice = say(
            "It is cold enough for snow: look, and sweep it off. If there is none: {measure}",
            measure=MEASURE,
        )
    else:
        advice = say(
            "A string or a panel may be lost, or something new shades them. {measure}",
            measure=MEASURE,
        )
    return YieldStepped(
        say(
            "in clear hours the panels give {less} less since a day {when}. {advice}",
            less=less,
            when=when,
            advice=advice,
        )
    )
