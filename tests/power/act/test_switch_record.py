"""What the level, heaters and sources have switched, as rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import SwitchOrder
from appliance.model_sources import SourceState
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from power.act.switch_record import SwitchRecord
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def site(settings: Settings) -> Settings:
    switches = {
        "modem": SwitchSettings(),
        "siren": SwitchSettings(runs_when=RunsWhen.EVENT),
        "generator": SwitchSettings(),
    }
    source = {"honda": SourceSettings(switch="generator")}
    return replace(settings, switch=switches, source=source)


def budget(clock: FakeClock, reason: str) -> EnergyBudget:
    now = clock.stamp()
    return EnergyBudget(now, EnergyLevel.ECO, 12.0, now.utc + timedelta(hours=1), 1.0, reason)


def order(**switches: bool) -> dict[str, bool]:
    return {f"appliance-switch@{name}": runs for name, runs in switches.items()}


def test_a_switch_is_told_when_it_changes_with_the_reason_of_the_level(
    site: Settings, clock: FakeClock
) -> None:
    record = SwitchRecord(site)
    ordered = order(modem=True, siren=False) | {"appliance-inference": True}
    for _ in range(2):
        record.follow(ordered, budget(clock, "40 % left"))
        assert record.rows == ()
    record.follow(order(modem=False, siren=True), budget(clock, "20 % left"))
    (row,) = record.rows
    assert (row.switch, row.runs, row.reason) == ("modem", False, "20 % left")


def test_a_switch_of_a_source_has_the_reason_of_the_source(
    site: Settings, clock: FakeClock
) -> None:
    record = SwitchRecord(site)
    record.follow(order(generator=False), budget(clock, "level"))
    started = SourceState(clock.stamp(), "honda", reason="the charge is below 25 %")
    record.follow(order(generator=True), budget(clock, "level"), [started])
    (row,) = record.rows
    assert (row.switch, row.runs, row.reason) == ("generator", True, "the charge is below 25 %")


def test_what_is_told_already_is_not_told_twice(site: Settings, clock: FakeClock) -> None:
    record = SwitchRecord(site)
    record.follow(order(modem=True), budget(clock, "level"))
    told = SwitchOrder(clock.stamp(), "modem", runs=False, reason="the camera gives nothing")
    record.follow(order(modem=False), budget(clock, "level"), told=[told])
    assert record.rows == (told,)


def test_an_order_that_was_refused_and_given_again_is_no_new_one(
    site: Settings, clock: FakeClock
) -> None:
    record = SwitchRecord(site)
    record.follow(order(modem=True), budget(clock, "a"))
    record.follow({}, budget(clock, "b"))
    record.follow(order(modem=True), budget(clock, "c"))
    assert record.rows == ()


def test_each_switch_of_the_settings_has_its_state_beside_the_devices(
    site: Settings, clock: FakeClock
) -> None:
    states = SwitchRecord(site).list_states(order(modem=True, siren=False), clock.stamp())
    assert [(one.device, one.words) for one in states] == [
        ("switch modem", {"ordered": "on"}),
        ("switch siren", {"ordered": "off"}),
    ]
