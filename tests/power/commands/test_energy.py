"""`unitctl energy`, as a technician types it."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from appliance import settings_file
from appliance.__main__ import main
from appliance.clock import SystemClock
from appliance.commands import GROUP, commands
from appliance.commands.opening import moment
from appliance.model import (
    EnergyBudget,
    EnergyLevel,
    EnergyPlanStep,
    EnergyPolicy,
    Sleep,
    Stamp,
    Wake,
)
from appliance.store.store import Store
from power.commands import what_if
from tests.conftest import ROOT
from tests.power.plan.site_days import a_reading, a_state, a_sun_day, plain_sky

SETTINGS = """
[unit]
name = "hill 7"
data_dir = "data"
run_dir = "run"

[site]
longitude_deg = 0.0
timezone = "Europe/Berlin"

[panels]
peak_w = 60
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Unit:
    """A unit's directory, and `unitctl energy` to type at it. `now` is when the test began."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], database: Path) -> None:
        self.settings = directory / "unit.toml"
        self.settings.write_text(SETTINGS)
        self.database = directory / "data" / "unit.db"
        self._capsys = capsys
        self._stores: dict[str, Store] = {}
        self.database.parent.mkdir()
        shutil.copy(database, self.database)
        stamp = SystemClock().stamp()
        self.now = stamp.utc.replace(microsecond=0)
        self.stamp = replace(stamp, utc=self.now)

    def open_as(self, writer: str) -> Store:
        if writer not in self._stores:
            self._stores[writer] = Store(self.database, SystemClock(), writer)
        return self._stores[writer]

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def ago(self, back: timedelta) -> Stamp:
        return replace(
            self.stamp, utc=self.now - back, uptime_s=self.stamp.uptime_s - back.total_seconds()
        )

    def type(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `unitctl energy WORDS`."""
        with pytest.raises(SystemExit) as left:
            main(["energy", *words, "--settings", str(self.settings)])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json")[1])


@pytest.fixture
def unit(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    prepared_database: Path,
) -> Iterator[Unit]:
    plugged = [EntryPoint("energy", "power.commands.energy", GROUP)]
    monkeypatch.setattr("appliance.commands.plugins", lambda: plugged)
    monkeypatch.setattr("power.commands.what_if.compute_clear_sky_w", plain_sky)
    made = Unit(tmp_path, capsys, prepared_database)
    yield made
    made.close()


