"""One log line per change of state: a sentence with key=value fields, secrets removed.

Reads and writes: the journal under PID 1 (with a MESSAGE_ID where the catalogue explains the line),
else standard error; both in a thread of its own (appliance/journal/writer.py).
Never: prints a password, a token or the user part of a URL, or lets a caller wait for its line.
"""

import logging
import re
import sys
from functools import cache, partial
from typing import Any, TypeVar, cast

from appliance.journal.datagrams import Journal, is_under_journal
from appliance.journal.writer import LogWriter, QueuedStream, Write, write_stderr
from appliance.wording.sentence import Sentence, list_names
from appliance.wording.shorten import shorten

SEVERITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
LONGEST = 2000  # characters of a line: what a device or a program says may have any length
FLUSH_S = 2.0  # real seconds for the last lines of a process
# The patterns take each character once, so a hostile text costs no more than any of its length.
ADDRESS = re.compile(r"://[^\s\"]+")
# http cameras are asked with ?user=...&pwd=..., ?loginuse=...&loginpas=..., ?token=...
NAMES = "use|user|usr|pas|pass|passwd|password|pwd|psw|pword|token|key|auth|secret"
ENDS_IN_NAME = "|".join(f"(?<={name}=)" for name in NAMES.split("|"))
ASKED = re.compile(rf"(?P<name>[?&][^?=&\s\"]*=)(?:{ENDS_IN_NAME})[^&\s\"]+", re.IGNORECASE)
# Others in the path: /user=NAME_password=WORD_channel=1, after which everything is hidden.
IN_PATH = re.compile(rf"(?<==)(?:{ENDS_IN_NAME})[^&\s\"]+", re.IGNORECASE)
T = TypeVar("T")


def redact(text: str) -> str:
    """`text` with the user and password of every URL in it replaced; a sentence stays one."""
    found = ASKED.sub(r"\g<name>***", ADDRESS.sub(hide_user, text))
    if not isinstance(text, Sentence):
        return found
    return text if found == text else redact_sentence(text, found)


def redact_sentence(sentence: Sentence, redacted: str) -> str:
    """A sentence with the secrets in its templates and values replaced; the text that is `redacted`
    where a secret begins in one value and ends in another.
    """
    template, many = redact(sentence.template), sentence.many and redact(sentence.many)
    try:
        kept = list_names(template) | list_names(many or "")
        values = {name: redact_fields(one) for name, one in sentence.values.items() if name in kept}
        found = Sentence(template, values, many)
    except (ValueError, LookupError):
        return redacted
    return found if found == redacted else redacted


def hide_user(address: re.Match[str]) -> str:
    """The address without what stands before its last @: passwords hold one, or a slash, although
    no address may (RFC 3986, 3.2.1).
    """
    _, at, host = address[0].rpartition("@")
    shown = IN_PATH.sub("***", host)
    return f"://***@{shown}" if at else shown


def redact_all(document: T) -> T:
    """A document (JSON) with the secrets in all its texts replaced."""
    return cast("T", redact_fields(document))


def redact_fields(value: Any) -> Any:
    """Any part of a document, so."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_fields(item) for key, item in value.items()}
    return [redact_fields(item) for item in value] if isinstance(value, list) else value


class SentenceLog:
    """One service's log: a sentence, and its fields by name."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, sentence: str, /, message_id: str | None = None, **fields: Any) -> None:
        self._write(logging.INFO, sentence, fields, message_id)

    def warning(self, sentence: str, /, message_id: str | None = None, **fields: Any) -> None:
        self._write(logging.WARNING, sentence, fields, message_id)

    def _write(
        self, severity: int, sentence: str, fields: dict[str, Any], message_id: str | None = None
    ) -> None:
        parts = [sentence, *(f"{key}={value}" for key, value in fields.items())]
        self._logger.log(severity, "%s", " ".join(parts), extra={"message_id": message_id})


class QueuedHandler(logging.Handler):
    """Hands each line over to the writer; to the journal with its severity and, where there is one,
    its MESSAGE_ID.
    """

    def __init__(self, name: str, writer: LogWriter, journal: Journal | None) -> None:
        super().__init__()
        self._name, self._writer, self._journal = name, writer, journal

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.submit(self._choose_write(record), make_line(self.format(record)))

    def flush(self) -> None:
        """Called when the process ends."""
        self._writer.flush(FLUSH_S)

    def _choose_write(self, record: logging.LogRecord) -> Write:
        if self._journal is None:
            return choose_stderr()
        severity, message_id = SEVERITIES.get(record.levelno, 6), record.__dict__.get("message_id")
        fields = {"SYSLOG_IDENTIFIER": self._name, "PRIORITY": severity}
        more = {"MESSAGE_ID": message_id} if message_id else {}
        return partial(self._journal.send, **fields, **more)


def make_line(text: str) -> str:
    """`text` as it may be logged: not too long, no secrets."""
    return redact(shorten(text, LONGEST))


def choose_stderr() -> Write:
    """How to write to standard error; a stream that another program put in its place is used."""
    is_ours = sys.stderr is sys.__stderr__ or isinstance(sys.stderr, QueuedStream)
    return write_stderr if is_ours else partial(print, file=sys.stderr)


@cache
def share_writer() -> LogWriter:
    """The one writer of this process."""
    return LogWriter()


def setup(name: str) -> SentenceLog:
    """Configure logging for one service and return its log. What is printed to standard error, such
    as a traceback, is written like a log line from now on: nothing waits for who should read it.
    """
    writer = share_writer()
    journal = Journal() if is_under_journal() else None
    handler = QueuedHandler(name, writer, journal)
    handler.setFormatter(logging.Formatter(None if journal else "%(name)-9s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    logging.getLogger("tuf").setLevel(logging.ERROR)  # it names keys that are not needed any more
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it tells each try beside our sentence
    if sys.stderr is sys.__stderr__:
        sys.stderr = QueuedStream(lambda text: writer.submit(write_stderr, make_line(text)))
    return SentenceLog(name)


def flush() -> bool:
    """Wait a moment until all lines are written, before the process is ended; whether they are."""
    return share_writer().flush(FLUSH_S)
