"""The forecast file: what is read, and what each bad one says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from power.plan.forecast_file import ForecastError, read_forecast
from power.plan.horizon import DayForecast

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
DAY = {"date": "2026-11-22", "clearness": 0.4, "sigma": 0.15}


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "forecast.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_fresh_forecast_is_read_by_day_from_today(tmp_path: Path) -> None:
    tomorrow = {"date": "2026-11-23", "clearness": 1, "sigma": 0.3}
    past = {"date": "2026-11-21", "clearness": 0.1, "sigma": 0.3}
    path = written(tmp_path, {"made": "2026-11-22T05:00:00Z", "days": [past, DAY, tomorrow]})
    forecast = read_forecast(path, NOW, NOW.date())
    assert forecast == {0: DayForecast(0.4, 0.15), 1: DayForecast(1.0, 0.3)}


def test_no_forecast_and_an_old_one_are_no_fault(tmp_path: Path) -> None:
    assert read_forecast(tmp_path / "none.json", NOW, NOW.date()) == {}
    path = written(tmp_path, {"made": "2026-11-20T05:00:00+00:00", "days": [DAY]})
    assert read_forecast(path, NOW, NOW.date()) == {}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("{", "not JSON"),
        ("[]", "it is no object"),
        ("[" * 100_000, "larger than 65536 bytes"),
        ("[" * 60_000, "not used"),
        (b"\xff\xfe".decode("latin-1"), "not JSON"),
        ({"made": "2026-11-22T05:00:00Z", "days": {}}, 'no list "days"'),
        ({"made": "2026-11-22T05:00:00", "days": [DAY]}, '"made" is not a time'),
        ({"days": [DAY]}, '"made" is not a time'),
        ({"made": "0001-01-01T00:00:00+14:00", "days": [DAY]}, "not used"),
        ({"made": [[[[[[[[[[1]]]]]]]]]], "days": [DAY]}, "nested deeper"),
        ('{"made": ' + "9" * 5000 + "}", "not JSON"),
        ({"made": 5, "days": [DAY]}, '"made" is not a time'),
        ({"made": "2026-11-23T05:00:00Z", "days": [DAY]}, "it will be made in"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY, DAY]}, "there twice"),
        ({"made": "2026-11-22T05:00:00Z", "days": [3]}, "day 1 is not an object"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"date": None}]}, "a date such as"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"date": "22.11."}]}, "a date such as"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"clearness": -0.1}]}, "from 0 to 1.2"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"clearness": True}]}, "from 0 to 1.2"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"sigma": 0}]}, '"sigma" of day 1'),
        (f'{{"made": "2026-11-22T05:00:00Z", "days": [{json.dumps(DAY)[:-1]}, "sigma": NaN}}]}}',
         "NaN is no number"),
    ],
)  # fmt: skip
def test_a_bad_forecast_is_one_sentence_that_says_what_to_do(
    tmp_path: Path, document: Any, text: str
) -> None:
    path = written(tmp_path, document)
    with pytest.raises(ForecastError, match=text) as found:
        read_forecast(path, NOW, NOW.date())
    assert found.value.code == "forecast"
    assert str(path) in str(found.value)
    assert "\n" not in str(found.value)


def test_a_forecast_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match="cannot be read"):
        read_forecast(tmp_path, NOW, NOW.date())