def test_the_command_is_named_in_the_project_and_costs_the_others_nothing() -> None:
    assert 'energy = "power.commands.energy"' in (ROOT / "pyproject.toml").read_text()
    heavy = ("numpy", "pandas", "pvlib", "power.plan.monte_carlo", "power.commands.why")
    code = (
        "import sys, power.commands.energy\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_outlook_and_the_why_need_no_numpy() -> None:
    code = "import sys, power.commands.outlook, power.commands.why\nprint('numpy' in sys.modules)"
    done = run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_help_names_the_actions_and_the_exit_codes(unit: Unit) -> None:
    assert "energy" in commands()
    _, out, _ = unit.type("--help")
    assert all(action in out for action in ("outlook", "what-if", "why"))
    for action in ("outlook", "what-if", "why"):
        assert "exit codes: 0 answered" in " ".join(unit.type(action, "--help")[1].split())


# --- outlook --------------------------------------------------------------------------------------


def planned(unit: Unit, first: datetime, ago: timedelta = 5 * MINUTE) -> None:
    made = unit.ago(ago)
    steps = [
        EnergyPlanStep(
            made,
            first + number * 15 * MINUTE,
            40.0,
            12.0,
            60.0 - number / 10,
            EnergyLevel.ECO if number % 2 else EnergyLevel.SENTINEL,
            50.0 - number / 10,
            70.0,
        )
        for number in range(288)
    ]
    policy = EnergyPolicy(made, first, first + 72 * HOUR, {}, b"", "one grey day expected")
    unit.open_as("plan").add(*steps, policy)


def test_without_a_plan_the_outlook_says_how_to_make_one(unit: Unit) -> None:
    code, out, err = unit.type("outlook")
    assert (code, out) == (1, "")
    assert "systemctl start appliance-plan" in err
    planned(unit, unit.now - 80 * HOUR)  # one that is over
    assert unit.type("outlook")[0] == 1


def test_the_outlook_shows_autonomy_and_the_days_in_quarters(unit: Unit) -> None:
    unit.open_as("power").add(a_state(unit.ago(MINUTE), 79.0))
    planned(unit, unit.now.replace(minute=0, second=0, microsecond=0))
    code, out, _ = unit.type("outlook")
    assert code == 0
    assert "10.3 days until the guard stops the cameras" in out
    assert "224 days until it powers off" in out
    assert "one grey day expected" in out
    assert "Europe/Berlin" in out
    lines = [line for line in out.splitlines() if "sun" in line and "Wh" in line]
    assert 12 <= len(lines) <= 13
    assert "ECO 3 h" in lines[2]
    assert "SENTINEL 3 h" in lines[2]
    assert "loads    72 Wh" in lines[2]
    assert "sun   240 Wh" in lines[2]


def test_the_outlook_as_json_has_every_step_from_now_on(unit: Unit) -> None:
    planned(unit, unit.now - HOUR + MINUTE)
    document = unit.json("outlook")
    assert document["autonomy"] == {"listening_days": None, "hibernating_days": None}
    assert len(document["steps"]) == 285
    assert document["steps"][0]["low_charge_pct"] == pytest.approx(49.7)
    assert document["reason"] == "one grey day expected"


def test_only_the_newest_plan_is_shown(unit: Unit) -> None:
    """Also where the one before was made by a clock that went ahead."""
    planned(unit, unit.now - HOUR, ago=-HOUR)
    newer = [
        EnergyPlanStep(unit.stamp, unit.now + number * HOUR, 0, 6, 50, EnergyLevel.SENTINEL)
        for number in range(3)
    ]
    unit.open_as("plan").add(*newer)
    document = unit.json("outlook")
    assert [step["level"] for step in document["steps"]] == ["SENTINEL"] * 3
    assert document["steps"][0]["low_charge_pct"] is None
    assert unit.type("outlook")[0] == 0


# --- why ------------------------------------------------------------------------------------------


def a_budget(stamp: Stamp, level: EnergyLevel, reason: str = "") -> EnergyBudget:
    said = f"{level.name}: {reason or 'so it was'}"
    return EnergyBudget(stamp, level, 12.0, stamp.utc + 3 * MINUTE, 100.0, said)


def history(unit: Unit) -> None:
    """FULL until 60 min ago, ECO until 20 min ago, SENTINEL since; each budget a minute."""
    power = unit.open_as("power")
    for back in range(120, -1, -1):
        level = (
            EnergyLevel.FULL
            if back > 60
            else EnergyLevel.ECO
            if back > 20
            else EnergyLevel.SENTINEL
        )
        stamp = unit.ago(back * MINUTE)
        charge_pct = 40.0 + back / 10
        power.add(
            a_budget(stamp, EnergyLevel(level), f"{charge_pct:.0f} % left"),
            a_state(stamp, charge_pct),
            a_reading(stamp, float(back)),
        )


def at(unit: Unit, back: timedelta) -> str:
    return (unit.now - back).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_why_shows_the_budget_that_held_and_the_changes_around_it(unit: Unit) -> None:
    history(unit)
    document = unit.json("why", "--at", at(unit, 40 * MINUTE))
    assert document["budget"]["reason"] == "ECO: 44 % left"
    assert document["before"]["reason"] == "FULL: 46 % left"
    assert document["after"]["reason"] == "SENTINEL: 42 % left"
    assert document["battery"]["state_of_charge_pct"] == pytest.approx(44.0, abs=0.2)
    assert document["reading"]["pv_power_w"] == pytest.approx(40, abs=1)
    assert document["sleep"] is None
    code, out, _ = unit.type("why", "--at", at(unit, 40 * MINUTE))
    assert code == 0
    for text in ("ECO: 44 % left", "may draw 12 W", "FULL: 46 % left", "SENTINEL: 42 % left"):
        assert text in out
    assert "44 +- 4 % (counted)" in out


def test_why_of_now_is_the_newest_budget(unit: Unit) -> None:
    history(unit)
    document = unit.json("why")
    assert document["budget"]["reason"] == "SENTINEL: 40 % left"
    assert document["after"] is None


def test_a_time_of_day_is_the_last_one_at_the_site(unit: Unit) -> None:
    settings = settings_file.load(unit.settings)
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert moment("03:10", now, settings) == datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
    assert moment("11:00", now, settings) == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert moment("11:01", now, settings) == datetime(2026, 11, 21, 10, 1, tzinfo=UTC)
    assert moment("2026-11-22T03:10", now, settings) == datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
    assert moment("2026-11-22T03:10Z", now, settings) == datetime(2026, 11, 22, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "25:00", "03:61", "2026-13-01"])
def test_a_time_that_is_none_is_a_wrong_use(unit: Unit, text: str) -> None:
    code, _, err = unit.type("why", "--at", text)
    assert code == 2
    assert "03:10" in err


def test_before_the_records_and_in_the_future_nothing_is_known(unit: Unit) -> None:
    code, _, err = unit.type("why")
    assert code == 1
    assert "no energy budget at all yet" in err
    history(unit)
    code, _, err = unit.type("why", "--at", at(unit, 10 * HOUR))
    assert code == 1
    assert "the budgets go back to" in err
    assert "kept for 2 days" in err
    code, _, err = unit.type("why", "--at", at(unit, -10 * HOUR))
    assert code == 1
    assert "in the future" in err


