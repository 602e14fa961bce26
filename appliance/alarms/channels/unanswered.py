"""Whether a server may have a message although it has not said so: it was given all of it, and the
connection ended, or time was over, before an answer came.

    with watch_answers() as watch:
        ...                          # mail by smtplib, or a request by http.client
    watch.is_unanswered

Reads and writes: nothing; it stands around the two calls of Python's library that wait for the
answer to a whole message.
Never: counts what failed before the message was given (no link, a login) or was answered by a code.
Of what speaks another protocol it knows nothing.
"""

import http.client
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CALLS: tuple[tuple[type, str], ...] = (
    (smtplib.SMTP, "data"),
    (http.client.HTTPConnection, "getresponse"),
)


class AnswerWatch:
    """Of one message."""

    def __init__(self) -> None:
        self.is_unanswered = False

    def follow(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, noted while it has not returned."""

        def followed(*given: Any, **named: Any) -> Any:
            self.is_unanswered = True
            try:
                answer = call(*given, **named)
            except smtplib.SMTPResponseException:  # a code is an answer
                self.is_unanswered = False
                raise
            self.is_unanswered = False
            return answer

        return followed


@contextmanager
def watch_answers() -> Iterator[AnswerWatch]:
    """For a process that sends one message at a time."""
    watch = AnswerWatch()
    before = [(owner, name, getattr(owner, name)) for owner, name in CALLS]
    for owner, name, call in before:
        setattr(owner, name, watch.follow(call))
    try:
        yield watch
    finally:
        for owner, name, call in before:
            setattr(owner, name, call)
