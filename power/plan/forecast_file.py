"""A day-ahead forecast from outside, where a link brought one: the file and its form.

Reads: forecast.json in the data directory. Writes: nothing; a program that has a link writes it.
Never: is needed. No file, or an old one, is no fault; a bad one is, and the plan goes on without.

    {"made": "2026-11-22T05:00:00Z",
     "days": [{"date": "2026-11-22", "clearness": 0.4, "sigma": 0.15}, ...]}

`clearness` is the day's sun over that of a cloudless day (0 to 1.2), `sigma` its usual error. A
date is that of the site's solar day.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError
from appliance.parsing.small_file import read_small_file
from appliance.strict_json import parse_object
from appliance.wording.sentence import say
from power.plan.horizon import HORIZON_DAYS, DayForecast

MAX_AGE = timedelta(hours=36)
MAX_CLOCK_ERROR = timedelta(hours=2)  # that the maker's clock may be
MAX_BYTES = 65_536
CLEAR_SKY_INDEX_LIMITS = (0.0, 1.2)
SIGMA_LIMITS = (0.02, 1.0)


class ForecastError(ApplianceError):
    """There is a forecast, and it cannot be used."""

    code = "forecast"


def read_forecast(path: Path, now: datetime, today: date) -> dict[int, DayForecast]:
    """The forecast of the days ahead, 0 is `today`; empty where there is no fresh file.

    Raises `ForecastError` where the file cannot be read or does not have the form above.
    """
    data = read_bytes(path)
    if data is None:
        return {}
    try:
        made, days = parse_forecast(data)
    except (ValueError, OverflowError) as error:
        raise ForecastError(
            say(
                "the forecast {path} is not used: {error}; correct the program that writes it "
                "(docs/energy.md), or remove the file",
                path=path,
                error=error,
            )
        ) from error
    if made > now + MAX_CLOCK_ERROR:
        raise ForecastError(
            say(
                "the forecast {path} is not used: by this unit's clock it will be made in "
                "{ahead_h:.1f} h; check the clocks of the unit and of the machine that "
                "writes it",
                path=path,
                ahead_h=(made - now).total_seconds() / 3600,
            )
        )
    if now - made > MAX_AGE:
        return {}
    by_day = {(day - today).days: forecast for day, forecast in days.items()}
    return {number: forecast for number, forecast in by_day.items() if 0 <= number < HORIZON_DAYS}


def read_bytes(path: Path) -> bytes | None:
    """The file's content up to just above the limit; None where there is no file."""
    try:
        return read_small_file(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ForecastError(
            say(
                "the forecast {path} cannot be read: {strerror}; check its owner and permissions",
                path=path,
                strerror=error.strerror,
            )
        ) from error


def parse_forecast(data: bytes) -> tuple[datetime, dict[date, DayForecast]]:
    """When it was made, and what it says of each day. Raises `ValueError` in words."""
    document = parse_object(data, most_bytes=MAX_BYTES)
    if not isinstance(document.get("days"), list):
        raise ValueError(say('it has no list "days"'))  # noqa: TRY004  (of what the file says)
    days: dict[date, DayForecast] = {}
    for number, entry in enumerate(document["days"], start=1):
        day, forecast = parse_day(entry, say("day {number}", number=number))
        if day in days:
            raise ValueError(say("{day} is there twice", day=day))
        days[day] = forecast
    return parse_time(document.get("made")), days


def parse_day(entry: Any, where: str) -> tuple[date, DayForecast]:
    """One entry of "days"."""
    if not isinstance(entry, dict):
        refusal = say("{where} is not an object", where=where)
        raise ValueError(refusal)  # noqa: TRY004  (of what the file says)
    text: Any = entry.get("date")
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(
            say(
                '"date" of {where} is not a date such as 2026-11-22: {text}',
                where=where,
                text=repr(text),
            )
        ) from None
    clear_sky_index = parse_number(entry, "clearness", CLEAR_SKY_INDEX_LIMITS, where=where)
    return day, DayForecast(
        clear_sky_index, parse_number(entry, "sigma", SIGMA_LIMITS, where=where)
    )


def parse_number(entry: Any, name: str, limits: tuple[float, float], *, where: str) -> float:
    """A number of an entry that lies within its limits."""
    value = entry.get(name)
    low, high = limits
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ValueError(
            say(
                '"{name}" of {where} must be from {low:g} to {high:g}, not {value}',
                name=name,
                where=where,
                low=low,
                high=high,
                value=repr(value),
            )
        )
    return float(value)


def parse_time(text: Any) -> datetime:
    """When it was made; a time without a zone is ambiguous."""
    try:
        made = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        made = None
    if made is None or made.tzinfo is None:
        raise ValueError(
            say('"made" is not a time such as 2026-11-22T05:00:00Z: {text}', text=repr(text))
        )
    return made.astimezone(UTC)
