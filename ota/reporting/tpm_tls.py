"""Lets Python's `ssl` use a key of the TPM for the client's certificate.

    trouble = prepare_tls(certificate, key)      # None: a context may load both

The provider tpm2 is loaded into the libcrypto that `ssl` is linked with, once in a process, after
`default`: without a preference all else is calculated by the processor, as before. It works with
OpenSSL 3.5 and tpm2-openssl 1.3 (Debian 13), and not with those of Debian 12.

Reads: the two files. Writes: the providers of this process.
Never: loads anything for a key that is a file alone, or raises: without a certificate a report
counts by its own signature.
"""

import _ssl
import ctypes
import ssl
from functools import cache
from pathlib import Path

from appliance.errors import shorten_error

MARK = b"TSS2 PRIVATE KEY"
MOST_BYTES = 4096
RETAIN_FALLBACKS = 1


def prepare_tls(certificate: Path, key: Path) -> str | None:
    """Why the two cannot be shown in TLS, None where they can."""
    try:
        with key.open("rb") as file:
            is_tpm = MARK in file.read(MOST_BYTES)
        if is_tpm and not load_provider():
            return (
                "this Python cannot use a key of the TPM in TLS (it takes Debian 13 with the "
                "package tpm2-openssl, and a TPM that this service may open)"
            )
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        return f"the unit's certificate and key cannot be used in TLS ({shorten_error(error)})"
    return None


@cache
def load_provider() -> bool:
    """Whether `ssl` knows keys of the TPM now."""
    try:
        library = ctypes.CDLL(getattr(_ssl, "__file__", None))
        load = library.OSSL_PROVIDER_try_load
    except (OSError, AttributeError):
        return False  # an OpenSSL before 3, or none that can be found
    load.restype = ctypes.c_void_p
    load.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    return all(load(None, name, RETAIN_FALLBACKS) for name in (b"default", b"tpm2"))