def test_a_time_without_a_budget_says_when_the_last_one_ended(unit: Unit) -> None:
    power = unit.open_as("power")
    power.add(a_budget(unit.ago(3 * HOUR), EnergyLevel.ECO, "44 % left"))
    document = unit.json("why", "--at", at(unit, HOUR))
    assert document["budget"] is None
    assert document["ended"]["reason"] == "ECO: 44 % left"
    out = unit.type("why", "--at", at(unit, HOUR))[1]
    assert "no budget held: the last" in out


def test_a_unit_that_slept_then_says_so(unit: Unit) -> None:
    power = unit.open_as("power")
    power.add(a_budget(unit.ago(5 * HOUR), EnergyLevel.SENTINEL, "22 % left"))
    begun = unit.ago(4 * HOUR)
    power.add(
        Sleep(begun, EnergyLevel.HIBERNATE, None, "", unit.now, 14.0, 2.0, "the reserve is kept")
    )
    power.add(Wake(unit.ago(HOUR), begun.utc, "alarm", 0, 30.0, stays=True, reason="there is sun"))
    document = unit.json("why", "--at", at(unit, 2 * HOUR))
    assert document["sleep"]["reason"] == "the reserve is kept"
    assert document["wake"]["reason"] == "there is sun"
    out = unit.type("why", "--at", at(unit, 2 * HOUR))[1]
    assert "HIBERNATE since" in out
    assert "there is sun" in out
    assert "no budget held" not in out
    for back in (HOUR / 2, 4.5 * HOUR):
        assert unit.json("why", "--at", at(unit, back))["sleep"] is None


def test_why_knows_a_sleep_from_before_the_oldest_budget(unit: Unit) -> None:
    unit.open_as("power").add(
        Sleep(unit.ago(90 * HOUR), EnergyLevel.OFF, None, "", None, 9.0, 2.0, "the floor")
    )
    assert unit.json("why", "--at", at(unit, 80 * HOUR))["sleep"]["level"] == "OFF"


# --- what-if --------------------------------------------------------------------------------------


def test_what_if_puts_both_units_side_by_side_and_says_what_it_buys(unit: Unit) -> None:
    unit.open_as("power").add(a_state(unit.ago(MINUTE), 60.0))
    code, out, _ = unit.type("what-if", "--pv-w", "240")
    assert code == 0
    assert "From now on: 45 days" in out
    assert "The days with the least sun: 45 days" in out
    assert "work, of FULL all the time" in out
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
    assert "hardly anything would change in the scarcest 45 days" in document["says"]


def test_several_changes_are_one_question(unit: Unit) -> None:
    says = unit.json("what-if", "--battery-wh", "5120", "--sentinel-w", "3")["says"]
    assert "5120 Wh of battery (now 2560) and 3 W at SENTINEL (now 6)" in says


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "at least one change: --pv-w, --tilt-deg"),
        (("--pv-w", "-5"), "--pv-w must be from 1 to 100000, not -5"),
        (("--tilt-deg", "nan"), "--tilt-deg must be from 0 to 90"),
        (("--sentinel-w", "40"), "must draw more than the one below"),
        (("--battery-wh", "many"), "invalid float value"),
    ],
)
def test_a_wish_that_cannot_be_is_a_wrong_use(
    unit: Unit, words: tuple[str, ...], said: str
) -> None:
    code, out, err = unit.type("what-if", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_the_scarcest_days_are_those_around_the_weakest_clear_sky(unit: Unit) -> None:
    settings = settings_file.load(unit.settings)

    def seasons(site: Any, panels: Any, times: Sequence[datetime]) -> list[float]:
        """Weakest on 21 December."""
        days = [(at - datetime(2026, 12, 21, tzinfo=UTC)) / timedelta(days=1) for at in times]
        return [100 + min(day % 365.25, -day % 365.25) for day in days]

    first = what_if.find_scarcest_days(settings, seasons, datetime(2026, 6, 1, tzinfo=UTC).date())
    middle = first + timedelta(days=22)
    assert abs((middle - datetime(2026, 12, 21, tzinfo=UTC).date()).days) <= 1


def test_the_weather_of_a_season_to_come_is_that_of_last_year_where_it_is_known(unit: Unit) -> None:
    settings = settings_file.load(unit.settings)
    plan = unit.open_as("plan")
    first = (unit.now + timedelta(days=150)).date()
    nothing = what_if.read_history_before(plan, settings, plain_sky, first)
    assert nothing.days == ()
    for ago in range(1, 60):
        plan.add(a_sun_day(first - timedelta(days=365 + ago), 0.2))
    found = what_if.read_history_before(plan, settings, plain_sky, first)
    assert len(found.days) == 59
    assert {round(day.clearness or 0, 2) for day in found.days} == {0.2}
