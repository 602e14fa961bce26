"""Passwords, PINs and tokens: which are taken, and that wrong ones tell nothing."""

import pytest

from appliance.access import passwords
from appliance.strict_json import InputError

METHOD, NOBODYS = passwords.METHOD, passwords.NOBODYS  # of a unit, not those of conftest.py


@pytest.mark.parametrize(
    "text", ["three words here", "Ștefan și Măria", "0123456789", "x y z w 12"]
)
def test_a_password_is_taken(text: str) -> None:
    assert passwords.matches(passwords.hash_secret(passwords.clean_password(text)), text)


@pytest.mark.parametrize(
    "text",
    ["", "short", "x" * 201, "aaaaaaaaaaaa", "line\nbreaks in it", "nul\0inside it", "\udcff" * 12],
)
def test_a_bad_password_is_refused_in_words(text: str) -> None:
    with pytest.raises(InputError, match="password"):
        passwords.clean_password(text)


def test_one_password_written_in_two_ways_is_one() -> None:
    stored = passwords.hash_secret(passwords.clean_password("cafe\u0301 at night"))
    assert passwords.matches(stored, "caf\u00e9 at night")


@pytest.mark.parametrize("pin", ["481516", "0099887766", "909090"])
def test_a_pin_is_taken(pin: str) -> None:
    assert passwords.clean_pin(pin) == pin


@pytest.mark.parametrize(
    "pin", ["", "1234", "000000", "123456", "654321", "789012", "48151a", "1" * 13, "\u0664" * 6]
)
def test_a_pin_that_anybody_tries_first_is_refused(pin: str) -> None:
    with pytest.raises(InputError):
        passwords.clean_pin(pin)


@pytest.mark.parametrize(
    "typed", ["", "three words her", "x" * 1_000_000, "a\0b", "\udcff", "\u2028"]
)
def test_what_is_typed_wrongly_is_wrong_and_no_error(typed: str) -> None:
    stored = passwords.hash_secret("three words here")
    assert not passwords.matches(stored, typed)
    assert not passwords.matches(None, typed)


@pytest.mark.parametrize("stored", ["", "x", "scrypt:1:1$a$b", "md5$a$b", "scrypt:32768:8:1$$"])
def test_a_damaged_hash_matches_nothing(stored: str) -> None:
    assert not passwords.matches(stored, "three words here")


def test_nobody_knows_the_secret_that_stands_in_for_unknown_accounts() -> None:
    assert NOBODYS.partition("$")[0] == METHOD == "scrypt:32768:8:1"
    assert not passwords.matches(None, "x")


def test_tokens_and_sessions_differ_and_are_stored_as_digests() -> None:
    token = passwords.make_token()
    assert token.startswith("unit_")
    assert len({token, passwords.make_token(), passwords.make_session_id()}) == 3
    assert token not in passwords.digest(token)
    assert passwords.digest("\udcff")
