"""What reaches the journal: a sentence, its fields, its catalogue entry, and no secret."""

import logging

import pytest

from appliance import log
from appliance.errors import BusError


def test_a_line_reaches_the_journal_with_its_severity_and_catalogue_entry() -> None:
    sent: list[tuple[str, dict[str, object]]] = []
    handler = log.JournalHandler("power", lambda text, **fields: sent.append((text, fields)))
    logger = logging.getLogger("journal-test")
    logger.addHandler(handler)
    logger.propagate = False
    log.SentenceLog("journal-test").warning("it is silent", BusError.message_id, fault="bus")
    text, fields = sent[0]
    assert text == "it is silent fault=bus"
    assert fields["MESSAGE_ID"] == BusError.message_id
    assert fields["PRIORITY"] == 4
    assert fields["SYSLOG_IDENTIFIER"] == "power"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("rtsp://admin:secret@10.0.0.7/1 is gone", "rtsp://***@10.0.0.7/1 is gone"),
        ("http://user@host/x", "http://***@host/x"),
        ("rtsp://admin:p@ss/w:1@10.0.0.7/1 is gone", "rtsp://***@10.0.0.7/1 is gone"),
        (
            "http://h/v.mjpg?user=admin&pwd=x&channel=1",
            "http://h/v.mjpg?user=***&pwd=***&channel=1",
        ),
        ("http://h/v.cgi?loginuse=a&loginpas=b", "http://h/v.cgi?loginuse=***&loginpas=***"),
        ('"http://h", "camera@gate"', '"http://h", "camera@gate"'),
        ("nothing to hide: a@b", "nothing to hide: a@b"),
    ],
)
def test_a_password_never_reaches_a_line(message: str, shown: str) -> None:
    assert log.redact(message) == shown
