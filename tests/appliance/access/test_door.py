"""Logging in: who gets a session, who waits, and who is not kept out by somebody else's tries."""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.security import check_password_hash

from appliance.access import accounts, door, passwords, sessions
from appliance.access.acts import Outcome, begin_act, list_acts
from appliance.access.attempts import forget_all, list_wrong
from appliance.access.database import AccessFile
from appliance.access.door import RefusedError
from appliance.access.roles import Origin, Person, Role
from appliance.access.sessions import SessionTimes
from appliance.access.tokens import add_token, find_bearer, list_tokens, remove_token
from appliance.strict_json import InputError
from tests.stand_ins.fakes import FakeClock

PIN, PASSWORD = "481516", "three words here"
TIMES = (SessionTimes(300, 3600), SessionTimes(3600, 43_200))


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> AccessFile:
    found = AccessFile(tmp_path / "access" / "access.db", clock)
    accounts.set_pin(found, passwords.hash_secret(PIN))
    accounts.add_account(found, "Anna", Role.TECHNICIAN, passwords.hash_secret(PASSWORD))
    return found


def log_in(
    file: AccessFile,
    password: str = PASSWORD,
    name: str = "anna",
    origin: Origin = Origin.NETWORK,
    source: str = "10.0.0.7",
) -> str:
    return door.log_in(file, name=name, password=password, origin=origin, source=source)


def find(file: AccessFile, session_id: str, origin: Origin = Origin.NETWORK) -> Person | None:
    return sessions.find_person(file, session_id, origin, TIMES, is_active=True)


def try_wrong(file: AccessFile, times: int, **more: Any) -> str:
    """The last sentence."""
    text = ""
    for _ in range(times):
        with pytest.raises(RefusedError) as refusal:
            log_in(file, "wrong", **more)
        text = str(refusal.value)
    return text


def test_a_login_makes_a_session_of_that_person(file: AccessFile) -> None:
    assert find(file, log_in(file, name=" ANNA ")) == Person(
        "Anna", Role.TECHNICIAN, Origin.NETWORK
    )


def test_the_pin_makes_a_session_at_the_touchscreen_and_nowhere_else(file: AccessFile) -> None:
    session = door.log_in_by_pin(file, PIN)
    found = find(file, session, Origin.TOUCHSCREEN)
    assert found is not None
    assert (found.name, found.role) == ("touchscreen", Role.TECHNICIAN)
    assert find(file, session, Origin.NETWORK) is None


def test_without_a_pin_the_command_is_told(file: AccessFile) -> None:
    accounts.set_pin(file, None)
    with pytest.raises(RefusedError, match="sudo unitctl access pin set"):
        door.log_in_by_pin(file, PIN)


def test_an_unknown_name_gets_the_sentence_of_a_wrong_password(file: AccessFile) -> None:
    assert try_wrong(file, 1) == try_wrong(file, 1, name="nobody")


@pytest.mark.parametrize(
    "name", ["", "\0", "a\0b", "\udcff", "x" * 100_000, "' or 1=1 --", "\u202e"]
)
def test_any_name_is_wrong_and_no_error(file: AccessFile, name: str) -> None:
    try_wrong(file, 1, name=name)


def test_after_five_wrong_tries_the_right_password_waits_too(
    file: AccessFile, clock: FakeClock
) -> None:
    try_wrong(file, 5)
    with pytest.raises(RefusedError, match="in 30 seconds") as refusal:
        log_in(file)
    assert refusal.value.wait_s == 30
    clock.advance(31)
    assert find(file, log_in(file))


def test_ten_wrong_pins_tell_how_long_and_what_to_do(file: AccessFile, clock: FakeClock) -> None:
    for number in range(10):
        clock.advance(900 if number >= 5 else 0)
        with pytest.raises(RefusedError, match="not the PIN"):
            door.log_in_by_pin(file, "000000")
    with pytest.raises(RefusedError) as refusal:
        door.log_in_by_pin(file, PIN)
    assert "in 15 minutes" in str(refusal.value)
    assert "sudo unitctl access unlock" in str(refusal.value)


