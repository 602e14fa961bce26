"""One log line per change of state: a sentence with key=value fields, secrets removed.

Reads and writes: standard error; under PID 1 that is the journal, which adds the time itself.
Never: prints a password, a token or the user part of a URL.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
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


class FieldsAdapter(logging.LoggerAdapter[logging.Logger]):
    """Lets a call give its fields by name: `log.info("level changed", level="ECO")`."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        passed = {key: kwargs.pop(key) for key in ("exc_info", "stacklevel") if key in kwargs}
        text = " ".join([str(msg), *(f"{key}={value}" for key, value in kwargs.items())])
        return text, passed


def setup(name: str, under_journal: bool) -> FieldsAdapter:
    """Configure logging for one service and return its log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SentenceFormatter(with_name=not under_journal))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    return FieldsAdapter(logging.getLogger(name), {})
