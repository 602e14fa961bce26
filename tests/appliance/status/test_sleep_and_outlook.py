"""The night that passed and the days ahead, as the status document tells them."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest

from appliance.commands.status import describe_night
from appliance.model import EnergyLevel, EnergyPlanStep, EnergyPolicy, Sleep, Stamp, Wake
from appliance.settings import Settings
from appliance.status import sleep_and_outlook
from tests.conftest import ROOT, OpenStore
from tests.stand_ins.fakes import START, FakeClock

ALARM = "the clock of the computer"
WHY = "no load may run; the wake is set by the height of the sun"
POOR = "the energy check (the clock of the computer): 11 % and 3 W of PV power"
DEFS = json.loads((ROOT / "appliance/status.schema.json").read_text())["$defs"]
HOUR = timedelta(hours=1)
FULL, ECO, SENTINEL = EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL

Tell = Callable[..., Any]


@pytest.fixture
def tell(open_store: OpenStore) -> Tell:
    """`tell(Sleep or Wake, ...)` writes rows and gives the sleep as it is shown now."""
    power = open_store("power")

    def it(*rows: Any) -> Any:
        power.add(*rows)
        return shaped("sleep", sleep_and_outlook.describe_sleep(power))

    return it


def shaped(part: str, reported: Any) -> Any:
    """What is shown, proved to be JSON of the published shape."""
    schema = {"$ref": f"#/$defs/{part}", "$defs": DEFS}
    if reported is not None:
        jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(reported)))
    return reported


def asleep(now: Stamp, charge_pct: float = 19.0, reason: str = WHY) -> Sleep:
    wakes = now.utc + 11 * HOUR
    expected = wakes + HOUR / 4
    return Sleep(now, EnergyLevel.HIBERNATE, wakes, ALARM, expected, charge_pct, 3.0, reason)


def awake(
    now: Stamp,
    slept: Sleep | None,
    *,
    cause: str = ALARM,
    stays: bool = True,
    failed: int = 0,
    reason: str = "the energy check is passed",
) -> Wake:
    since = slept.stamp.utc if slept else None
    return Wake(now, since, cause, failed, 17.0, stays, reason)


# --- the night that passed ------------------------------------------------------------------------


def test_a_unit_that_never_slept_shows_no_night(tell: Tell) -> None:
    assert tell() is None


def test_before_its_return_a_sleep_shows_when_to_expect_the_unit(
    tell: Tell, clock: FakeClock
) -> None:
    reported = tell(asleep(clock.stamp()))
    assert (reported["since"], reported["until"]) == (
        "2026-04-15T02:00:00.000Z",
        "2026-04-15T13:00:00.000Z",
    )
    assert (reported["level"], reported["armed"], reported["reason"]) == ("HIBERNATE", ALARM, WHY)
    assert reported["expected"] == "2026-04-15T13:15:00.000Z"
    assert (
        reported["woke"]
        is reported["stays"]
        is reported["failed_boots"]
        is reported["woke_by"]
        is None
    )


def test_a_sleep_that_nothing_ends_says_so(tell: Tell, clock: FakeClock) -> None:
    reported = tell(
        Sleep(clock.stamp(), EnergyLevel.OFF, None, "", None, None, None, "3.0 V a cell")
    )
    assert (reported["level"], reported["until"], reported["armed"]) == ("OFF", None, "")


def test_after_its_return_the_whole_night_is_shown(tell: Tell, clock: FakeClock) -> None:
    slept = asleep(clock.stamp())
    clock.reboot(down_s=11 * 3600)
    reported = tell(slept, awake(clock.stamp(), slept))
    assert reported["woke"] == "2026-04-15T13:00:00.000Z"
    assert (reported["woke_by"], reported["stays"], reported["failed_boots"]) == (ALARM, True, 0)
    assert (reported["charge_before_pct"], reported["charge_after_pct"]) == (19.0, 17.0)
    assert reported["stays_reason"] == "the energy check is passed"
    assert reported["night"] == {
        "began": reported["since"],
        "charge_pct": 19.0,
        "reason": WHY,
        "went_back": 0,
    }


def test_the_return_is_known_by_its_sleep_also_where_the_wall_clock_fell_back(
    tell: Tell, clock: FakeClock
) -> None:
    slept = asleep(clock.stamp())
    clock.reboot()
    clock.set_wall_clock(START - 2000 * HOUR)
    assert tell(slept, awake(clock.stamp(), slept))["stays"]


def test_the_last_word_on_a_return_counts(tell: Tell, clock: FakeClock) -> None:
    slept = asleep(clock.stamp())
    clock.reboot()
    poor = awake(clock.stamp(), slept, stays=False, reason=POOR)
    assert tell(slept, poor)["stays"] is False
    clock.advance(3600)
    assert tell(awake(clock.stamp(), slept))["stays"] is True


def test_a_sleep_that_was_called_off_has_no_return(tell: Tell, clock: FakeClock) -> None:
    slept = asleep(clock.stamp())
    clock.reboot()
    reported = tell(slept, awake(clock.stamp(), None, cause="after a shutdown"))
    assert reported["woke"] is None


def test_after_boots_that_browned_out_the_one_that_lasts_is_the_return(
    tell: Tell, clock: FakeClock
) -> None:
    before = awake(clock.stamp(), None, cause="after a power cut", failed=1)
    clock.advance(60)
    slept = asleep(clock.stamp())
    assert tell(before, slept)["woke"] is None, "a return from before the sleep"
    clock.reboot()
    reported = tell(awake(clock.stamp(), None, cause="after a power cut", failed=2))
    assert (reported["woke_by"], reported["failed_boots"]) == ("after a power cut", 2)


def test_a_night_is_all_sleeps_between_which_the_unit_did_not_stay_up(
    tell: Tell, clock: FakeClock
) -> None:
    rows: list[Any] = []
    for charge_pct, stays in (40.0, True), (19.0, False), (18.0, False), (17.0, True):
        slept = asleep(clock.stamp(), charge_pct, WHY if charge_pct == 19.0 else POOR)
        clock.reboot(down_s=3600)
        rows += [slept, awake(clock.stamp(), slept, stays=stays)]
        clock.advance(60)
    reported = tell(*rows)
    assert reported["charge_before_pct"] == 17.0
    assert reported["night"] == {
        "began": "2026-04-15T03:01:00.000Z",
        "charge_pct": 19.0,
        "reason": WHY,
        "went_back": 2,
    }


def test_what_a_later_return_says_does_not_bind_two_nights_together(
    tell: Tell, clock: FakeClock
) -> None:
    called_off = asleep(clock.stamp(), 40.0)
    clock.advance(7200)
    slept = asleep(clock.stamp(), 19.0)
    clock.reboot()
    reported = tell(called_off, slept, awake(clock.stamp(), None, stays=False, failed=1))
    assert reported["stays"] is False
    assert reported["night"]["charge_pct"] == 19.0


# --- the days ahead -------------------------------------------------------------------------------


@pytest.fixture
def ahead(open_store: OpenStore) -> Callable[[], Any]:
    """The outlook as it is shown now."""
    return lambda: shaped("outlook", sleep_and_outlook.describe_outlook(open_store()))


def plan(made: Stamp, levels: str, charges: list[float] | None = None) -> list[EnergyPlanStep]:
    """A plan in steps of 15 minutes, from when it was made: "FFEES" is two FULL, two ECO, ..."""
    named = {"F": FULL, "E": ECO, "S": SENTINEL}
    charges = charges or [50.0] * len(levels)
    return [
        EnergyPlanStep(made, made.utc + HOUR / 4 * step, 9.0, 6.0, charge_pct, named[letter])
        for step, (letter, charge_pct) in enumerate(zip(levels, charges, strict=True))
    ]


def policy(made: Stamp, ends: datetime, reason: str) -> EnergyPolicy:
    return EnergyPolicy(made, made.utc - HOUR, ends, {}, b"table", reason)


def test_before_any_plan_there_is_no_outlook(
    ahead: Callable[[], Any], open_store: OpenStore
) -> None:
    open_store("plan")
    assert ahead() is None


def test_the_plan_is_shown_as_the_level_of_now_and_its_changes(
    ahead: Callable[[], Any], open_store: OpenStore, clock: FakeClock
) -> None:
    charges = [50.0, 49.0, 12.0, 45.0, 43.0, 41.0, 60.0, 60.0]
    open_store("plan").add(*plan(clock.stamp(), "SSFFEESS", charges))
    clock.advance(50 * 60)
    reported = ahead()
    assert reported["fresh"]
    assert reported["next_levels"] == [
        {"from": "2026-04-15T02:45:00.000Z", "level": "FULL"},
        {"from": "2026-04-15T03:00:00.000Z", "level": "ECO"},
        {"from": "2026-04-15T03:30:00.000Z", "level": "SENTINEL"},
    ]
    assert reported["until"] == "2026-04-15T04:00:00.000Z"
    assert (reported["lowest_charge_pct"], reported["lowest_at"]) == (
        41.0,
        "2026-04-15T03:15:00.000Z",
    )


def test_only_three_days_are_shown_and_only_of_the_newest_plan(
    ahead: Callable[[], Any], open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("plan")
    store.add(*plan(clock.stamp(), "S" * 40))
    clock.advance(3600)
    store.add(*plan(clock.stamp(), "F" * 4 * 72 + "E" * 99, [50.0] * 4 * 72 + [10.0] * 99))
    reported = ahead()
    assert [one["level"] for one in reported["next_levels"]] == ["FULL"]
    assert reported["until"] == "2026-04-18T03:00:00.000Z"
    assert reported["lowest_charge_pct"] == 50.0


def test_a_plan_outlives_a_boot_but_not_a_day_and_not_its_own_end(
    ahead: Callable[[], Any], open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("plan")
    store.add(*plan(clock.stamp(), "F" * 4 * 48))
    clock.reboot(down_s=25 * 3600)
    assert ahead()["fresh"]
    clock.advance(2 * 3600)
    old = ahead()
    assert (old["fresh"], old["next_levels"], old["lowest_charge_pct"]) == (False, [], None)
    store.add(*plan(clock.stamp(), "FFFF"))
    clock.advance(3599)
    assert ahead()["fresh"]
    clock.advance(1)
    assert not ahead()["fresh"]


def test_the_words_are_those_of_the_newest_policy_that_has_not_ended(
    ahead: Callable[[], Any], open_store: OpenStore, clock: FakeClock
) -> None:
    store, now = open_store("plan"), clock.stamp()
    store.add(*plan(now, "F" * 4 * 24))
    assert ahead()["about"] is None
    store.add(policy(now, now.utc + 9 * HOUR, "sun expected"))
    store.add(policy(now, now.utc + 6 * HOUR, "one grey day expected"))
    assert ahead()["about"] == "one grey day expected"
    clock.advance(8 * 3600)
    assert ahead()["about"] == "sun expected"
    clock.advance(3 * 3600)
    assert ahead()["about"] is None


# --- in words -------------------------------------------------------------------------------------


def lines(store: Any, settings: Settings, level: str, at: datetime) -> dict[str, str]:
    """What `unitctl status` says of nights, by the name of the line."""
    document = {
        "unit": {"at": at.isoformat()},
        "energy": {"level": level},
        "sleep": sleep_and_outlook.describe_sleep(store),
        "outlook": sleep_and_outlook.describe_outlook(store),
    }
    return {line.name: line.text for line in describe_night(document, settings)}


def test_the_technician_reads_the_night_for_a_day(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    power, slept = open_store("power"), asleep(clock.stamp())
    power.add(slept)
    falling = lines(power, settings, "HIBERNATE", clock.utc)["sleep"]
    assert falling == f"ordered 2026-04-15 02:00, until 2026-04-15 13:00, by {ALARM}: {WHY}"
    assert lines(power, settings, "FULL", clock.utc) == {}, "a sleep that was called off"
    clock.reboot(down_s=11 * 3600)
    power.add(awake(clock.stamp(), slept, failed=2))
    reported = lines(power, settings, "FULL", clock.utc)["slept"]
    assert reported == (
        f"2026-04-15 02:00 to 2026-04-15 13:00, SOC 19 % before, 17 % after: {WHY}; "
        f"woken: {ALARM}; failed boots: 2; it stays on: the energy check is passed"
    )
    assert lines(power, settings, "FULL", clock.utc + 25 * HOUR) == {}


def test_the_technician_reads_what_is_planned(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    store, now = open_store("plan"), clock.stamp()
    assert lines(store, settings, "FULL", clock.utc) == {}
    store.add(*plan(now, "FFSS", [50.0, 40.0, 30.0, 35.0]))
    store.add(policy(now, now.utc + HOUR, "two grey days expected"))
    assert lines(store, settings, "FULL", clock.utc) == {
        "outlook": "FULL, SENTINEL Wed 02:30, until Wed 03:00; lowest SOC 30 % Wed 02:30; "
        "two grey days expected"
    }
    clock.advance(3600)
    assert lines(store, settings, "FULL", clock.utc) == {}, "the plan has ended"
