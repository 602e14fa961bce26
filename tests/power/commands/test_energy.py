"""`unitctl energy`, as a technician types it: help, and the outlook."""

import sys
from datetime import datetime, timedelta
from subprocess import run

import pytest

from appliance.clock import SystemClock
from appliance.commands import list_commands
from appliance.model import EnergyLevel, EnergyPlanStep, EnergyPolicy
from tests.conftest import ROOT
from tests.power.commands.energy_unit import HOUR, MINUTE, Unit
from tests.power.plan.site_days import a_state


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
    assert "energy" in list_commands()
    _, out, _ = unit.type("--help")
    assert all(action in out for action in ("outlook", "what-if", "why"))
    for action in ("outlook", "what-if", "why"):
        assert "exit codes: 0 answered" in " ".join(unit.type(action, "--help")[1].split())


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
    assert "34 days until the unit powers off" in out
    assert "one grey day expected" in out
    assert "Europe/Berlin" in out
    lines = [line for line in out.splitlines() if "PV" in line and "Wh" in line]
    assert 12 <= len(lines) <= 13
    assert "ECO 3 h" in lines[2]
    assert "SENTINEL 3 h" in lines[2]
    assert "loads    72 Wh" in lines[2]
    assert "PV   240 Wh" in lines[2]


def test_a_clock_that_nobody_has_confirmed_lengthens_no_autonomy(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the equator all seasons are bright and three days are reserved; unconfirmed, seven."""
    text = unit.settings.read_text().replace("longitude_deg", "latitude_deg = 0.0\nlongitude_deg")
    unit.settings.write_text(f"{text}\n[energy]\nhibernate_power_w = 4\n")
    unit.open_as("power").add(a_state(unit.ago(MINUTE), 79.0))
    planned(unit, unit.now.replace(minute=0, second=0, microsecond=0))
    days = {}
    for confirmed in (True, False):
        monkeypatch.setattr(
            SystemClock, "is_synchronized", lambda _, confirmed=confirmed: confirmed
        )
        days[confirmed] = unit.json("outlook")["autonomy"]["listening_days"]
    assert days[False] < days[True] - 1


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