def test_tries_from_the_network_keep_nobody_from_the_touchscreen(file: AccessFile) -> None:
    for number in range(100):
        with pytest.raises(RefusedError):
            log_in(file, "wrong", source=f"10.0.1.{number}")
    assert door.log_in_by_pin(file, PIN)
    assert log_in(file, origin=Origin.TOUCHSCREEN, source="127.0.0.1")


def test_right_logins_of_weeks_do_not_count_as_wrong_tries_of_the_network(
    file: AccessFile, clock: FakeClock
) -> None:
    try_wrong(file, 1, source="10.0.0.8")
    for day in range(70):
        log_in(file, source=f"10.0.0.{day}")
        clock.advance(20 * 3600)
    assert [(key, one.failures) for key, one in list_wrong(file) if key == "network"] == [
        ("network", 1)
    ]


def test_tries_at_the_touchscreen_keep_nobody_from_the_network(file: AccessFile) -> None:
    for _ in range(8):
        with pytest.raises(RefusedError):
            door.log_in_by_pin(file, "000000")
    try_wrong(file, 8, origin=Origin.TOUCHSCREEN, source="127.0.0.1")
    assert log_in(file)


def test_one_address_that_tries_many_names_waits(file: AccessFile) -> None:
    for number in range(5):
        try_wrong(file, 1, name=f"name{number}")
    assert "too many" in try_wrong(file, 1, name="another")
    assert log_in(file, source="10.0.0.8")


def test_many_addresses_that_try_one_name_wait(file: AccessFile) -> None:
    for number in range(20):
        try_wrong(file, 1, source=f"10.0.2.{number}")
    assert "too many" in try_wrong(file, 1, source="10.0.3.1")


def test_a_login_forgets_the_wrong_tries_before_it(file: AccessFile) -> None:
    try_wrong(file, 4)
    log_in(file)
    try_wrong(file, 4)
    assert log_in(file)


def test_root_lets_everybody_try_again(file: AccessFile) -> None:
    try_wrong(file, 9)
    assert forget_all(file) == 3
    assert log_in(file)


def test_many_names_push_out_neither_the_pin_nor_everything(file: AccessFile) -> None:
    for _ in range(6):
        with pytest.raises(RefusedError):
            door.log_in_by_pin(file, "000000")
    for number in range(60):
        with pytest.raises(RefusedError):
            log_in(file, "wrong", name=f"n{number}", source=f"10.1.0.{number}")
    assert "pin" in [key for key, _ in list_wrong(file)]


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_ends_when_nothing_is_done(file: AccessFile, clock: FakeClock) -> None:
    session = log_in(file)
    for _ in range(3):
        clock.advance(3000)
        assert find(file, session)
    clock.advance(3601)
    assert find(file, session) is None


def test_a_page_that_asks_by_itself_keeps_nobody_logged_in(
    file: AccessFile, clock: FakeClock
) -> None:
    session = log_in(file)
    for _ in range(4):
        clock.advance(1000)
        found = sessions.find_person(file, session, Origin.NETWORK, TIMES, is_active=False)
    assert found is None


def test_a_session_ends_after_its_longest_time_in_any_case(
    file: AccessFile, clock: FakeClock
) -> None:
    session = log_in(file)
    for _ in range(14):
        clock.advance(3000)
        assert find(file, session)
    clock.advance(3000)
    assert find(file, session) is None


def test_a_session_ends_with_the_boot(file: AccessFile, clock: FakeClock) -> None:
    session = log_in(file)
    clock.reboot()
    clock.uptime_s = 1000
    assert find(file, session) is None


def test_a_session_ends_by_logout_password_and_removal(file: AccessFile) -> None:
    first, second = log_in(file), log_in(file)
    sessions.end_session(file, first)
    assert find(file, first) is None
    assert find(file, second)
    accounts.change_password(file, "ANNA", passwords.hash_secret("another three words"))
    assert find(file, second) is None
    third = log_in(file, "another three words")
    accounts.remove_account(file, "anna")
    assert find(file, third) is None
    with pytest.raises(RefusedError):
        log_in(file, "another three words")


def test_another_pin_ends_the_logins_by_the_old_one(file: AccessFile) -> None:
    session = door.log_in_by_pin(file, PIN)
    accounts.set_pin(file, passwords.hash_secret("162342"))
    assert find(file, session, Origin.TOUCHSCREEN) is None


