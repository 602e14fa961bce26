"""Texts of errors that come from libraries."""

from appliance.errors import shorten_error


def test_a_long_text_of_a_library_is_cut_to_one_line() -> None:
    assert shorten_error(RuntimeError("\nwhy" + "y" * 500 + "\nwhere")) == "why" + "y" * 197
    assert shorten_error(RuntimeError()) == "no message"
