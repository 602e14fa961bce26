"""The fleet's server as a unit sees it: one signed document up, one small answer back.

    server = FleetServer(settings.fleet, certificate)     # certificate: of this unit, or None
    tree = server.post("api/v1/reports", data, {"Report-Signature": signature})

Reads and writes: the network.
Never: follows a redirection, tries again by itself, or waits longer than its limits.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from appliance import strict_json
from appliance.errors import shorten_error
from appliance.sections.network import FleetSettings
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from appliance.wording.shorten import shorten
from ota.errors import LinkError, RefusedError
from ota.mirrors.answer_limit import limit_answers

CONNECT_S, READ_S, ANSWER_S = 20.0, 30.0, 90.0
MOST_BYTES = 32 * 1024
LATER = frozenset((408, 425, 429, 500, 502, 503, 504))  # a proxy's or a database's trouble
LONGEST_TEXT, LONGEST_CODE = 300, 40
OTHER_AUTHORITY = (
    "is of an authority that this unit does not know: it is another server, or somebody stands "
    "between; check [fleet] server, and set `ca_file` to the authority of the fleet"
)
OTHER_NAME = "is of a server with another name: check [fleet] server, and the link"
# Numbers of OpenSSL (X509_V_ERR_...).
WRONG = {
    9: "is not valid yet by the clock of this unit: set the clock, then try again",
    10: "has expired by the clock of this unit: look at the clock, then ask who runs the server",
    **dict.fromkeys((18, 19, 20, 21), OTHER_AUTHORITY),
    **dict.fromkeys((62, 64), OTHER_NAME),
}


class FleetServer:
    """`certificate`, `key`: files with which the unit shows who it is in TLS; None: it does not."""

    def __init__(
        self, own: FleetSettings, certificate: Path | None = None, key: Path | None = None
    ) -> None:
        self.address = own.server.rstrip("/")
        self.pool = urllib3.PoolManager(
            ca_certs=None if own.ca_file is None else str(own.ca_file),
            cert_reqs="CERT_REQUIRED",
            cert_file=None if certificate is None else str(certificate),
            key_file=None if certificate is None else str(key),
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
            retries=False,
            maxsize=1,
        )
        limit_answers(self.pool, ANSWER_S)

    def post(self, path: str, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """The answer's object. Raises `RefusedError`, `LinkError`."""
        try:
            answer = self.pool.request(
                "POST",
                f"{self.address}/{path}",
                body=data,
                headers={"Content-Type": "application/json", **headers},
                redirect=False,
                preload_content=False,
            )
            try:
                body = answer.read(MOST_BYTES + 1, decode_content=False)
            finally:
                answer.close()
        except (HTTPError, OSError, ValueError) as error:
            raise make_error(self.address, error) from error
        return self.read(answer.status, body)

    def read(self, status: int, body: bytes) -> dict[str, Any]:
        """Raises as `post`."""
        tree = parse(body)
        if status == 200 and tree is not None:
            return tree
        said = (tree or {}).get("text")
        text = shorten(said, LONGEST_TEXT) if isinstance(said, str) else f"it answers {status}"
        if tree is None or status in LATER or not 400 <= status < 500:
            raise LinkError(
                say(
                    "the fleet's server {address} takes nothing now ({text}); it is tried again "
                    "with the next check-in",
                    address=self.address,
                    text=text,
                ),
                "fleet-link",
            )
        reason = tree.get("reason_code")
        code = reason[:LONGEST_CODE] if isinstance(reason, str) and reason else "refused"
        raise RefusedError(
            say("the fleet's server refuses this unit ({code}): {text}", code=code, text=text), code
        )


def make_error(address: str, error: Exception) -> LinkError:
    """What is wrong with the certificate that it shows, or that it does not answer."""
    found = find_certificate_error(error)
    if found is not None:
        what = WRONG.get(found.verify_code, f"is refused ({found.verify_message})")
        text = f"the certificate of the fleet's server {address} {what}"
        return LinkError(text, "fleet-certificate")
    return LinkError(
        f"the fleet's server {address} does not answer ({shorten_error(error)}); it is tried "
        "again with the next check-in; check the link if this stays",
        "fleet-link",
    )


def find_certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Within what urllib3 makes of it."""
    for one in (error, *error.args):
        if isinstance(one, ssl.SSLCertVerificationError):
            return one
    return None


def parse(body: bytes) -> dict[str, Any] | None:
    """None where it is no object: something else than the fleet's server has answered."""
    try:
        return strict_json.parse_object(body, most_bytes=MOST_BYTES)
    except InputError:
        return None
