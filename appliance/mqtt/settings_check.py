"""What the MQTT service needs of its settings: files that can be read and fit together.

Reads: the files of password and certificates. Writes: nothing.
Never: calls a file wrong that only this user may not read.
"""

from collections.abc import Callable, Iterator

from appliance.errors import SettingsError
from appliance.mqtt.secrets import load_ca, make_tls_context, read_password
from appliance.process.settings_checks import SettingsFinding
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.wording.sentence import say


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """What the service would end with."""
    own = settings.mqtt
    if not own.host:
        return
    if own.password_file is not None and not own.user:
        yield SettingsFinding(("mqtt", "password_file"), say("needs a `user` beside it"))
    yield from attempt("password_file", lambda: read_password(own.password_file))
    yield from check_certificates(own)


def check_certificates(own: MqttSettings) -> Iterator[SettingsFinding]:
    """Those of the broker, and the unit's own."""
    for name in ("ca_file", "certificate_file", "key_file"):
        if getattr(own, name) is not None and not own.tls:
            yield SettingsFinding(("mqtt", name), say("needs `tls = true` beside it"))
    if own.key_file is not None and own.certificate_file is None:
        yield SettingsFinding(("mqtt", "key_file"), say("needs a `certificate_file` beside it"))
    ca_file = own.ca_file
    wrong_ca = list(attempt("ca_file", lambda: load_ca(ca_file))) if ca_file is not None else []
    yield from wrong_ca
    if own.certificate_file is not None and not wrong_ca:
        yield from attempt("certificate_file", lambda: make_tls_context(own))


def attempt(key: str, use: Callable[[], object]) -> Iterator[SettingsFinding]:
    """What `use` cannot use."""
    try:
        use()
    except SettingsError as error:
        if not isinstance(error.__cause__, PermissionError):
            yield SettingsFinding(("mqtt", key), say("cannot be used: {error}", error=error))
