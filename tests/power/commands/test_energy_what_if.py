"""`unitctl energy what-if`, as a technician types it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from appliance import settings_file
from power.commands import what_if, what_if_seasons
from tests.power.commands.energy_unit import MINUTE, Unit
from tests.power.plan.site_days import a_state, a_sun_day, plain_sky


def test_what_if_puts_both_units_side_by_side_and_says_what_it_buys(unit: Unit) -> None:
    unit.open_as("power").add(a_state(unit.ago(MINUTE), 60.0))
    code, out, _ = unit.type("what-if", "--pv-w", "240")
    assert code == 0
    assert "From now on: 45 days" in out
    assert "The days with the least sun: 45 days" in out
    assert "work (FULL always: 100 %)" in out
    last = out.strip().splitlines()[-1]
    assert last.startswith("With 240 W of panels (now 60), the unit would do ")
    document = unit.json("what-if", "--pv-w", "240")
    for season in ("now", "scarce"):
        today, changed = document[season]["today"], document[season]["changed"]
        assert changed["worth_pct"] > today["worth_pct"] + 5
        assert changed["hours_a_day"]["FULL"] > today["hours_a_day"]["FULL"]
        assert sum(today["hours_a_day"].values()) == pytest.approx(24, abs=0.1)
        chances = changed["chance_to_hibernate_pct"], today["chance_to_hibernate_pct"]
        assert 0 <= chances[0] <= chances[1] + 3  # rare in both: of 200 futures some differ
    assert document["says"] == last


def test_what_changes_nothing_is_said_to_change_hardly_anything(unit: Unit) -> None:
    document = unit.json("what-if", "--pv-w", "60.01")
    assert "hardly anything would change in the 45 days with the least sun" in document["says"]


def test_several_changes_are_one_question(unit: Unit) -> None:
    sentence = unit.json("what-if", "--battery-wh", "5120", "--sentinel-w", "3")["says"]
    assert "5120 Wh of battery (now 2560), 3 W at SENTINEL (now 6)" in sentence


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "at least one change: --pv-w, --tilt-deg"),
        (("--pv-w", "-5"), "--pv-w must be from 1 to 100000, not -5"),
        (("--tilt-deg", "91"), "--tilt-deg must be from 0 to 90"),
        (("--tilt-deg", "nan"), "--tilt-deg: 'nan' is no number"),
        (("--sentinel-w", "40"), "must draw more than the one below"),
        (("--pv-w", "90", "--dull-sun-pct", "101"), "from 0 to 100"),
        (("--battery-wh", "many"), "--battery-wh: 'many' is no number, such as 900"),
    ],
)
def test_a_wish_that_cannot_be_is_a_wrong_use(
    unit: Unit, words: tuple[str, ...], text: str
) -> None:
    code, out, err = unit.type("what-if", *words)
    assert (code, out) == (2, "")
    assert text in err


def test_the_scarcest_days_are_those_around_the_weakest_clear_sky(unit: Unit) -> None:
    settings = settings_file.load_settings(unit.settings)

    def seasons(site: Any, panels: Any, times: Sequence[datetime]) -> list[float]:
        """Weakest on 21 December."""
        days = [(at - datetime(2026, 12, 21, tzinfo=UTC)) / timedelta(days=1) for at in times]
        return [100 + min(day % 365.25, -day % 365.25) for day in days]

    first = what_if_seasons.find_scarcest_days(
        settings, seasons, datetime(2026, 6, 1, tzinfo=UTC).date()
    )
    middle = first + timedelta(days=22)
    assert abs((middle - datetime(2026, 12, 21, tzinfo=UTC).date()).days) <= 1


def test_the_weather_of_a_season_to_come_is_that_of_last_year_where_it_is_known(unit: Unit) -> None:
    settings = settings_file.load_settings(unit.settings)
    plan = unit.open_as("plan")
    first = (unit.now + timedelta(days=150)).date()
    nothing = what_if_seasons.read_history_before(plan, settings, plain_sky, first)
    assert nothing.days == ()
    for ago in range(1, 60):
        plan.add(a_sun_day(first - timedelta(days=365 + ago), 0.2))
    found = what_if_seasons.read_history_before(plan, settings, plain_sky, first)
    assert len(found.days) == 59
    assert {round(day.clear_sky_index or 0, 2) for day in found.days} == {0.2}


def compare_shares(changed: float, today: float) -> what_if_seasons.Comparison:
    """The same share of work and of scenarios."""
    results = (
        what_if_seasons.SeasonResult(
            utility=one, hours={}, hibernates=one, powers_off=0.0, lowest_pct=0.0
        )
        for one in (today, changed)
    )
    return what_if_seasons.Comparison(date(2026, 1, 1), *results)


def test_a_share_that_stays_is_said_to_be_as_today() -> None:
    same, more = compare_shares(1.0, 1.0), compare_shares(0.57, 0.36)
    assert what_if.format_chance(same) == "100 % of the scenarios (as today)"
    assert what_if.format_work(more) == "57 % of full work instead of 36 %"


def test_a_dull_week_is_played_with_both_units_at_the_sun_that_was_named(unit: Unit) -> None:
    unit.open_as("power").add(a_state(unit.ago(MINUTE), 60.0))
    dark = unit.json("what-if", "--battery-wh", "640", "--dull-sun-pct", "0")["week"]
    assert (dark["sun_pct"], dark["days"]) == (0.0, 7)
    assert sum(dark["today"]["hours"].values()) == 7 * 24
    assert dark["today"]["end_charge_pct"] < 60
    small, whole = dark["changed"]["hibernates_after_h"], dark["today"]["hibernates_after_h"]
    assert small is not None
    assert whole is None or small < whole
    clear = unit.json("what-if", "--battery-wh", "640", "--dull-sun-pct", "100")["week"]
    assert clear["today"]["end_charge_pct"] > dark["today"]["end_charge_pct"]
    code, out, _ = unit.type("what-if", "--battery-wh", "640", "--dull-sun-pct", "5")
    assert code == 0
    assert "A dull week: 7 days from now on with 5 % of a cloudless day's sun" in out
