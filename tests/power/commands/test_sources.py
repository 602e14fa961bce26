"""`unitctl energy source`, `fuel` and the sources in the outlook."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.commands.printing import Section
from appliance.model import EnergyLevel, EnergyPlanStep
from appliance.model_sources import SourceCause, SourcePhase, SourceState
from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.status.sources import describe_sources
from power.act.source_request import SourceRequest, take_request
from power.commands.sources import (
    SourceCommandError,
    build_section,
    choose_source,
    convert_to_kwh,
    send,
)
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

SOURCE = SourceSettings(switch="relay", tank_l=10.0, kwh_per_l=1.5)


@pytest.fixture
def unit(settings: Settings) -> Settings:
    run_dir = settings.unit.data_dir / "run"
    run_dir.mkdir(parents=True)
    return replace(
        settings,
        unit=replace(settings.unit, run_dir=run_dir),
        source={"main": SOURCE},
        switch={"relay": SwitchSettings()},
    )


def join(section: Section) -> str:
    return "\n".join(f"{line.name} {line.text}" for line in section.lines)


def test_fuel_is_said_in_the_unit_that_the_can_has() -> None:
    said = [convert_to_kwh(text, SOURCE, "main") for text in ("full", "12kWh", "4 l", "50%")]
    assert said == [15.0, 12.0, 6.0, 7.5]
    for wrong in ("12", "a lot", "-3l", ""):
        with pytest.raises(SourceCommandError, match="is no amount"):
            convert_to_kwh(wrong, SOURCE, "main")
    with pytest.raises(SourceCommandError, match="not counted"):
        convert_to_kwh("full", SourceSettings(), "main")


def test_the_only_source_needs_no_name_and_a_wrong_one_is_said(unit: Settings) -> None:
    assert choose_source(unit, None) == "main"
    with pytest.raises(SourceCommandError, match="known: main"):
        choose_source(unit, "mian")
    two = replace(unit, source={"main": SOURCE, "shore": SourceSettings()})
    with pytest.raises(SourceCommandError, match="which one"):
        choose_source(two, None)
    with pytest.raises(SourceCommandError, match="there is no"):
        choose_source(replace(unit, source={}), None)


def test_a_request_waits_until_the_power_service_has_taken_it(unit: Settings) -> None:
    taken: list[SourceRequest | None] = []
    request = SourceRequest("main", fuel_left_kwh=3.0)
    send(unit, request, lambda _: taken.append(take_request(unit.source_request)))
    assert taken == [request]


def test_what_it_does_and_when_it_runs_next_stands_in_three_lines(
    unit: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    power, plan = open_store("power"), open_store("plan")
    now = clock.stamp()
    power.add(
        SourceState(
            now,
            "main",
            SourcePhase.GIVING,
            SourceCause.PLAN,
            "a kWh of it is worth 9.10 and costs 2.30",
            power_w=412.0,
            run_s=5400.0,
            energy_wh=600.0,
            starts=2,
            cost=3.2,
            fuel_left_kwh=9.0,
            worth_per_kwh=9.1,
        )
    )
    plan.add(
        *(
            EnergyPlanStep(
                now,
                now.utc + timedelta(minutes=15 * step),
                0.0,
                12.0,
                50.0,
                EnergyLevel.ECO,
                source_power_w=500.0 if step in (8, 9, 10, 11, 40) else 0.0,
            )
            for step in range(48)
        )
    )
    [found] = describe_sources(power, unit)
    assert found["next_run"]["hours"] == 1.0
    assert found["next_run"]["energy_kwh"] == 0.5
    assert join(build_section([found], unit)) == (
        "main gives power, 412 W; a kWh of it is worth 9.10 and costs 2.30; "
        "fuel for 9.0 of 15.0 kWh\n"
        " 2 starts, 1.5 h, 0.6 kWh, cost 3.20 (a kWh 2.00, worth 9.10 now)\n"
        " planned: Wed 15 Apr 04:00 for 1 h, 0.5 kWh"
    )


def test_a_source_of_which_nothing_is_known_now_says_so(
    unit: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    [unseen] = describe_sources(power, unit)
    assert unseen["sentence"] == "has not been seen yet"
    power.add(SourceState(clock.stamp(), "main", SourcePhase.GIVING, power_w=400.0))
    clock.advance(600)
    [stale] = describe_sources(power, unit)
    assert (stale["fresh"], stale["power_w"], stale["phase"]) == (False, None, None)
    assert "not known now" in stale["sentence"]
