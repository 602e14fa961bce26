"""What the broker is logged in to with: a password, certificates. Errors are sentences.

Reads: the files that `[mqtt]` names. Writes: nothing.
Never: keeps a password or key longer than the caller does.
"""

import ssl
from pathlib import Path

from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.sections.network import MqttSettings

MOST_BYTES = 4096
MOST_CERTIFICATE_BYTES = 1_000_000


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


def make_tls_context(own: MqttSettings) -> ssl.SSLContext:
    """How the broker is checked, and what it is shown. Raises `SettingsError`."""
    context = ssl.create_default_context()
    if own.ca_file is not None:
        context = load_ca(own.ca_file)
    if own.certificate_file is not None:
        load_certificate(context, own.certificate_file, own.key_file or own.certificate_file)
    return context


def load_ca(path: Path) -> ssl.SSLContext:
    """These certificates alone. Raises `SettingsError`."""
    try:
        text = read_small_file(path, MOST_CERTIFICATE_BYTES).decode()
        return ssl.create_default_context(cadata=text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(
            f"the certificates that the MQTT broker is checked with cannot be read from {path}: "
            f"{describe(error)}; check `ca_file` in [mqtt]: it must hold certificates in PEM"
        ) from error


def load_certificate(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """What the unit shows of itself. Raises `SettingsError`."""
    try:
        for path in (certificate, key):
            read_small_file(path, MOST_CERTIFICATE_BYTES)
        context.load_cert_chain(certificate, key, password=refuse_passphrase)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the unit's certificate for the MQTT broker cannot be used ({certificate}, {key}): "
            f"{describe(error)}; check `certificate_file` and `key_file` in [mqtt], and that the "
            "group appliance may read them"
        ) from error


def refuse_passphrase() -> str:
    """Nobody is there to type one."""
    raise ValueError("the key has a passphrase")


def describe(error: Exception) -> str:
    """OpenSSL's own words are short, and may be none."""
    return str(error) or type(error).__name__
