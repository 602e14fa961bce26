"""A wrong word is answered with the nearest known one, or with none: a far one misleads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.parsing.nearest import advise, count_slips, find_nearest

SECTIONS = ("unit", "site", "clock", "host", "charger", "bms", "meter", "panels", "battery", "web")
MODELS = ("epever-tracer", "pylontech", "victron-smartsolar", "victron-gx", "jk-pb", "renogy-rover")


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [
        ("power", SECTIONS, None),
        ("nosuch", MODELS, None),
        ("camera", SECTIONS, None),
        ("batery", SECTIONS, "battery"),
        ("hots", SECTIONS, "host"),
        ("Battery", SECTIONS, "battery"),
        ("epever", MODELS, "epever-tracer"),
        ("victron", MODELS, None),  # two begin so
        ("gx", MODELS, None),
        ("pylontec", MODELS, "pylontech"),
        ("Bucharest", ("Europe/Bucharest", "Europe/Paris"), "Europe/Bucharest"),
        ("", SECTIONS, None),
        ("x" * 100_000, SECTIONS, None),
    ],
)
def test_the_nearest_word_or_nothing(word: str, known: tuple[str, ...], near: str | None) -> None:
    assert find_nearest(word, known) == near


def test_without_a_near_word_the_known_ones_are_listed_or_another_advice_stands() -> None:
    assert advise("power", ("web", "unit")) == "known: web, unit"
    assert advise("power", ("web",), "give an IANA name") == "give an IANA name"
    assert advise("wbe", ("web", "unit")) == "did you mean 'web'?"
    assert advise("x", ()) == "known: none"


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_slips_are_counted_alike_from_both_sides(one: str, other: str) -> None:
    assert count_slips(one, other) == count_slips(other, one)
    assert (count_slips(one, other) == 0) == (one == other)
    assert count_slips(one, other) <= max(len(one), len(other))
