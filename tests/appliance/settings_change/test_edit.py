"""Changes of a settings file's text: what is not changed stays, to the letter."""

import re
import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SettingsError
from appliance.settings_change.edit import edit, has_same
from appliance.settings_change.keys import parse_place
from appliance.settings_change.trees import change, flatten, list_changed

FILE = """# The unit at the barn. Written by Ada.
[unit]
name = "barn" # as on its door

# Cameras: the gate first.
[camera.gate]
source = "rtsp://10.0.0.5/1"  # the new one
privacy_masks = [
    [[0.1, 0.1], [0.2, 0.1], [0.2, 0.3]],  # the neighbour's window
]

[camera.gate.zone.yard]
polygon = [[0.1, 0.2], [0.9, 0.2], [0.5, 0.9]]
labels = ["person"]

[web]
port = 8080

[camera.rear]
source = 'rtsp://10.0.0.6/1'
# its zones come later
"""
INLINE = 'camera = {gate = {source = "a"}}\nweb.port = 80 # dotted\n'
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "unit.name": st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
    "web.port": st.integers(1, 65535),
    "web.hosts": st.lists(st.sampled_from(["a", "b.example"]), max_size=3),
    "battery.capacity_wh": st.floats(10, 1e6) | st.integers(10, 10**6),
    "mqtt.tls": st.booleans(),
    "camera.gate.source": st.sampled_from(["rtsp://10.0.0.9/1", 'say "no"', "back\\slash"]),
    "camera.gate.zone.yard": st.fixed_dictionaries(
        {"polygon": st.just([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])},
        optional={"dwell_s": st.floats(0, 60)},
    ),
    "camera.gate.zone.new": st.just({"polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]}),
    "camera.rear.line.road": st.just({"start": [0.0, 0.5], "end": [1.0, 0.5]}),
    "camera.new": st.just({"source": "x", "zone": {"a": {"labels": ["dog"]}}}),
    "inference.label.dog.threshold": st.floats(0.05, 0.99),
    "camera.rear": st.none(),
    "site.latitude_deg": st.floats(-90, 90),
}


def list_comments(text: str) -> list[str]:
    return re.findall(r"#.*", text)


def are_apart(names: set[str]) -> bool:
    """Whether none is within another."""
    return not any(one.startswith(f"{other}.") for one in names for other in names)


CHANGES = (
    st.sets(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5)
    .filter(are_apart)
    .flatmap(
        lambda names: st.fixed_dictionaries({name: VALUES[name] | st.none() for name in names})
    )
)


@given(CHANGES)
def test_every_comment_and_every_key_that_is_not_changed_stays(changes: dict[str, Any]) -> None:
    places = {parse_place(name): value for name, value in changes.items()}
    new = edit(FILE, places)
    before, after = tomllib.loads(FILE), tomllib.loads(new)
    assert has_same(after, change(before, places))
    for where in list_changed(before, after):
        is_asked = any(where[: len(place)] == place for place in places)
        assert is_asked or flatten(after).get(where) == {}, where
    lost = {comment for comment in list_comments(FILE) if comment not in new}
    allowed = {"# its zones come later"} if changes.get("camera.rear", "") is None else set()
    if changes.get("camera.gate.source", "") is None:
        allowed.add("# the new one")
    if changes.get("unit.name", "") is None:
        allowed.add("# as on its door")
    assert lost <= allowed


@given(CHANGES)
def test_a_change_that_is_made_twice_changes_nothing_the_second_time(
    changes: dict[str, Any],
) -> None:
    places = {parse_place(name): value for name, value in changes.items()}
    once = edit(FILE, places)
    assert edit(once, places) == once


def test_a_value_is_changed_in_its_line_and_no_other_line_is() -> None:
    new = edit(FILE, {("unit", "name"): "stable"})
    assert new == FILE.replace('"barn" #', '"stable" #')


def test_a_new_zone_stands_below_its_camera_apart_from_what_follows() -> None:
    new = edit(FILE, {parse_place("camera.gate.zone.door"): {"labels": ["dog"]}})
    assert '\n[camera.gate.zone.door]\nlabels = ["dog"]\n\n[web]\n' in new


def test_the_comment_above_a_header_stays_there_when_the_section_before_it_goes() -> None:
    new = edit(FILE, {("unit",): None})
    assert "# Cameras: the gate first.\n[camera.gate]\n" in new
    new = edit(FILE, {("unit", "id"): "u1"})
    assert 'id = "u1"\n\n# Cameras: the gate first.\n[camera.gate]\n' in new
    assert new.count("# Cameras") == 1


@pytest.mark.parametrize("name", ["camera.gate.user", "web.host", "camera.rear.user"])
def test_a_file_with_inline_and_dotted_sections_is_changed_or_refused_but_never_harmed(
    name: str,
) -> None:
    place, said = parse_place(name), ""
    try:
        new = edit(INLINE, {place: "x"})
    except SettingsError as error:
        said = str(error)
    if said:
        assert "with an editor" in said
    else:
        assert has_same(tomllib.loads(new), change(tomllib.loads(INLINE), {place: "x"}))
        assert "# dotted" in new


def test_where_the_library_makes_something_else_of_it_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of the library, which it has not today."""
    monkeypatch.setattr(tomlkit, "dumps", lambda _: FILE.replace("8080", "8081"))
    with pytest.raises(SettingsError, match="with an editor"):
        edit(FILE, {("unit", "name"): "stable"})


def test_a_section_and_a_key_within_it_are_not_changed_at_once() -> None:
    with pytest.raises(SettingsError, match=r"camera\.rear\.user is within camera\.rear"):
        edit(FILE, {("camera", "rear"): None, ("camera", "rear", "user"): "x"})


def test_a_time_is_written_as_a_time() -> None:
    new = edit("", {("clock", "origin_utc"): "2026-04-15T04:30:00+00:00"})
    assert "2026-04-15T04:30:00" in new
    assert '"' not in new


def test_a_file_without_its_last_line_end_is_changed_as_well() -> None:
    assert flatten(tomllib.loads(edit("[web]\nport = 80", {("web", "host"): "::"})))[
        ("web", "host")
    ]
