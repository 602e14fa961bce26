"""Links by which a recipient acknowledges an alarm: signed, so that nobody can make one up.

    key = read_or_make_key(settings.alarm_key_file)
    link = format_link("https://unit.example", "a-1", recipient="owner", key=key)
    recipient = check_token("a-1", token, ["owner", "guard"], key)     # "owner", or None

Reads and writes: the key's file, which the page reads as well.
Never: acknowledges by being opened: programs that check mail open every link in it.
"""

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from appliance.errors import StoreError
from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import say

KEY_BYTES = 32
KEY_MODE = 0o640  # for the page, whatever the umask is: who reads it can make up links
TOKEN_DIGITS = 32  # 128 bits
PLACE = "alarm"  # /alarm/ALARM/TOKEN on the page


def read_key(path: Path) -> bytes | None:
    """The key; None where there is none yet, or a damaged one."""
    try:
        found = read_small_file(path, KEY_BYTES)
    except OSError:
        return None
    return found if len(found) == KEY_BYTES else None


def read_or_make_key(path: Path) -> bytes:
    """The key of this unit; links of one that was lost are no longer valid. Raises `StoreError`."""
    key = read_key(path)
    if key is not None:
        return key
    fresh = secrets.token_bytes(KEY_BYTES)
    try:
        replace_file(path, fresh, mode=KEY_MODE)
    except OSError as error:
        raise StoreError(
            say(
                "the key of the links in alarms cannot be written to {path}: {cause}; check the "
                "free space and the permissions",
                path=path,
                cause=error.strerror,
            )
        ) from error
    return fresh


def make_token(alarm_id: str, recipient: str, key: bytes) -> str:
    """What only this unit can make."""
    signed = f"{alarm_id}\n{recipient}".encode()
    return hmac.new(key, signed, sha256).hexdigest()[:TOKEN_DIGITS]


def format_link(page: str, alarm_id: str, *, recipient: str, key: bytes) -> str:
    """The address that a recipient opens."""
    token = make_token(alarm_id, recipient, key)
    return f"{page.rstrip('/')}/{PLACE}/{quote(alarm_id, safe='')}/{token}"


def check_token(alarm_id: str, token: str, recipients: Iterable[str], key: bytes) -> str | None:
    """Whose link it is; None where it is nobody's."""
    given = token.encode(errors="replace")
    found = None
    for name in recipients:
        if hmac.compare_digest(make_token(alarm_id, name, key).encode(), given):
            found = name
    return found