@pytest.mark.parametrize("session_id", ["", "x", "\0", "\udcff", "x" * 10_000, "' or 1=1 --"])
def test_a_made_up_id_is_no_session(file: AccessFile, session_id: str) -> None:
    log_in(file)
    assert find(file, session_id) is None


# --- tokens and acts ------------------------------------------------------------------------------


def test_a_token_is_told_once_and_ends_when_it_is_removed(file: AccessFile) -> None:
    token = add_token(file, "Home Assistant", Role.VIEWER)
    found = find_bearer(file, token, Origin.NETWORK)
    assert found == Person("token home assistant", Role.VIEWER, Origin.NETWORK)
    assert [one.name for one in list_tokens(file)] == ["home assistant"]
    assert token.encode() not in file.path.read_bytes()
    with pytest.raises(InputError, match="already"):
        add_token(file, "home assistant", Role.VIEWER)
    remove_token(file, "HOME Assistant")
    assert find_bearer(file, token, Origin.NETWORK) is None
    with pytest.raises(InputError, match="there is no token"):
        remove_token(file, "home assistant")


def test_no_secret_is_in_the_file(file: AccessFile) -> None:
    session, by_pin = log_in(file), door.log_in_by_pin(file, PIN)
    data = file.path.read_bytes()
    for secret in (PASSWORD, PIN, session, by_pin):
        assert secret.encode() not in data


@pytest.mark.parametrize(
    "name", ["", " ", "\0", "a\0b", "x" * 41, "a/b", "<b>", "a\nb", "-x", "\u202ea"]
)
def test_an_account_has_a_plain_name(file: AccessFile, name: str) -> None:
    with pytest.raises(InputError, match="is no name"):
        accounts.add_account(file, name, Role.VIEWER, "")


@pytest.mark.parametrize("name", ["Ștefan", "o.brien-2", "Ana Maria", "ß", "用户"])
def test_names_of_people_are_names(file: AccessFile, name: str) -> None:
    accounts.add_account(file, name, Role.VIEWER, passwords.hash_secret(PASSWORD))
    found = find(file, log_in(file, name=name.upper()))
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", ["touchscreen", "Touchscreen", "token ha"])
def test_no_account_is_taken_for_somebody_else_in_the_journal(file: AccessFile, name: str) -> None:
    with pytest.raises(InputError, match="would be taken for"):
        accounts.add_account(file, name, Role.VIEWER, "")


@pytest.mark.parametrize("name", ["anna", "nobody", "", "x" * 5000])
def test_a_wrong_try_costs_one_hash_whoever_it_is_for(
    file: AccessFile, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    compared: list[str] = []

    def compare(stored: str, typed: str) -> bool:
        compared.append("hashed")
        return check_password_hash(stored, typed)

    monkeypatch.setattr(passwords, "check_password_hash", compare)
    try_wrong(file, 1, name=name)
    assert compared == ["hashed"]


def test_an_account_is_there_once_however_it_is_written(file: AccessFile) -> None:
    with pytest.raises(InputError, match="already"):
        accounts.add_account(file, "aNNa", Role.VIEWER, "")
    with pytest.raises(InputError, match="there is no account 'otto'"):
        accounts.remove_account(file, "otto")


def test_the_newest_acts_are_kept(
    file: AccessFile, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.access.acts.MOST_ACTS", 10)
    anna = Person("Anna", Role.TECHNICIAN, Origin.NETWORK, "10.0.0.7")
    for number in range(30):
        begin_act(file, clock, anna, "act", str(number), {"x": "y" * 5000}, Outcome.DONE)
    found = list_acts(file, 100)
    assert [one.target for one in found] == [str(number) for number in range(29, 19, -1)]
    assert found[0].detail == '{"cut": true}'


def test_refused_acts_push_no_act_that_was_done_out_of_the_journal(
    file: AccessFile, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.access.acts.MOST_REFUSED", 5)
    who = Person("vera", Role.VIEWER, Origin.NETWORK)
    begin_act(file, clock, who, "events erased", "all", {}, Outcome.DONE)
    for number in range(12):
        begin_act(file, clock, who, "try", str(number), {}, Outcome.REFUSED)
    kept = [(act.what, act.target) for act in list_acts(file, 100)]
    assert kept == [("try", str(number)) for number in range(11, 6, -1)] + [
        ("events erased", "all")
    ]
