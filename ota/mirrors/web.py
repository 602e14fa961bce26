"""A mirror that answers HTTP: a web server, an object store, a neighbour in the local network.

    mirror = WebMirror("https://updates.example.org/fleet", ca_file=None, metered=False)

A server that knows no ranges is read on where the last range ended; on a link paid by volume it is
refused. A file's ETag goes with each later question, so that a changed file is noticed.

Reads: the network. Writes: nothing.
Never: waits longer than its limits, follows a redirection to another scheme or, without TLS, to
another host, or unpacks a body.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from appliance.errors import shorten_error
from appliance.wording.sentence import say
from ota.errors import LinkError
from ota.mirrors.answer import UNKNOWN_END, Answer, read_answer
from ota.mirrors.answer_limit import limit_answers
from ota.mirrors.mirror import NotThereError

CONNECT_S, READ_S = 20.0, 30.0
ANSWER_S = 90.0  # to connect, and again until the headers are there
WINDOW_S, LEAST_BYTES_PER_S = 60.0, 50  # slower than this for so long is no link
MOST_REDIRECTIONS = 3
PART_BYTES = 16 * 1024
REDIRECTIONS = (301, 302, 303, 307, 308)
MOST_ETAGS = 64


@dataclass(slots=True)
class Stream:
    """An answer and how far it is read; the next range may go on in it."""

    path: str
    position: int
    answer: Answer
    body: BaseHTTPResponse


class WebMirror:
    """`now_s`: monotonic seconds; `answer_s`: limit on connecting and on an answer's headers. The
    connection is kept between ranges.
    """

    def __init__(
        self,
        address: str,
        *,
        ca_file: Path | None = None,
        metered: bool = False,
        now_s: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
    ) -> None:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]  # no password: what is fetched is public
        self.name = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self.metered = metered
        self.now_s = now_s
        self.pool = urllib3.PoolManager(
            ca_certs=None if ca_file is None else str(ca_file),
            cert_reqs="CERT_REQUIRED",
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
            retries=False,
            maxsize=1,
        )
        limit_answers(self.pool, answer_s)
        self.etags: dict[str, str] = {}
        self.stream: Stream | None = None

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        """As `Mirror.read`."""
        try:
            while most_bytes > 0 and (stream := self.find_stream(path, offset, most_bytes)):
                begin = offset
                for data in self.read_body(stream, most_bytes):
                    offset, most_bytes = offset + len(data), most_bytes - len(data)
                    yield data
                if offset in (begin, stream.answer.whole_bytes):
                    return
        except (HTTPError, OSError, ValueError) as error:
            raise LinkError(
                say(
                    "{self} gave no more of {path} ({shorten_error}); it goes on later; check the "
                    "link if this stays",
                    self=self.name,
                    path=path,
                    shorten_error=shorten_error(error),
                ),
                "link-broken",
            ) from error

    # --- one answer ------------------------------------------------------------------------------

    def find_stream(self, path: str, offset: int, most_bytes: int) -> Stream:
        """The one that stands at `offset`, else a new one."""
        old = self.stream
        if old and (old.path, old.position) == (path, offset):
            return old
        self.close()
        return self.ask(path, offset, most_bytes)

    def read_body(self, stream: Stream, most_bytes: int) -> Iterator[bytes]:
        """Up to `most_bytes`; a body that is not at its end is kept for the next range."""
        is_whole = False
        try:
            yield from self.read_timed(stream, min(most_bytes, stream.answer.end - stream.position))
            is_whole = True
        finally:
            at_end = stream.position >= stream.answer.end
            self.stream = stream if is_whole and not at_end and not stream.body.closed else None
            if not is_whole or stream.answer.start == stream.answer.end:
                stream.body.close()
            elif at_end:
                stream.body.release_conn()

    def read_timed(self, stream: Stream, left: int) -> Iterator[bytes]:
        begin_s, came = self.now_s(), 0
        while left > 0 and (data := stream.body.read1(min(left, PART_BYTES))):
            left -= len(data)
            stream.position += len(data)
            came += len(data)
            yield data
            if (took_s := self.now_s() - begin_s) > WINDOW_S:
                if came < LEAST_BYTES_PER_S * took_s:
                    raise TimeoutError(
                        say("{came} bytes came in {took_s:.0f} s", came=came, took_s=took_s)
                    )
                begin_s, came = self.now_s(), 0
        if left > 0 and stream.answer.end != UNKNOWN_END:
            raise ConnectionError(say("{left} bytes of the answer are missing", left=left))

    def close(self) -> None:
        """Give up an answer that is not read to its end."""
        if self.stream is not None:
            self.stream.body.close()
            self.stream = None

    # --- the question ----------------------------------------------------------------------------

    def ask(self, path: str, offset: int, most_bytes: int) -> Stream:
        headers = {"Range": f"bytes={offset}-{offset + most_bytes - 1}"}
        headers["Accept-Encoding"] = "identity"
        if offset and path in self.etags:
            headers["If-Range"] = self.etags[path]
        body = self.request(f"{self.name}/{path}", headers)
        try:
            self.require_file(path, body.status)
            answer = read_answer(body.status, body.headers, offset=offset)
            self.require_same(path, offset, answer)
            self.require_cheap(path, offset + most_bytes, answer)
            stream = Stream(path, answer.start, answer, body)
            for _ in self.read_timed(stream, offset - answer.start):
                pass  # the server knows no ranges
        except BaseException:
            body.close()
            raise
        return stream

    def request(self, address: str, headers: dict[str, str]) -> BaseHTTPResponse:
        for _ in range(MOST_REDIRECTIONS + 1):
            body = self.pool.request(
                "GET",
                address,
                headers=headers,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            if body.status not in REDIRECTIONS:
                return body
            body.close()
            target = urljoin(address, body.headers.get("location", ""))
            require_redirection(address, target)
            address = target
        raise ValueError(
            say(
                "it leads on more than {most_redirections} times",
                most_redirections=MOST_REDIRECTIONS,
            )
        )

    def require_file(self, path: str, status: int) -> None:
        if status in (404, 410):
            raise NotThereError(
                say("{self} has no {path}; copy the whole tree to it", self=self.name, path=path),
                "not-there",
            )
        if status not in (200, 206, 416):
            raise ValueError(say("it answers {status}", status=status))

    def require_same(self, path: str, offset: int, answer: Answer) -> None:
        known = self.etags.pop(path, "")
        if offset and known and answer.start < answer.end and answer.etag != known:
            raise ValueError(say("the file was changed meanwhile"))
        if answer.etag and len(self.etags) < MOST_ETAGS:
            self.etags[path] = answer.etag

    def require_cheap(self, path: str, end: int, answer: Answer) -> None:
        """On a link paid by volume nothing may come that was not asked for."""
        if self.metered and not answer.has_ranges and answer.end > end:
            raise LinkError(
                say(
                    "{self} gives {path} only as a whole (it knows no ranges), and the link is "
                    "paid by volume; use another mirror, or set [update] metered = false",
                    self=self.name,
                    path=path,
                ),
                "no-ranges",
            )


def require_redirection(address: str, target: str) -> None:
    """A mirror must not have the unit ask the devices beside it: a relay is switched by one GET.
    Over TLS the other host must show a certificate. Raises `ValueError`.
    """
    old, new = urlsplit(address), urlsplit(target)
    is_same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
    if not is_same and not old.scheme == new.scheme == "https":
        raise ValueError(
            say(
                "it leads from {address} to {target}, another host or scheme",
                address=address[:60],
                target=target[:60],
            )
        )
