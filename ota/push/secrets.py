"""What the unit shows the fleet's broker, and what it checks the broker with.

Reads: the unit's key, its certificate, the fleet's authority, `[fleet] ca_file`. Writes: nothing.
Never: connects without a certificate of its own.
"""

import ssl
from pathlib import Path

from appliance.errors import SettingsError
from appliance.wording.sentence import say
from ota.reporting.file_names import AUTHORITY, CERTIFICATE, PRIVATE
from ota.reporting.tpm_tls import prepare_tls


def is_in_fleet(directory: Path) -> bool:
    """Whether a claim has given the unit its certificate."""
    return all((directory / name).exists() for name in (AUTHORITY, CERTIFICATE, PRIVATE))


def make_tls_context(directory: Path, ca_file: Path | None) -> ssl.SSLContext:
    """The broker is checked with `ca_file`; without it, with the system's certificates and that of
    the fleet's own authority. Raises `SettingsError`.
    """
    try:
        if ca_file is not None:
            context = ssl.create_default_context(cafile=str(ca_file))
        else:
            context = ssl.create_default_context()
            context.load_verify_locations(str(directory / AUTHORITY))
    except (OSError, ValueError) as error:
        raise SettingsError(
            say(
                "the certificates that the fleet's broker is checked with cannot be read "
                "({error}): check `ca_file` in [fleet], or claim again",
                error=error,
            )
        ) from error
    certificate, key = directory / CERTIFICATE, directory / PRIVATE
    if trouble := prepare_tls(certificate, key):
        raise SettingsError(
            say(
                "{trouble}: claim again (`unitctl fleet claim`), or leave [fleet] push out",
                trouble=trouble,
            )
        )
    context.load_cert_chain(certificate, key)
    return context
