"""HTTP to a DDI server: one small question or message at a time, bounded in size and time.

    server = Connection("https://hawkbit.example.org", "DEFAULT", "u1", read_token)
    server.get(""); server.post("deploymentBase/17/feedback", data); server.put("configData", data)

Reads: the network. Writes: nothing.
Never: follows a redirection or an address that the server names, unpacks a body, tells the token to
another server or in an error, or waits longer than its limits.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from appliance.errors import shorten_error
from appliance.wording.sentence import say
from ota.ddi.messages import MOST_BYTES
from ota.errors import LinkError
from ota.mirrors.answer_limit import limit_answers

CONNECT_S, READ_S, ANSWER_S = 20.0, 30.0, 60.0
WHOLE_S = 120.0  # for a body
PART_BYTES = 16 * 1024
LONGEST_PAUSE_S = 24 * 3600.0
UNAUTHORIZED, NOT_THERE, BUSY = "ddi-unauthorized", "ddi-not-there", "ddi-busy"
REFUSED, BROKEN = "ddi-refused", "ddi-broken"


class ServerError(LinkError):
    """The server does not answer as it should. `pause_s`: it wants to be left alone for so long."""

    def __init__(self, text: str, reason_code: str, pause_s: float = 0.0) -> None:
        super().__init__(text, reason_code)
        self.pause_s = pause_s


def ignore_bytes(_: int) -> None:
    """Bytes that nobody counts."""


def show_nothing() -> str:
    """A server that asks for no token."""
    return ""


@dataclass(slots=True)
class Connection:
    """`read_token`: the value of the header Authorization, "" for none; raises `OSError`.
    `on_bytes` hears what came.
    """

    url: str
    tenant: str
    controller: str
    read_token: Callable[[], str] = show_nothing
    ca_file: Path | None = None
    on_bytes: Callable[[int], None] = ignore_bytes
    now_s: Callable[[], float] = time.monotonic
    answer_s: float = ANSWER_S
    pool: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        self.pool = urllib3.PoolManager(
            ca_certs=None if self.ca_file is None else str(self.ca_file),
            cert_reqs="CERT_REQUIRED",
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
            retries=False,
            maxsize=1,
        )
        limit_answers(self.pool, self.answer_s)

    @property
    def name(self) -> str:
        """The server in a sentence."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def get(self, path: str) -> bytes:
        """All calls raise `ServerError`."""
        return self.ask("GET", path, None)

    def post(self, path: str, data: bytes) -> None:
        self.ask("POST", path, data)

    def put(self, path: str, data: bytes) -> None:
        self.ask("PUT", path, data)

    def close(self) -> None:
        self.pool.clear()

    def ask(self, method: str, path: str, data: bytes | None) -> bytes:
        try:
            answer = self.pool.request(
                method,
                self.find_address(path),
                body=data,
                headers=self.make_headers(has_body=data is not None),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                self.require_success(answer)
                return self.read_body(answer)
            finally:
                answer.close()
        except (HTTPError, OSError, ValueError) as error:
            raise ServerError(
                say(
                    "the server {name} does not answer ({shorten_error}); it is asked again "
                    "later; check the link, and [ddi] url and ca_file if this stays",
                    name=self.name,
                    shorten_error=shorten_error(error),
                ),
                BROKEN,
            ) from error

    def find_address(self, path: str) -> str:
        tenant, controller = quote(self.tenant, safe=""), quote(self.controller, safe="")
        tail = f"/{path}" if path else ""
        return f"{self.url.rstrip('/')}/{tenant}/controller/v1/{controller}{tail}"

    def make_headers(self, *, has_body: bool) -> dict[str, str]:
        headers = {"Accept": "application/hal+json, application/json"}
        headers["Accept-Encoding"] = "identity"
        if has_body:
            headers["Content-Type"] = "application/json"
        if token := self.read_token():
            headers["Authorization"] = token
        return headers

    def read_body(self, answer: BaseHTTPResponse) -> bytes:
        began_s, data = self.now_s(), bytearray()
        while part := answer.read1(PART_BYTES):
            data += part
            self.on_bytes(len(part))
            if len(data) > MOST_BYTES:
                raise ValueError(
                    say("its answer has more than {most_bytes} bytes", most_bytes=MOST_BYTES)
                )
            if self.now_s() - began_s > WHOLE_S:
                raise TimeoutError(
                    say(
                        "{count} bytes came in {whole_s:.0f} s",
                        count=len(data),
                        whole_s=WHOLE_S,
                    )
                )
        return bytes(data)

    def require_success(self, answer: BaseHTTPResponse) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status in (401, 403):
            raise ServerError(
                say(
                    "the server {name} refuses this unit ({status}): check the token that [ddi] "
                    "names, and whether the server allows it",
                    name=self.name,
                    status=status,
                ),
                UNAUTHORIZED,
            )
        if status in (404, 405, 410):
            raise ServerError(
                say(
                    "the server {name} does not know this ({status}): check [ddi] url, tenant "
                    "and controller ({controller})",
                    name=self.name,
                    status=status,
                    controller=self.controller,
                ),
                NOT_THERE,
            )
        if status in (429, 503):
            pause_s = read_pause(answer.headers.get("retry-after", ""))
            text = f"the server {self.name} is busy ({status}); it is asked again later"
            raise ServerError(text, BUSY, pause_s)
        if 400 <= status < 500 and status != 408:
            text = f"the server {self.name} does not take what it is told ({status})"
            raise ServerError(text, REFUSED)
        raise ValueError(say("it answers {status}", status=status))


def read_pause(text: str) -> float:
    """Seconds of a header Retry-After; its other form, a date, counts as none."""
    return min(float(text), LONGEST_PAUSE_S) if text.isascii() and text.isdigit() else 0.0
