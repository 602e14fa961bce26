"""One log line per change of state: a sentence with key=value fields, secrets removed.

Reads and writes: the journal under PID 1 (with a MESSAGE_ID where the catalogue explains the line),
else standard error.
Never: prints a password, a token or the user part of a URL.
"""

import logging
import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

SEVERITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
# Up to the last @: passwords hold one, or a slash, although no address may (RFC 3986, 3.2.1).
SECRET = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s\"]+@", re.IGNORECASE)
# http cameras are asked with ?user=...&pwd=..., ?loginuse=...&loginpas=..., ?token=...
ASKED = re.compile(
    r"(?P<name>[?&][^=&\s\"]*(?:us(?:e|er|r)|pass?|passw(?:or)?d|pwd|token|key|auth|secret)=)"
    r"[^&\s\"]+",
    re.IGNORECASE,
)
T = TypeVar("T")


def redact(text: str) -> str:
    """`text` with the user and password of every URL in it replaced."""
    return ASKED.sub(r"\g<name>***", SECRET.sub(r"\g<scheme>***@", text))


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


class SentenceFormatter(logging.Formatter):
    """`sentence key=value ...`, with the source in front where nobody else adds it."""

    def __init__(self, with_name: bool) -> None:
        super().__init__("%(name)-9s %(message)s" if with_name else "%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


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


class JournalHandler(logging.Handler):
    """Sends lines to the journal with their severity and, where there is one, their MESSAGE_ID."""

    def __init__(self, name: str, send: Callable[..., None]) -> None:
        super().__init__()
        self._name = name
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"SYSLOG_IDENTIFIER": self._name, "PRIORITY": SEVERITIES.get(record.levelno, 6)}
        if message_id := getattr(record, "message_id", None):
            fields["MESSAGE_ID"] = message_id
        self._send(self.format(record), **fields)


def setup(name: str, under_journal: bool) -> SentenceLog:
    """Configure logging for one service and return its log."""
    send = journal_send() if under_journal else None
    handler = JournalHandler(name, send) if send else logging.StreamHandler(sys.stderr)
    handler.setFormatter(SentenceFormatter(with_name=not under_journal))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    return SentenceLog(name)


def journal_send() -> Callable[..., None] | None:
    """The `send` of the journal library, or None on a laptop without it."""
    try:
        from systemd import journal  # noqa: PLC0415  (optional: an extra)
    except ImportError:
        return None
    return cast("Callable[..., None]", journal.send)
