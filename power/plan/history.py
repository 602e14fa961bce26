"""The site's history: its past days, made from the stored readings, for the planner.

Reads: PowerReading and BatteryState, their stored means, SolarDay. Writes: nothing;
power/plan/run.py stores what is made here.
Never: leaves a day that was made before it was over, or takes a throttled step for a cloudy one.

Two days are there as full rows, a month as 5-minute means, ten years as hourly means. Full rows
know the charge stage; means do not, and so count only while the battery was far from full.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from appliance.model import PowerReading, SolarDay, Stamp
from appliance.settings import Settings
from appliance.status.solar_yield import read_solar_days
from appliance.store.decoding import decode_time
from appliance.store.steps import (
    COARSE_S,
    FINE_S,
    average_power,
    list_blocked_steps,
    read_energy_means,
)
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from power.battery.estimate import is_too_cold_to_charge
from power.plan.array_yield import HistoryPoint, HistoryPoints, add_yield
from power.plan.ladder import TARGET_HELD
from power.plan.problem import ClearSkyModel, compute_hourly_clear_w
from power.plan.solar_day import (
    HourMean,
    filter_sun_w,
    make_sun_day,
)

HISTORY_DAYS = 120  # that the planner is given
LOOK_BACK_DAYS = 60  # for readings of a day that has no row yet
MORE_SEEN_WH = 1.0
UNTHROTTLED_BELOW_PCT = 90.0  # a mean of a higher charge may hide a throttled sun
UNSHADED = (1.0,) * 24


def to_solar_time(utc: datetime, settings: Settings) -> datetime:
    """`utc` on the site's solar clock, to the hour, as `find_solar_midnight` has it."""
    return utc.astimezone(UTC) + timedelta(hours=round(settings.site.longitude_deg / 15))


def to_solar_date(utc: datetime, settings: Settings) -> date:
    """The date of the local solar day."""
    return to_solar_time(utc, settings).date()


def find_midnight(day: date, settings: Settings) -> datetime:
    """The solar midnight (UTC) with which that day begins."""
    midnight = datetime.combine(day, time(), UTC)
    return midnight - timedelta(hours=round(settings.site.longitude_deg / 15))


def to_storage_key(day: date) -> datetime:
    """Under which the day is stored."""
    return datetime.combine(day, time(), UTC)


# --- making days ----------------------------------------------------------------------------------


def make_new_days(
    store: Store, settings: Settings, clear_sky: ClearSkyModel, now: Stamp
) -> list[SolarDay]:
    """Each complete day of the last `LOOK_BACK_DAYS` that has readings and no row; and yesterday
    again, where more of it was seen than its row has: to a clock that was a day ahead half of it
    was the whole.
    """
    today = to_solar_date(now.utc, settings)
    yesterday = today - timedelta(days=1)
    stored = {day.day.date(): day for day in read_days(store, today)}
    back = (today - timedelta(days=ahead) for ahead in range(LOOK_BACK_DAYS, 0, -1))
    wanted = [day for day in back if day not in stored or day == yesterday]
    span = (
        find_midnight(wanted[0], settings),
        find_midnight(wanted[-1] + timedelta(days=1), settings),
    )
    by_day = split_by_day(read_points(store, settings, *span), settings)
    found = [day for day in wanted if by_day.get(day)]
    clear_w = compute_clear_days(settings, clear_sky, found)
    made = [
        add_yield(
            make_day(now, day, by_day[day], clear_w[day], settings),
            by_day[day],
            settings,
            clear_sky,
        )
        for day in found
    ]
    return [day for day in made if is_news(day, stored.get(day.day.date()))]


def is_news(day: SolarDay, stored: SolarDay | None) -> bool:
    """Whether there is no such row yet, or one of which less was seen."""
    return stored is None or day.clear_wh > stored.clear_wh + MORE_SEEN_WH


def compute_clear_days(
    settings: Settings, clear_sky: ClearSkyModel, days: Sequence[date]
) -> dict[date, list[float]]:
    """The cloudless hourly means (W) of each of these days, without shade."""
    if not days:
        return {}
    count = (days[-1] - days[0]).days + 1
    power_w = compute_hourly_clear_w(
        settings, clear_sky, find_midnight(days[0], settings), count, UNSHADED
    )
    places = {day: (day - days[0]).days * 24 for day in days}
    return {day: power_w[place : place + 24] for day, place in places.items()}


