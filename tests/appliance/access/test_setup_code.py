"""The set-up code: it lets in who sets a new unit up, and nobody afterwards."""

from pathlib import Path

import pytest

from appliance.access import accounts, passwords, setup_code
from appliance.access.database import AccessFile
from appliance.access.door import RefusedError, log_in, log_in_by_code
from appliance.access.roles import Origin, Role
from appliance.access.sessions import SessionTimes, find_person
from appliance.access.setup_code import find_code, make_code
from appliance.strict_json import InputError
from tests.stand_ins.fakes import FakeClock

TIMES = (SessionTimes(300, 3600), SessionTimes(3600, 43_200))
HERE = "10.0.0.7"


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> AccessFile:
    return AccessFile(tmp_path / "access" / "access.db", clock)


def enter(file: AccessFile, code: str) -> str:
    return log_in_by_code(file, code, origin=Origin.NETWORK, source=HERE)


def is_technician(file: AccessFile, session_id: str) -> bool:
    person = find_person(file, session_id, Origin.NETWORK, TIMES, is_active=True)
    return person is not None and person.role is Role.TECHNICIAN


def test_the_code_of_a_new_unit_lets_in_also_without_dash_and_in_small_letters(
    file: AccessFile,
) -> None:
    code = make_code(file)
    assert find_code(file) == code
    for typed in (code, code.lower().replace("-", ""), f" {code[:5]} {code[6:]} "):
        assert is_technician(file, enter(file, typed))


def test_the_file_of_the_code_is_for_the_pages_user_alone(file: AccessFile) -> None:
    make_code(file)
    assert file.path.with_name(setup_code.FILE).stat().st_mode & 0o777 == 0o600


def test_a_wrong_code_is_refused_and_waits_like_every_wrong_password(file: AccessFile) -> None:
    code = make_code(file)
    for _ in range(5):
        with pytest.raises(RefusedError, match="not the set-up code"):
            enter(file, "AAAAA-AAAAA")
    with pytest.raises(RefusedError, match="too many wrong tries"):
        enter(file, code)


@pytest.mark.parametrize("way", ["pin", "technician"])
def test_a_pin_or_a_technician_ends_it_and_who_is_logged_in_goes_on(
    file: AccessFile, way: str
) -> None:
    code = make_code(file)
    session = enter(file, code)
    if way == "pin":
        accounts.set_pin(file, passwords.hash_secret("481516"))
    else:
        accounts.add_account(file, "Anna", Role.TECHNICIAN, passwords.hash_secret("three words"))
    assert find_code(file) is None
    with pytest.raises(RefusedError, match="takes no set-up code"):
        enter(file, code)
    with pytest.raises(RefusedError):
        log_in(file, name="setup", password=code, origin=Origin.NETWORK, source=HERE)
    with pytest.raises(RefusedError):
        log_in(file, name="setup", password="", origin=Origin.NETWORK, source=HERE)
    assert is_technician(file, session)
    with pytest.raises(InputError, match="this unit is set up"):
        make_code(file)


def test_a_viewer_does_not_end_it(file: AccessFile) -> None:
    code = make_code(file)
    accounts.add_account(file, "Bert", Role.VIEWER, passwords.hash_secret("three words"))
    assert find_code(file) == code


def test_a_new_code_ends_the_one_before_and_who_came_in_by_it(file: AccessFile) -> None:
    session = enter(file, make_code(file))
    make_code(file)
    assert not is_technician(file, session)


def test_without_the_file_of_logins_the_code_that_lies_there_is_worth_nothing(
    file: AccessFile,
) -> None:
    make_code(file)
    file.path.unlink()
    assert find_code(file) is None


def test_nobody_has_an_account_of_that_name_and_it_is_not_listed(file: AccessFile) -> None:
    make_code(file)
    assert accounts.list_accounts(file) == []
    with pytest.raises(InputError, match="set-up code"):
        accounts.add_account(file, "Setup", Role.VIEWER, passwords.hash_secret("three words"))
