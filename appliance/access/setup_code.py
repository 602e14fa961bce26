"""The set-up code of a new unit: the login of whoever sets it up, until somebody else has one.

    code = make_code(file)      # root, where the unit is installed: "K7TM4-XQD2P"
    find_code(file)             # what the touchscreen of a new unit shows; None: it is none

Reads and writes: the account `setup`; setup-code beside access.db, for the page's user alone.
Never: lets anybody in once there is a PIN or a technician; comes back by itself: where access.db
was damaged or removed, whoever stands before the touchscreen is not who sets a new unit up.
"""

import secrets
from contextlib import suppress

from appliance.access.accounts import SETUP, find_password, find_pin, list_accounts
from appliance.access.database import AccessFile, give_to_page, translate_errors
from appliance.access.passwords import hash_secret
from appliance.access.roles import Role
from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.strict_json import InputError

FILE = "setup-code"
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another one
HALF = 5  # letters; both halves are 49 bits
MODE, MOST_BYTES = 0o600, 100


def make_code(file: AccessFile) -> str:
    """A new code, in place of one of before. Raises `InputError` where the unit is set up,
    `AccessError`.
    """
    if is_set_up(file):
        raise InputError(
            "this unit is set up: log in with the PIN or an account (`unitctl access show`), or "
            "add one (`unitctl access account add NAME --role technician`)"
        )
    code = f"{draw_half()}-{draw_half()}"
    stored = hash_secret(code)
    with file.write() as db:
        db.execute("DELETE FROM session WHERE account = ?", (SETUP,))
        db.execute("DELETE FROM account WHERE name = ?", (SETUP,))
        values = (SETUP, SETUP, Role.TECHNICIAN.word, stored, encode_time(file.clock.stamp().utc))
        db.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?)", values)
    path = file.path.with_name(FILE)
    with translate_errors(path, "written"):
        replace_file(path, f"{code}\n".encode(), mode=MODE)
        give_to_page(path)
    return code


def draw_half() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(HALF))


def find_code(file: AccessFile) -> str | None:
    """The code that lets in now. Raises `AccessError`."""
    if not find_password(file, SETUP):
        return None
    with suppress(OSError, UnicodeError, InputError):
        return read_small_file(file.path.with_name(FILE), MOST_BYTES).decode().strip() or None
    return None


def is_set_up(file: AccessFile) -> bool:
    """Whether somebody can act without the code. Raises `AccessError`."""
    has_technician = any(one.role is Role.TECHNICIAN for one in list_accounts(file))
    return has_technician or find_pin(file) is not None


def clean_code(typed: str) -> str:
    """A code as it was made: typed in small letters, or without the dash."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return f"{letters[:HALF]}-{letters[HALF:]}"
