"""`unitctl energy yield`: what the panels gave, by day, week or month; as CSV, and for PVOutput.

Reads: SolarDay; power readings and their means for PVOutput's statuses. Writes: standard output or
a file. Nothing is uploaded.
Never: estimates what was not measured: a day without a row is missing.
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.commands.opening import open_unit
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import ApplianceError, SettingsError
from appliance.model import SolarDay
from appliance.settings import Settings
from appliance.status.history import Span
from appliance.status.solar_yield import YieldSum, read_solar_days, sum_up_days
from appliance.store.steps import read_pv_steps
from appliance.store.store import Store
from appliance.wording.site_time import find_zone
from power.plan.learned_array import LearnedArray, learn_array

COLUMNS = (
    "starts",
    "yield_wh",
    "specific_yield_kwh_per_kwp",
    "performance_ratio",
    "clear_hours",
    "curtailed_h",
)
OUTPUT_DAYS, STATUS_DAYS = 90, 14  # how far back PVOutput takes them (statuses without a donation)
STEP_H = 1 / 12
LEARN_DAYS = 365
NAMES = {Span.DAYS: "%a %d %b %Y", Span.WEEKS: "week from %d %b %Y", Span.MONTHS: "%B %Y"}


class YieldError(ApplianceError):
    """There is no yield to show."""

    code = "yield"


def run(arguments: argparse.Namespace) -> int:
    """Print it, or write it to the file; raises `YieldError`, `SettingsError`."""
    with open_unit(arguments) as (settings, store):
        zone = find_zone(settings.site.timezone)
        today = store.clock.stamp().utc.astimezone(zone).date()
        if arguments.form == "pvoutput-status":
            return write(arguments.to, list(format_statuses(store, settings, today)))
        span = Span.DAYS if arguments.form == "pvoutput" else Span(arguments.by)
        days = read_solar_days(store, span.list_starts(today)[0])
        learned = learn_array(read_solar_days(store, today - timedelta(days=LEARN_DAYS)), settings)
    if arguments.form == "pvoutput":
        return write(arguments.to, list(format_outputs(days, today)))
    periods = group_days(days, span)
    if not periods:
        raise YieldError(
            "no day is stored yet: the plan stores each day when it is over (03:30); see what it "
            "says (`systemctl status appliance-plan`)"
        )
    if arguments.form == "csv":
        return write(arguments.to, list(format_csv(periods, settings)))
    if arguments.json:
        document = build_document(periods, span, settings)
        show_json({**document, "panels": build_panels_document(learned, settings)})
    else:
        panels = build_panels_section(learned, settings)
        show([build_section(periods, span, settings), panels])
    return 0


def group_days(days: Sequence[SolarDay], span: Span) -> dict[date, YieldSum]:
    """The sums of each period, by its first day."""
    found: dict[date, list[SolarDay]] = {}
    for day in days:
        found.setdefault(span.find_start(day.day.date()), []).append(day)
    return {start: sum_up_days(of) for start, of in found.items()}


def build_document(periods: dict[date, YieldSum], span: Span, settings: Settings) -> dict[str, Any]:
    """The same as JSON."""
    peak_w = settings.panels.peak_w
    return {
        "span": span.value,
        "peak_w": peak_w,
        "periods": [
            {"starts": start.isoformat(), **one.describe(peak_w)} for start, one in periods.items()
        ],
    }


def build_section(periods: dict[date, YieldSum], span: Span, settings: Settings) -> Section:
    """One line for each period."""
    title = f"Yield of {settings.panels.peak_w:g} Wp (performance ratio: of clear hours only)"
    lines = [
        Line(f"{start:{NAMES[span]}}", describe_period(one, settings.panels.peak_w))
        for start, one in periods.items()
    ]
    return Section(title, lines)


def build_panels_section(learned: LearnedArray | None, settings: Settings) -> Section:
    """Direction and tilt, as set and as the clear days show them."""
    panels, fit = settings.panels, learned.fit if learned else None
    said = f"tilt {panels.tilt_deg:g}, azimuth {panels.get_azimuth_deg(settings.site):g} degrees"
    if learned is None or fit is None:
        shown = "not known yet: it takes seven clear days or more with some hours uncurtailed"
    else:
        shown = (
            f"tilt {fit.tilt_deg:.0f} +- {fit.tilt_sigma_deg:.0f}, azimuth "
            f"{fit.azimuth_deg:.0f} +- {fit.azimuth_sigma_deg:.0f} degrees, "
            f"from {fit.days} clear days"
            f"{'; the plan goes by it' if learned.is_better else ''}"
        )
    return Section("Panels", [Line("as set", said), Line("by the sky", shown)])


def build_panels_document(learned: LearnedArray | None, settings: Settings) -> dict[str, Any]:
    """The same as JSON; null where nothing is learned."""
    panels, fit = settings.panels, learned.fit if learned else None
    return {
        "tilt_deg": panels.tilt_deg,
        "azimuth_deg": panels.get_azimuth_deg(settings.site),
        "learned_tilt_deg": fit.tilt_deg if fit else None,
        "learned_tilt_sigma_deg": round(fit.tilt_sigma_deg, 1) if fit else None,
        "learned_azimuth_deg": fit.azimuth_deg if fit else None,
        "learned_azimuth_sigma_deg": round(fit.azimuth_sigma_deg, 1) if fit else None,
        "plan_uses_learned": learned is not None and learned.is_better,
    }


def describe_period(one: YieldSum, peak_w: float) -> str:
    """The figures of one period; what is not known is a question mark."""
    shown = one.describe(peak_w)
    energy = "?" if one.yield_wh is None else f"{one.yield_wh:.0f}"
    specific = shown["specific_yield_kwh_per_kwp"]
    ratio, held_h = one.performance_ratio, one.curtailed_h
    of_clear = "  -" if ratio is None else f"{ratio:.2f} in {one.clear_hours:.0f} clear h"
    return (
        f"{energy:>7} Wh  {'?' if specific is None else f'{specific:.2f}':>6} kWh/kWp  "
        f"curtailed {'?' if held_h is None else f'{held_h:.1f}':>5} h  ratio {of_clear}"
    )


# --- files ----------------------------------------------------------------------------------------


def format_csv(periods: dict[date, YieldSum], settings: Settings) -> Iterator[str]:
    """One line for each period, with a head; what is not known is empty."""
    yield join_csv(COLUMNS)
    for start, one in periods.items():
        figures = {"starts": start.isoformat(), **one.describe(settings.panels.peak_w)}
        yield join_csv([figures[name] for name in COLUMNS])


def format_outputs(days: Sequence[SolarDay], today: date) -> Iterator[str]:
    """Days as PVOutput's addoutput takes them: d,g,e,pp,pt,cd,tm,tx."""
    for day in days:
        old = (today - day.day.date()).days
        if day.yield_wh is not None and 0 < old <= OUTPUT_DAYS:
            celsius = [None if one is None else round(one, 1) for one in get_temperatures(day)]
            yield join_csv(
                [f"{day.day:%Y%m%d}", round(day.yield_wh), None, None, None, None, *celsius]
            )


