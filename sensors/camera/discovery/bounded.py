"""HTTP to one camera, with a limit for everything: what zeep sends its SOAP with.

Reads: replies of a camera; the ONVIF library's own WSDL files. Writes: requests to that camera.
Never: follows a redirection, goes to another host, uses a proxy, reads more than `MOST_BYTES` or
longer than the deadline, or sends a password in a readable form (HTTP's `Basic`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPDigestAuth
from zeep.transports import Transport

MOST_BYTES = 1_000_000  # of a SOAP reply: profiles of a recorder with 16 channels have 100 KB
MOST_PICTURE_BYTES = 8_000_000
UNAUTHORISED = 401
CONNECT_S, READ_S = 3.0, 6.0
PIECE_BYTES = 65_536
HEADERS = {"Accept-Encoding": "identity", "Connection": "close"}


class TooLargeError(Exception):
    """The reply is larger than any that is meant."""


class TooLongError(Exception):
    """The deadline has passed."""


class OtherHostError(Exception):
    """An address leads to another host than the camera."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What zeep reads of a reply."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    encoding: str = "utf-8"


class BoundedTransport(Transport):  # type: ignore[misc]
    """All requests to the camera at `host`, until `deadline_s` by `now_s`."""

    def __init__(
        self,
        host: str,
        login: tuple[str, str],
        deadline_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc
        super().__init__(session=session)
        self._host, self._login = host, login
        self._deadline_s, self._now_s = deadline_s, now_s
        self.may_log_in = bool(login[0])  # by HTTP's digest, where it is asked for
        self.date_offset_s: float | None = None  # of the last reply's `Date`

    def load(self, url: str) -> bytes:
        """The library's own files; raises `OtherHostError` for what a document names besides."""
        if "://" in url:
            raise OtherHostError
        found: bytes = super().load(url)
        return found

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Reply:
        """One request of zeep."""
        return self._send("POST", address, MOST_BYTES, message, headers)

    def get_picture(self, address: str) -> Reply:
        """The file at an address."""
        return self._send("GET", address, MOST_PICTURE_BYTES, b"", {})

    def _send(
        self, verb: str, address: str, most: int, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        if urlsplit(address).hostname != self._host:
            raise OtherHostError
        ask = {"data": body or None, "headers": {**HEADERS, **headers}}
        reply = self._read(self._open(verb, address, ask), most)
        asks = reply.headers.get("WWW-Authenticate", "").lower()
        if reply.status_code == UNAUTHORISED and "digest" in asks and self.may_log_in:
            auth = HTTPDigestAuth(*self._login)
            reply = self._read(self._open(verb, address, {**ask, "auth": auth}), most)
        return reply

    def _open(self, verb: str, address: str, ask: Mapping[str, object]) -> requests.Response:
        left_s = self._deadline_s - self._now_s()
        if left_s <= 0:
            raise TooLongError
        limits = (min(CONNECT_S, left_s), min(READ_S, left_s))
        return self.session.request(  # type: ignore[no-any-return]
            verb, address, stream=True, allow_redirects=False, timeout=limits, **ask
        )

    def _read(self, response: requests.Response, most: int) -> Reply:
        self._note_date(response.headers.get("Date", ""))
        found = bytearray()
        with response:
            while piece := response.raw.read1(PIECE_BYTES):
                found += piece
                if len(found) > most:
                    raise TooLargeError
                if self._now_s() > self._deadline_s:
                    raise TooLongError
        return Reply(response.status_code, response.headers, bytes(found))

    def _note_date(self, text: str) -> None:
        try:
            self.date_offset_s = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            self.date_offset_s = None
