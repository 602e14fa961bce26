"""`unitctl energy why`, as a technician types it."""

from datetime import timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel, Sleep, Stamp, Wake
from tests.power.commands.energy_unit import HOUR, MINUTE, Unit
from tests.power.plan.site_days import a_reading, a_state


def a_budget(stamp: Stamp, level: EnergyLevel, reason: str = "") -> EnergyBudget:
    reason_text = f"{level.name}: {reason or 'so it was'}"
    return EnergyBudget(stamp, level, 12.0, stamp.utc + 3 * MINUTE, 100.0, reason_text)


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
    year = unit.type("why", "--at", "2020-01-01")[2]
    assert "nothing is known of Wed 01 Jan 2020 00:00" in year, "another year's day has its year"


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


def test_why_finds_a_sleep_from_before_the_oldest_budget(unit: Unit) -> None:
    unit.open_as("power").add(
        Sleep(unit.ago(90 * HOUR), EnergyLevel.OFF, None, "", None, 9.0, 2.0, "the floor")
    )
    assert unit.json("why", "--at", at(unit, 80 * HOUR))["sleep"]["level"] == "OFF"
