"""A release on its way through a group, by what is signed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import TargetFile

from ota.release.errors import ReleaseError
from ota.release.metadata.bins import change_entries, read_entries
from ota.release.rollouts.definition import RolloutDefinition
from ota.release.rollouts.entries import find_definition, find_members, find_paused
from ota.release.rollouts.rollouts import remove
from tests.ota.release.conftest import Desk
from tests.ota.release.rollouts.fleet_of_units import NAME, SimulatedFleet
from tests.ota.release.test_walk import read_timestamp


def find(fleet: SimulatedFleet, name: str = NAME) -> RolloutDefinition:
    return find_definition(fleet.read_entries(), name)


def test_a_good_release_goes_through_all_waves_to_the_whole_group(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(100)
    assert fleet.start("r2", first).is_changed
    sizes = []
    for _ in range(20):
        sizes.append(len(fleet.find_assigned("r2")))
        fleet.pass_time(hours=24)
        outcome = fleet.advance()
        if find(fleet).state.value == "done":
            break
    assert sorted(set(sizes)) == [1, 10, 50, 100]  # 1 % is the first unit itself
    assert outcome.text.startswith("december is done: 100 units were given it, and group:all")
    assert all(unit.running_release == "r2" for unit in fleet.units.values())
    assert fleet.read_entries()["groups/all"].custom["release"] == "r2"
    fleet.desk.verify()


def test_a_bad_release_touches_only_the_first_wave_and_stops_by_itself(
    fleet: SimulatedFleet,
) -> None:
    first, second, *_ = fleet.add(100)
    fleet.bad.add("r2")
    fleet.start("r2", first, second)
    for _ in range(5):
        fleet.pass_time(hours=24)
        fleet.advance()
    assert fleet.touched["r2"] == {first, second}
    definition = find(fleet)
    assert definition.state.value == "stopped"
    assert definition.reason.startswith("wave first (1 of 5): 2 of 2 (all units so far) failed")
    entry = fleet.read_entries()[f"units/{first}"].custom
    assert entry["paused"] == definition.reason
    assert entry["until"] is not None


def test_a_thousand_units_in_three_groups_and_a_bad_release_overrun_no_wave(
    fleet: SimulatedFleet,
) -> None:
    groups = {name: fleet.add(count, group=name) for name, count in SIZES.items()}
    fleet.bad.add("r2")
    for name, units in groups.items():
        fleet.start("r2", *units[:5], name=name, group=name)
    for _ in range(8):
        fleet.pass_time(hours=12)
        for name in groups:
            fleet.advance(name)
    overrun = fleet.touched["r2"] - {one for units in groups.values() for one in units[:5]}
    assert len(overrun) == 0
    assert {find(fleet, name).state.value for name in groups} == {"stopped"}


SIZES = {"north": 600, "south": 300, "west": 100}


def test_what_fails_late_is_stopped_before_the_next_wave(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(100)
    fleet.start("r2", first)
    fleet.pass_time(hours=1)
    fleet.advance()
    fleet.pass_time(hours=24)
    assert len(fleet.find_assigned("r2")) == 1
    fleet.advance()
    wave = fleet.find_assigned("r2")
    assert len(wave) == 10
    fleet.failing |= wave
    fleet.pass_time(hours=1)
    fleet.advance()
    entries = fleet.read_entries()
    assert find(fleet).state.value == "stopped"
    assert set(find_paused(entries, NAME)) == wave - {first}  # who runs it keeps it
    assert "paused" not in entries[f"units/{first}"].custom


def test_a_sleeper_does_not_hold_the_rollout_up_and_counts_when_it_wakes(
    fleet: SimulatedFleet,
) -> None:
    first, sleeper, *_ = fleet.add(40)
    back = fleet.now + timedelta(days=30)
    fleet.change(sleeper, expected_at=back)
    fleet.start("r2", first, sleeper, percents=(50, 100))
    for _ in range(2):
        fleet.pass_time(hours=24)
        fleet.advance()
    assert find(fleet).current.name == "50%"
    fleet.failing.add(sleeper)
    fleet.pass_time(hours=24 * 29)
    fleet.change(sleeper, expected_at=None)
    fleet.desk.do("renew")
    assert len(fleet.find_assigned("r2")) == 20
    outcome = fleet.advance()
    assert find(fleet).state.value == "running"  # 1 of 20 is 5 %, and not more
    fleet.units[first] = replace(fleet.units[first], running_release="r1", failed_releases=("r2",))
    assert "2 of 20 (all units so far) failed" in fleet.advance().text
    assert outcome.is_changed


def test_a_pause_is_signed_and_resumed(fleet: SimulatedFleet) -> None:
    first, second, third, *_ = fleet.add(10)
    fleet.change(first, running_release="r2")
    fleet.start("r2", first, second, third)
    fleet.desk.now += timedelta(hours=1)
    fleet.pause("heavy rain in the north")
    entries = fleet.read_entries()
    assert set(find_paused(entries, NAME)) == {second, third}
    assert entries[f"units/{second}"].custom["paused"] == "heavy rain in the north"
    fleet.pass_time(hours=1)
    assert fleet.touched == {}
    assert fleet.advance().text == "the rollout is paused: heavy rain in the north"
    assert fleet.resume().text.endswith("resumed in wave first (1 of 5); 2 units may take it again")
    assert find_paused(fleet.read_entries(), NAME) == []
    assert fleet.read_entries()[f"units/{second}"].custom["until"] is None
    fleet.pass_time(hours=1)
    assert fleet.touched["r2"] == {second, third}
    assert [one.text for one in find(fleet).history][1] == "heavy rain in the north"


def test_after_a_pause_a_success_must_hold_anew(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    fleet.pass_time(hours=1)
    fleet.advance()
    fleet.pass_time(hours=23)
    fleet.pause("rain")
    fleet.resume()
    fleet.pass_time(hours=1)
    assert "it must hold until" in fleet.advance().text
    assert fleet.find_assigned("r2") == {first}


def test_a_call_that_changes_nothing_signs_nothing(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    before = read_timestamp(fleet.desk.tree, "director")["version"]
    assert not fleet.advance().is_changed
    assert read_timestamp(fleet.desk.tree, "director")["version"] == before
    fleet.pass_time(hours=1)
    assert fleet.advance().is_changed  # the success is noted, with the time
    assert not fleet.advance().is_changed
    assert read_timestamp(fleet.desk.tree, "director")["version"] == before + 1


def test_a_wave_is_signed_with_one_timestamp(fleet: SimulatedFleet) -> None:
    fleet.add(200)
    before = read_timestamp(fleet.desk.tree, "director")["version"]
    fleet.start("r2", percents=(50, 100))
    assert len(fleet.find_assigned("r2")) == 100
    assert read_timestamp(fleet.desk.tree, "director")["version"] == before + 1


def test_units_that_a_person_has_assigned_are_left_alone_and_told(fleet: SimulatedFleet) -> None:
    first, second, third, *_ = fleet.add(4)
    fleet.desk.do("assign", second, third, "r1")
    said = fleet.start("r2", first, second, percents=(100,)).text
    assert f"1 unit gets r2; left alone: 1 assigned by hand ({second})" in said
    fleet.change(first, running_release="r2")
    for _ in range(2):
        fleet.pass_time(hours=24)
        said = fleet.advance().text
    assert f"left alone: 2 assigned by hand ({second}, {third})" in said
    assert fleet.find_assigned("r1") == {second, third}


def test_units_that_have_something_newer_are_left_alone(fleet: SimulatedFleet) -> None:
    fleet.desk.issue("r3", 3)
    first, newer, _ = fleet.add(3)
    fleet.change(newer, running_release="r3")
    fleet.start("r2", first, percents=(100,))
    for _ in range(2):
        fleet.pass_time(hours=24)
        said = fleet.advance().text
    assert f"left alone: 1 to have, or run, a newer release ({newer})" in said
    assert newer not in fleet.find_assigned("r2")


def test_a_group_that_has_something_newer_at_the_end_keeps_it(fleet: SimulatedFleet) -> None:
    fleet.desk.issue("r3", 3)
    [first] = fleet.add(1)
    fleet.start("r2", first, percents=(100,))
    fleet.desk.do("assign", "group:all", "r3")
    for _ in range(2):
        fleet.pass_time(hours=24)
        said = fleet.advance().text
    assert "group:all keeps r3, which is newer" in said
    assert fleet.read_entries()["groups/all"].custom["release"] == "r3"


def test_the_next_rollout_takes_over_the_units_of_one_that_stopped(fleet: SimulatedFleet) -> None:
    fleet.desk.issue("r3", 3)
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    fleet.stop("it beeps")
    fleet.start("r3", first, name="january")
    entries = fleet.read_entries()
    assert find_members(entries, NAME) == {}
    assert find_members(entries, "january") == {first: "first"}
    assert "paused" not in entries[f"units/{first}"].custom


def test_a_list_that_lost_its_units_does_not_end_the_rollout(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(100)
    fleet.start("r2", first)
    fleet.pass_time(hours=24)
    fleet.advance()
    fleet.pass_time(hours=24)
    fleet.units = {first: fleet.units[first]}
    assert "the list has 1 units of group:all, it had 100" in fleet.advance().text
    assert "groups/all" not in fleet.read_entries()


def test_a_window_is_in_the_entries_of_units_and_of_the_group(fleet: SimulatedFleet) -> None:
    [first] = fleet.add(1)
    fleet.start("r2", first, percents=(100,), window="22:00-05:00")
    for _ in range(2):
        fleet.pass_time(hours=24)
        fleet.advance()
    entries = fleet.read_entries()
    assert entries[f"units/{first}"].custom["window"] == "22:00-05:00"
    assert entries["groups/all"].custom["window"] == "22:00-05:00"


def test_without_known_units_the_named_ones_come_first_and_then_the_group(
    fleet: SimulatedFleet,
) -> None:
    fleet.start("r2", "field-7")
    assert fleet.find_assigned("r2") == {"field-7"}
    fleet.add(1)
    fleet.units = {"field-7": replace(*fleet.units.values(), name="field-7", running_release="r2")}
    for _ in range(2):
        fleet.pass_time(hours=24)
        fleet.advance()
    assert find(fleet).state.value == "done"


def refuse(fleet: SimulatedFleet, release: str, *first: str, **plan: Any) -> str:
    before = fleet.read_entries()
    with pytest.raises(ReleaseError) as refused:
        fleet.start(release, *first, **plan)
    assert fleet.read_entries() == before
    return str(refused.value)


def test_two_rollouts_over_one_group_are_refused(fleet: SimulatedFleet) -> None:
    first, second, *_ = fleet.add(10)
    fleet.start("r2", first)
    assert "group:all has the rollout december (r2), which is running" in refuse(
        fleet, "r2", second, name="january"
    )
    fleet.pause("rain")
    assert "which is paused" in refuse(fleet, "r2", second, name="january")
    assert "there is a rollout december already" in refuse(fleet, "r2", second, group="south")


def test_a_unit_in_another_rollout_is_left_alone(fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    assert f"1 in another rollout ({first})" in refuse(
        fleet, "r2", first, name="south", group="south"
    )


def test_a_release_that_is_not_published_is_refused(fleet: SimulatedFleet) -> None:
    [first] = fleet.add(1)
    fleet.desk.build("r3", 3)
    assert "the release r3 is not published" in refuse(fleet, "r3", first)


def test_a_step_back_is_refused(fleet: SimulatedFleet) -> None:
    first, second = fleet.add(2)
    fleet.desk.do("assign", "group:all", "r2")
    assert "group:all is to have r2; r1 is older" in refuse(fleet, "r1", first)
    fleet.desk.do("unassign", "group:all")
    fleet.change(second, running_release="r2")
    assert f"{second} is to have, or run, a newer release; r1 is older" in refuse(
        fleet, "r1", first, second
    )


def test_what_another_rollout_has_given_is_not_taken_back_by_an_older_release(
    fleet: SimulatedFleet,
) -> None:
    fleet.desk.issue("r3", 3)
    first, second, third = fleet.add(3)
    fleet.start("r3", first, second)
    fleet.stop("it beeps")
    assert f"{first} is to have, or run, a newer release" in refuse(
        fleet, "r2", first, name="january"
    )
    fleet.start("r2", third, name="january", percents=(100,))
    for _ in range(2):
        fleet.pass_time(hours=24)
        said = fleet.advance("january").text
    assert f"left alone: 2 to have, or run, a newer release ({first}, {second})" in said
    assert fleet.find_assigned("r3") == {first, second}


def test_a_first_wave_without_a_unit_is_refused(fleet: SimulatedFleet) -> None:
    assert "no unit of the group is known" in refuse(fleet, "r2")
    [first] = fleet.add(1)
    fleet.desk.do("assign", first, "r1")
    assert f"1 assigned by hand ({first})" in refuse(fleet, "r2", first)


def test_what_is_not_so_cannot_be_done(fleet: SimulatedFleet) -> None:
    [first] = fleet.add(1)
    with pytest.raises(ReleaseError, match="there is no rollout december; there are: none"):
        fleet.advance()
    fleet.start("r2", first)
    with pytest.raises(ReleaseError, match=r"december is running .*, not paused; nothing"):
        fleet.resume()
    fleet.stop("it beeps")
    for act in (fleet.pause, fleet.stop):
        with pytest.raises(ReleaseError, match="december is stopped"):
            act("again")


def test_a_release_of_a_live_rollout_is_not_withdrawn(desk: Desk, fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    refused = desk.type("release", "withdraw", "r2")
    assert refused.code == 1
    assert "r2 is not withdrawn: the rollout december is running" in refused.err
    fleet.stop("it beeps")
    desk.do("release", "withdraw", "r2")
    refused = desk.type("release", "publish")
    assert "still assigned to" in refused.err
    assert "rollout:december" in refused.err
    desk.do("rollout", "remove", NAME)
    assert fleet.find_assigned("r2") == set()
    desk.do("release", "publish")
    desk.verify()


def test_one_that_cannot_be_understood_is_told_and_taken_away(
    desk: Desk, fleet: SimulatedFleet
) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    with fleet.open() as opened:
        director = opened.read_state("director")
        entry = read_entries(director)["rollouts/december"]
        custom = {**entry.custom, "speed": 3}
        newer = TargetFile(entry.length, entry.hashes, entry.path, {"custom": custom})
        change_entries(opened.make_writer("director"), director, {entry.path: newer})
    for words in (("rollout", "status"), ("rollout", "stop", NAME, "--reason", "x"), ("status",)):
        assert "fleet rollout remove december" in desk.type(*words).err
    desk.do("rollout", "remove", NAME)
    assert fleet.find_assigned("r2") == set()
    desk.verify()


def test_a_live_rollout_is_not_taken_away(desk: Desk, fleet: SimulatedFleet) -> None:
    first, *_ = fleet.add(10)
    fleet.start("r2", first)
    with fleet.open() as opened, pytest.raises(ReleaseError, match="fleet rollout stop december"):
        remove(opened, NAME)
    assert "ends it" in desk.type("unassign", "rollout:december").err
    with fleet.open() as opened, pytest.raises(ReleaseError, match="there is no rollout x"):
        remove(opened, "x")