def split_by_day(points: HistoryPoints, settings: Settings) -> dict[date, HistoryPoints]:
    """The samples by local solar day."""
    found: defaultdict[date, HistoryPoints] = defaultdict(dict)
    for at, sample in points.items():
        found[to_solar_date(at, settings)][at] = sample
    return dict(found)


def make_day(
    now: Stamp, day: date, points: HistoryPoints, clear_w: Sequence[float], settings: Settings
) -> SolarDay:
    """The row of one day."""
    temperatures_c = [one.temperature_c for one in points.values()]
    return make_sun_day(
        now,
        to_storage_key(day),
        average_hours(points, settings),
        clear_w=clear_w,
        temperatures_c=[value for value in temperatures_c if value is not None],
    )


def make_today(
    store: Store, settings: Settings, clear_sky: ClearSkyModel, now: Stamp
) -> SolarDay | None:
    """The row of today as far as it was seen; None where nothing was."""
    today = to_solar_date(now.utc, settings)
    points = read_points(store, settings, find_midnight(today, settings), now.utc)
    if not points:
        return None
    clear_w = compute_clear_days(settings, clear_sky, [today])[today]
    return add_yield(make_day(now, today, points, clear_w, settings), points, settings, clear_sky)


def average_hours(points: HistoryPoints, settings: Settings) -> dict[int, HourMean]:
    """Mean power by local solar hour, from what was seen of it."""
    energy: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    for at, sample in points.items():
        sun_w = filter_sun_w(sample.pv_power_w, settings.panels.peak_w)
        if sun_w is not None and not sample.throttled and sample.hours > 0:
            energy[to_solar_time(at, settings).hour].append((sun_w, sample.hours))
    found = {}
    for hour, seen in energy.items():
        total = sum(hours for _, hours in seen)
        mean_w = sum(watts * hours for watts, hours in seen) / total
        found[hour] = HourMean(mean_w, min(1.0, total))
    return found


# --- reading --------------------------------------------------------------------------------------


def read_points(
    store: Store, settings: Settings, since: datetime, until: datetime
) -> HistoryPoints:
    """What was measured from `since` to before `until`, by the start of each step: full rows where
    there are any, else 5-minute means, else hourly ones.
    """
    full = read_full_rows(store, since, until)
    fine = {**read_means(store, settings, FINE_S, since, until), **full}
    known = {at.replace(minute=0) for at in fine}
    coarse = read_means(store, settings, COARSE_S, since, until)
    return {**{at: one for at, one in coarse.items() if at not in known}, **fine}


def read_full_rows(store: Store, since: datetime, until: datetime) -> HistoryPoints:
    """The full rows in steps of 5 minutes."""
    last = until - timedelta(milliseconds=1)
    blocked = list_blocked_steps(store, since, last)
    return {
        decode_time(row["step"]): HistoryPoint(
            FINE_S / 3600,
            pv_power_w=row["pv_w"],
            temperature_c=row["battery_c"],
            pv_voltage_v=row["pv_v"],
            throttled=bool(row["held"] or row["refused"] or row["step"] in blocked),
        )
        for row in average_power(store, TARGET_HELD, since, last)
    }


def read_means(
    store: Store, settings: Settings, step_s: int, since: datetime, until: datetime
) -> HistoryPoints:
    """The stored means. Of an hour only the share counts in which there were rows."""
    rows = read_energy_means(store, step_s, since, until)
    usual = step_s / max(BY_ROW[PowerReading].every_s or 0.0, settings.meter.poll_every_s)
    return {
        decode_time(row["step"]): HistoryPoint(
            step_s / 3600 * (min(1.0, row["rows"] / usual) if step_s == COARSE_S else 1.0),
            pv_power_w=row["pv_w"],
            temperature_c=row["battery_c"],
            pv_voltage_v=row["pv_v"],
            throttled=row["charge_pct"] is None
            or row["charge_pct"] >= UNTHROTTLED_BELOW_PCT
            or is_too_cold_to_charge(row["battery_c"], settings.battery),
        )
        for row in rows
    }


def read_days(store: Store, until: date, days: int = HISTORY_DAYS) -> list[SolarDay]:
    """The stored days before `until`, at most so many days back, the oldest first."""
    stored = read_solar_days(store, until - timedelta(days=days))
    return [day for day in stored if day.day < to_storage_key(until)]
