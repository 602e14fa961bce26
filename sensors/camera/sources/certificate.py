"""The certificate of a camera that speaks TLS: verified before libav opens the stream.

Reads: a file with certificates (PEM); a handshake on an open connection. Writes: nothing.
Never: takes the name in a certificate for a proof. A camera is connected to by its IP number, and
its own certificate names its maker or nothing: what counts is that the file vouches for it. So the
file should hold the camera's own certificate, and no public CA.

libav says nothing of why it refuses a certificate, so the handshake is tried here first; libav then
verifies its own, by the same file and for the name that this certificate has.
"""

import socket
import ssl
from pathlib import Path
from typing import Any

from appliance.errors import CameraError
from appliance.wording.sentence import say
from sensors.camera.sources.address import Address

NAMED = ("DNS", "IP Address")


def verify_certificate(
    connection: socket.socket, address: Address, ca_file: Path
) -> dict[str, str]:
    """Libav's options with which it verifies the same; raises `CameraError`."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
        context.check_hostname = False
        with context.wrap_socket(connection) as encrypted:
            names = list_names(encrypted.getpeercert() or {})
    except ssl.SSLCertVerificationError as error:
        raise CameraError(
            say(
                "{shown} shows a certificate that {ca_file} does not vouch for ({verify_message}): "
                "another device may answer there; if the camera has a new certificate, put it into "
                "that file",
                shown=address.shown,
                ca_file=ca_file,
                verify_message=error.verify_message,
            )
        ) from None
    except OSError as error:
        raise CameraError(
            say(
                "{shown} cannot be opened with TLS and {ca_file} ({strerror}): check the port, and "
                "that the file holds a certificate (PEM)",
                shown=address.shown,
                ca_file=ca_file,
                strerror=error.strerror or type(error).__name__,
            )
        ) from None
    options = {"tls_verify": "1", "ca_file": str(ca_file)}
    name = address.host if address.host in names else next(iter(names), "")
    return options | ({"verifyhost": name} if name else {})


def list_names(certificate: Any) -> list[str]:
    """The names of a certificate, those of its subject last."""
    others = [name for kind, name in certificate.get("subjectAltName", ()) if kind in NAMED]
    subject = [pair for group in certificate.get("subject", ()) for pair in group]
    return [*others, *(name for kind, name in subject if kind == "commonName")]
