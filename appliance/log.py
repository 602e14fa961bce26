"""One log line per change of state: a sentence with key=value fields, secrets removed.

Reads and writes: standard error; under PID 1 that is the journal, which adds the time itself.
Never: prints a password, a token or the user part of a URL.
"""

import logging
import re
import sys
from typing import Any

SECRET = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with the user and password of every URL in it replaced."""
    return SECRET.sub(r"\g<scheme>***@", text)


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

    def debug(self, sentence: str, /, **fields: Any) -> None:
        self._write(logging.DEBUG, sentence, fields)

    def info(self, sentence: str, /, **fields: Any) -> None:
        self._write(logging.INFO, sentence, fields)

    def warning(self, sentence: str, /, **fields: Any) -> None:
        self._write(logging.WARNING, sentence, fields)

    def _write(self, severity: int, sentence: str, fields: dict[str, Any]) -> None:
        parts = [sentence, *(f"{key}={value}" for key, value in fields.items())]
        self._logger.log(severity, "%s", " ".join(parts))


def setup(name: str, under_journal: bool) -> SentenceLog:
    """Configure logging for one service and return its log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SentenceFormatter(with_name=not under_journal))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    return SentenceLog(name)
