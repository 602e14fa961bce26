"""One contact with a DDI server: questions and messages until something stands against it.

    talk = Talk(connection, now, log)
    poll = talk.poll()                       # None: talk.trouble says why
    talk.tell(message)                       # whether it is done with

Reads and writes: the network.
Never: asks a server again at once that does not answer; or lets an error out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from appliance.log import SentenceLog
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.ddi.action_file import CANCEL, CONFIRMATION, DEPLOYMENT, Message
from ota.ddi.connection import BUSY, LONGEST_PAUSE_S, NOT_THERE, REFUSED, Connection, ServerError
from ota.ddi.feedback import format_confirmation, format_feedback
from ota.ddi.messages import (
    Deployment,
    Link,
    Poll,
    read_deployment,
    read_poll,
    read_stop,
)

T = TypeVar("T")

UNREADABLE = "ddi-unreadable"
BREAK = timedelta(seconds=60)  # after a question that was in vain
LONGEST_PAUSE = timedelta(seconds=LONGEST_PAUSE_S)
OF_ONE = (NOT_THERE, REFUSED)  # say nothing of the server as a whole
PARTS = {DEPLOYMENT: "deployment", CONFIRMATION: "confirmation"}


@dataclass(slots=True)
class Talk:
    """`trouble`: why nothing is asked now, `since` when."""

    server: Connection
    now: Callable[[], datetime]
    log: SentenceLog
    trouble: ServerError | None = None
    since: datetime | None = None

    @property
    def name(self) -> str:
        return self.server.name

    def leave_alone(self, until: datetime | None) -> None:
        """A busy server that has said until when; a time that is far ahead is a clock's fault."""
        now = self.now()
        if until is not None and now < until <= now + LONGEST_PAUSE:
            minutes = ceil((until - now).total_seconds() / 60)
            text = f"the server {self.name} is busy, and asks to be left alone for {minutes} min"
            self.trouble = ServerError(text, BUSY)

    def poll(self) -> Poll | None:
        if not self._may_ask():
            return None
        try:
            return self._read("", read_poll)
        except ServerError as error:
            self._note(error, is_whole=True)
        return None

    def fetch(self, link: Link, base: str) -> Deployment | None:
        """What an action deploys."""
        return self._fetch(link, base, lambda data: read_deployment(data, PARTS[base]))

    def fetch_stop(self, link: Link) -> str | None:
        """The action that is to be cancelled."""
        return self._fetch(link, CANCEL, read_stop)

    def tell(self, message: Message) -> bool:
        """Whether it is done with: the server has it, or has no such action any more."""
        if not self._may_ask():
            return False
        feedback, action = message.feedback, message.action
        is_answer = message.base == CONFIRMATION
        data = (
            format_confirmation(feedback)
            if is_answer
            else format_feedback(action, feedback, self.now())
        )
        try:
            self.server.post(f"{message.base}/{action}/feedback", data)
        except ServerError as error:
            self._note(error)
            return error.reason_code == NOT_THERE
        self.log.info(f"told {self.name} of action {action}: {feedback.execution}, {feedback.text}")
        return True

    def tell_attributes(self, attributes: Mapping[str, str]) -> bool:
        """What this unit is."""
        return self._put("configData", {"mode": "merge", "data": dict(attributes)})

    def tell_installed(self, distribution: str, release: str) -> bool:
        """A release that came by another way."""
        return self._put("installedBase", {"name": distribution, "version": release})

    def _may_ask(self) -> bool:
        """Not where it did not answer a moment ago, or wants to be left alone."""
        if self.trouble is None:
            return True
        is_old = self.since is not None and self.now() - self.since >= BREAK
        if is_old and self.trouble.reason_code != BUSY:
            self.trouble = None
        return self.trouble is None

    def _put(self, path: str, tree: Mapping[str, object]) -> bool:
        """Whether it is done with; a server that has no such call is asked once for each news."""
        if not self._may_ask():
            return False
        try:
            self.server.put(path, json.dumps(tree).encode())
        except ServerError as error:
            self._note(error)
            return error.reason_code in OF_ONE
        return True

    def _fetch(self, link: Link, base: str, read: Callable[[bytes], T]) -> T | None:
        if not self._may_ask():
            return None
        try:
            return self._read(f"{base}/{link.action}{link.mark}", read)
        except ServerError as error:
            self._note(error)
        return None

    def _read(self, path: str, read: Callable[[bytes], T]) -> T:
        try:
            return read(self.server.get(path))
        except InputError as error:
            raise ServerError(
                say(
                    "the server {name} gives what cannot be understood ({error}); check [ddi] "
                    "url, and that it speaks the Direct Device Integration API",
                    name=self.name,
                    error=error,
                ),
                UNREADABLE,
            ) from error

    def _note(self, error: ServerError, *, is_whole: bool = False) -> None:
        if is_whole or error.reason_code not in OF_ONE:
            self.trouble, self.since = error, self.now()
        self.log.warning(str(error))