def get_temperatures(day: SolarDay) -> tuple[float | None, float | None]:
    """The day's lowest and highest temperature, of the battery."""
    return day.coldest_c, day.warmest_c


def format_statuses(store: Store, settings: Settings, today: date) -> Iterator[str]:
    """Each five minutes as PVOutput's addbatchstatus takes them: d,t,v1,v2 (Wh of the day so far,
    W), in the site's time.
    """
    zone, now = find_zone(settings.site.timezone), store.clock.stamp().utc
    since = datetime.combine(today - timedelta(days=STATUS_DAYS - 1), datetime.min.time(), zone)
    so_far_wh, last = 0.0, None
    for at, watts in read_pv_steps(store, since, now):
        there = at.astimezone(zone)
        so_far_wh = so_far_wh if there.date() == last else 0.0
        last, so_far_wh = there.date(), so_far_wh + watts * STEP_H
        yield join_csv([f"{there:%Y%m%d}", f"{there:%H:%M}", round(so_far_wh), round(watts)])


def join_csv(values: Sequence[object]) -> str:
    """One line of CSV; None is empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow("" if one is None else one for one in values)
    return text.getvalue()


def write(path: Path | None, lines: Sequence[str]) -> int:
    """Write the lines; raises `YieldError` where there are none, `SettingsError` for the file."""
    if not lines:
        raise YieldError("nothing is stored of that time yet")
    text = "".join(f"{line}\n" for line in lines)
    if path is None or str(path) == "-":
        sys.stdout.write(text)
        return 0
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise SettingsError(f"{path} is there already; name another with --to") from error
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SettingsError(f"{path} cannot be written: {reason}") from error
    print(path)
    return 0
