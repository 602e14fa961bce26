"""Sentences as rows keep them, and whatever else may stand in the place of one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from appliance.model import EnergyBudget, EnergyLevel, Fault, Stamp
from appliance.model_cameras import CameraHold, HoldKind
from appliance.store.camera_holds import Order, make_hold
from appliance.store.decoding import decode
from appliance.store.rows import encode
from appliance.wording.sentence import Sentence, join_sentences, say, say_count
from appliance.wording.sentence_data import LONGEST_DATA, decode_sentence, encode_sentence
from appliance.wording.translating import translate

NOW = Stamp(datetime(2026, 4, 15, 5, 4, tzinfo=UTC), "0" * 8, 7.0)
LOOKS_SO = '{"say":"all is well"}'


def make_budget(reason: str) -> EnergyBudget:
    return EnergyBudget(NOW, EnergyLevel.ECO, 12.0, NOW.utc, 0.0, reason)


def store_and_read(reason: str) -> str:
    found, unreadable = decode(EnergyBudget, encode(make_budget(reason)))
    assert found is not None
    assert not unreadable
    return found.reason


def test_a_sentence_comes_back_from_its_row_as_it_was() -> None:
    why = say("{share:.0%} until {at:%H:%M}", share=0.4, at=NOW.utc + timedelta(hours=2))
    many = say_count("{count} camera: {why}", "{count} cameras: {why}", 3, why=why)
    whole = join_sentences("; ", [many, "plain {text}"])
    found = store_and_read(whole)
    assert found == whole
    assert isinstance(found, Sentence)
    assert found.values["part1"].many == "{count} cameras: {why}"
    assert found.values["part1"].values["why"].values == why.values


def test_a_row_of_an_older_release_is_read_as_plain_text() -> None:
    found = store_and_read("the sun is up")
    assert found == "the sun is up"
    assert type(found) is str


def test_a_plain_text_that_looks_like_a_stored_sentence_stays_that_text() -> None:
    found = store_and_read(LOOKS_SO)
    assert found == LOOKS_SO
    assert type(found) is str


def test_in_a_field_that_holds_no_sentences_everything_is_plain_text() -> None:
    hold = make_hold("gate", HoldKind.MUTE, Order(who="anna", via="page", reason=LOOKS_SO), NOW)
    assert encode(hold)["reason"] == LOOKS_SO
    assert decode(CameraHold, encode(hold))[0] == hold
    fault = Fault(NOW, say("{code}", code="camera"), "gate", "x", None)
    assert type(encode(fault)["code"]) is str
    assert encode(fault)["code"] == "camera"


@pytest.mark.parametrize(
    "damaged",
    [
        '{"say":',
        '{"say":3}',
        '{"say":"{a.b}","with":{"a":1}}',
        '{"say":"{a:.1f}","with":{"a":"x"}}',
        '{"say":"{a}"}',
        '{"say":"{a:99999999d}","with":{"a":1}}',
        '{"say":"x","with":{"a":[1]}}',
        '{"say":"x","with":{"a":{"time":"2026"}}}',
        '{"say":"x","with":{"a":{"time":"9999-01-01T00:00:00+00:00"}}}',
        '{"say":"x","with":3}',
        '{"say":"x","many":"y"}',
        '{"say":"{count}","many":"y{","with":{"count":"2"}}',
        '{"say":"{count}","many":"{x}","with":{"count":2}}',
        '{"say":"' + "x" * 100_000 + '"}',
        '{"say":"x","with":{"a":' * 5000,
    ],
)
def test_a_damaged_sentence_is_shown_as_the_text_that_is_stored(damaged: str) -> None:
    found = decode_sentence(damaged)
    assert found == damaged
    assert type(found) is str


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["say", "with", "many", "time", "count", "a"]), inner)
        ),
        max_leaves=12,
    ),
    st.text(alphabet="{}ac:.0fount%HM!\\x", max_size=20),
)
@budget(max_examples=200)
def test_nothing_that_is_stored_ends_in_an_error(tree: object, template: str) -> None:
    for stored in (tree, {"say": template, "with": tree}, {"say": tree, "many": template}):
        text = decode_sentence(json.dumps(stored, separators=(",", ":")))
        assert isinstance(text, str)
        assert isinstance(translate(text, "ro"), str)


def test_what_is_too_long_or_too_deep_for_data_is_stored_as_its_text() -> None:
    long = say("{text}, so it is", text="x" * LONGEST_DATA)
    assert encode_sentence(long) == long
    deep = say("end")
    for _ in range(40):
        deep = say("and {more}", more=deep)
    assert encode_sentence(deep) == deep
    assert encode_sentence(say("{number:.0f}", number=float("inf"))) == "inf"
