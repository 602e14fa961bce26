"""`unitctl events`: which events it lists, in which order, and what it refuses."""

from dataclasses import replace

import pytest

from tests.appliance.commands.typed_unit import Unit
from tests.scenes import alarms, filled


def test_events_can_be_limited_by_time_and_number(unit: Unit) -> None:
    inference = unit.open_as("inference")
    now = inference.clock.stamp()
    inference.add(*(filled.event(now, f"e{number}") for number in range(5)))
    assert [event["event_id"] for event in unit.json("events", "--limit", "2")] == ["e4", "e3"]
    assert len(unit.json("events", "--since", "24h")) == 5
    assert unit.json("events", "--since", "2999-01-01") == []
    assert unit.type("events", "--since", "2999-01-01")[1] == "no events\n"
    assert "person 81 % at demo, 12 frames, 6.0 J (modelled)" in unit.type("events")[1]


def test_events_are_filtered_and_go_on_from_a_cursor(unit: Unit) -> None:
    inference = unit.open_as("inference")
    now = inference.clock.stamp()
    for number in range(5):
        camera, label = ("demo", "gate")[number % 2], ("person", "car")[number // 4]
        inference.add(replace(filled.event(now, f"e{number}"), camera=camera, label=label))
    first = unit.json("events", "--limit", "2")
    cursor = first[-1]["cursor"]
    older = unit.json("events", "--before", cursor)
    assert [event["event_id"] for event in first + older] == ["e4", "e3", "e2", "e1", "e0"]
    assert f"--before {cursor}" in unit.type("events", "--limit", "2")[1]
    gate = unit.json("events", "--camera", "gate", "--before", cursor)
    assert [event["event_id"] for event in gate] == ["e1"]
    assert [event["event_id"] for event in unit.json("events", "--label", "car")] == ["e4"]
    assert unit.json("events", "--before", "30d") == []


@pytest.mark.parametrize("limit", ["0", "-3", "x", "01", "9999999"])
def test_a_limit_that_is_none_is_refused(unit: Unit, limit: str) -> None:
    code, out, err = unit.type("events", "--limit", limit)
    assert (code, out) == (2, "")
    assert "is no whole number from 1 to" in err


def test_a_time_that_is_none_is_refused(unit: Unit) -> None:
    code, _, err = unit.type("events", "--since", "yesterday")
    assert code == 2
    assert "give a span such as 24h" in err


def test_a_name_that_nothing_has_is_named_with_what_may_be_meant(unit: Unit) -> None:
    inference = unit.open_as("inference")
    inference.add(filled.event(inference.clock.stamp(), "e1"))
    assert unit.type("events", "--camera", "demi") == (
        0,
        "no events; there is no camera 'demi'; did you mean 'demo'?\n",
        "",
    )
    text = unit.type("events", "--label", "Person")[1]
    assert text == "no events; there is no label 'Person'; did you mean 'person'?\n"
    assert unit.type("events", "--since", "2999-01-01", "--camera", "demo")[1] == "no events\n"
    text = unit.type("events", "erase", "--camera", "yard", "--yes")[1]
    assert "of the camera yard; there is no camera 'yard'; known: " in text


def test_an_end_before_the_beginning_is_refused(unit: Unit) -> None:
    code, out, err = unit.type("events", "--since", "24h", "--before", "25h")
    assert (code, out) == (2, "")
    assert "--since names a later time than --before" in err


def test_an_erasure_names_its_moment_in_site_time(unit: Unit) -> None:
    unit.settings.write_text(f'{unit.settings.read_text()}\n[site]\ntimezone = "Asia/Tokyo"\n')
    text = unit.type("events", "erase", "--before", "2020-01-01", "--yes")[1]
    assert text.endswith("from before 2020-01-01 00:00:00\n")


def test_an_erased_event_takes_the_picture_that_is_laid_ready_for_a_channel(unit: Unit) -> None:
    alarm, *_ = alarms.make_rows(unit.open_as("alarm").clock.stamp())
    unit.open_as("alarm").add(replace(alarm, camera="gate"))
    laid = unit.directory / "run/alarm-a-1.1.owner.mail.jpg"
    laid.parent.mkdir()
    laid.write_bytes(b"a face")
    text = unit.type("events", "erase", "--camera", "gate", "--yes")[1]
    assert text == "erased: 0 events, 0 pictures, 0 clips, 1 alarm of the camera gate\n"
    assert not laid.exists()
    assert unit.json("alarms", "list")[0]["text"] == "erased"
