"""What the MQTT service needs of its settings: a password that can be read, beside a user.

Reads: the password file. Writes: nothing.
Never: calls a file wrong that only this user may not read.
"""

from collections.abc import Iterator
from pathlib import Path

from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.process.settings_checks import SettingsFinding
from appliance.settings import Settings

MOST_BYTES = 4096


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """What the service would end with."""
    own, where = settings.mqtt, ("mqtt", "password_file")
    if not own.host or own.password_file is None:
        return
    if not own.user:
        yield SettingsFinding(where, "needs a `user` beside it")
    try:
        read_password(own.password_file)
    except SettingsError as error:
        if not isinstance(error.__cause__, PermissionError):
            yield SettingsFinding(where, f"cannot be used: {error}")


def read_password(path: Path | None) -> str:
    """The broker's password; raises `SettingsError`."""
    if path is None:
        return ""
    try:
        return read_small_file(path, MOST_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the password of the MQTT broker cannot be read from {path}: {error}; "
            "check `password_file` in [mqtt] and that the group appliance may read it"
        ) from error
