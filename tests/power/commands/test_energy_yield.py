"""`unitctl energy yield`: figures by period, CSV, and what PVOutput takes."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model import SolarDay
from tests.power.commands.energy_unit import MINUTE, Unit
from tests.power.plan.site_days import a_reading

DAY = timedelta(days=1)


def store_days(unit: Unit, count: int = 3, **changed: float | None) -> list[SolarDay]:
    """The last days: 240 Wh each, three curtailed hours, two clear ones at a ratio of 0.8."""
    midnight = datetime.combine(unit.now.date(), time(), UTC)
    figures: dict[str, Any] = {
        "coldest_c": -1.25,
        "warmest_c": 9.0,
        "yield_wh": 240.0,
        "curtailed_h": 3.0,
        "clear_hours": 2.0,
        "clear_hours_wh": 64.0,
        "clear_hours_reference_wh": 80.0,
        **changed,
    }
    days = [
        SolarDay(unit.stamp, midnight - back * DAY, 200.0, 300.0, {"12": 0.8}, **figures)
        for back in range(count, 0, -1)
    ]
    unit.open_as("plan").add(*days)
    return days


def test_each_day_has_its_specific_yield_and_its_performance_ratio(unit: Unit) -> None:
    days = store_days(unit)
    code, out, _ = unit.type("yield")
    assert code == 0
    assert "Yield of 60 Wp (performance ratio: of clear hours only)" in out
    assert f"{days[0].day:%a %d %b %Y}" in out
    assert "240 Wh    4.00 kWh/kWp  curtailed   3.0 h  ratio 0.80 in 2 clear h" in out


def test_weeks_and_months_are_sums_and_the_ratio_is_that_of_all_clear_hours(unit: Unit) -> None:
    store_days(unit, 40)
    found = unit.json("yield", "--by", "months")
    assert found["peak_w"] == 60
    assert sum(one["yield_wh"] for one in found["periods"]) == 40 * 240.0
    assert {one["performance_ratio"] for one in found["periods"]} == {0.8}
    weeks = unit.json("yield", "--by", "weeks")["periods"]
    assert max(one["clear_hours"] for one in weeks) == 14.0


def test_what_is_not_known_is_empty_and_never_zero(unit: Unit) -> None:
    unknown = dict.fromkeys(
        ("yield_wh", "curtailed_h", "clear_hours", "clear_hours_wh", "clear_hours_reference_wh")
    )
    store_days(unit, 1, **unknown)
    (day,) = unit.json("yield")["periods"]
    assert (day["yield_wh"], day["performance_ratio"], day["curtailed_h"]) == (None, None, None)
    assert "? Wh" in unit.type("yield")[1]
    _, out, _ = unit.type("yield", "--form", "csv")
    assert out.splitlines()[1].endswith(",,,,0.0,")


def test_csv_has_a_head_and_a_line_for_each_day(unit: Unit) -> None:
    days = store_days(unit)
    head, *lines = unit.type("yield", "--form", "csv")[1].splitlines()
    assert head == (
        "starts,yield_wh,specific_yield_kwh_per_kwp,performance_ratio,clear_hours,curtailed_h"
    )
    assert lines == [f"{day.day:%Y-%m-%d},240.0,4.0,0.8,2.0,3.0" for day in days]


def test_pvoutput_gets_days_in_the_order_of_its_addoutput(unit: Unit) -> None:
    days = store_days(unit, 100)
    lines = unit.type("yield", "--form", "pvoutput")[1].splitlines()
    assert lines[-1] == f"{days[-1].day:%Y%m%d},240,,,,,-1.2,9.0"
    assert len(lines) <= 90, "it takes none older than 90 days"


def test_pvoutput_gets_statuses_in_the_order_of_its_addbatchstatus(unit: Unit) -> None:
    noon = unit.now.replace(hour=12, minute=0, second=0) - DAY
    for step in range(3):
        back = unit.now - noon - step * 5 * MINUTE
        unit.open_as("power").add(a_reading(unit.ago(back), 60.0 + step))
    lines = unit.type("yield", "--form", "pvoutput-status")[1].splitlines()
    summer = 2 if "Berlin" and noon.month in range(4, 11) else 1
    clock = [f"{noon:%Y%m%d},{12 + summer}:{minute:02d}" for minute in (0, 5, 10)]
    assert lines == [f"{clock[0]},5,60", f"{clock[1]},10,61", f"{clock[2]},15,62"]


def test_a_file_is_written_once_and_never_over_another(unit: Unit, tmp_path: Path) -> None:
    store_days(unit)
    path = tmp_path / "yield.csv"
    assert unit.type("yield", "--form", "csv", "--to", str(path)) == (0, f"{path}\n", "")
    before = path.read_text()
    code, _, err = unit.type("yield", "--form", "csv", "--to", str(path))
    assert (code, path.read_text()) == (2, before)
    assert "is there already" in err


@pytest.mark.parametrize("form", ["table", "csv", "pvoutput", "pvoutput-status"])
def test_a_unit_without_a_day_says_so(unit: Unit, form: str) -> None:
    code, out, err = unit.type("yield", "--form", form)
    assert (code, out) == (1, "")
    assert "stored" in err


def test_the_direction_of_the_panels_stands_below_as_set_and_by_the_sky(unit: Unit) -> None:
    store_days(unit)
    _, out, _ = unit.type("yield")
    words = " ".join(out.split())
    assert "Panels as set tilt 35, azimuth 180 degrees by the sky not known yet" in words
    _, out, _ = unit.type("yield", "--json")
    panels = json.loads(out)["panels"]
    assert panels["azimuth_deg"] == 180
    assert panels["learned_azimuth_deg"] is None
    assert panels["plan_uses_learned"] is False
