"""What reaches the journal: a sentence, its fields, its catalogue entry, and no secret."""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from appliance import log
from appliance.errors import BusError
from appliance.journal.datagrams import Journal, is_under_journal
from appliance.journal.writer import LogWriter
from appliance.log import LONGEST, QueuedHandler, SentenceLog
from tests.waiting import wait_until


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """Where the journal reads; bound to the file `journal`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.bind(str(tmp_path / "journal"))
        own.settimeout(30)
        yield own


def open_log(name: str, journal: Path, writer: LogWriter) -> SentenceLog:
    logger = logging.getLogger(name)
    logger.handlers = [QueuedHandler("power", writer, Journal(journal))]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return SentenceLog(name)


def test_a_line_reaches_the_journal_with_its_severity_and_catalogue_entry(
    journal: socket.socket, tmp_path: Path
) -> None:
    own = open_log("journal-test", tmp_path / "journal", LogWriter())
    own.warning("it is silent", BusError.message_id, fault="bus")
    assert journal.recv(9999).decode().splitlines() == [
        "MESSAGE=it is silent fault=bus",
        "SYSLOG_IDENTIFIER=power",
        "PRIORITY=4",
        f"MESSAGE_ID={BusError.message_id}",
    ]
    own.info("of two\nlines")
    assert journal.recv(9999).startswith(b"MESSAGE\n\x0c\0\0\0\0\0\0\0of two\nlines\nSYSLOG")


def test_a_journal_that_does_not_read_holds_up_nobody_and_the_lost_lines_are_counted(
    journal: socket.socket, tmp_path: Path
) -> None:
    writer = LogWriter(most_lines=50)
    own = open_log("full-journal-test", tmp_path / "journal", writer)
    for number in range(5000):
        own.info("line", number=number)
    assert not writer.flush(0.0)
    lines: list[str] = []
    wait_until(lambda: read_on(journal, lines, writer), "the last line")
    counted = [int(line.rsplit("=")[-1]) for line in lines if "were lost" in line]
    assert sum(counted) + len(lines) - len(counted) == 5000


def read_on(journal: socket.socket, lines: list[str], writer: LogWriter) -> bool:
    """Take one line; whether no more will come."""
    journal.settimeout(0)
    try:
        lines.append(journal.recv(9999).decode().splitlines()[0])
    except BlockingIOError:
        return writer.flush(0.0)
    return False


def test_a_line_that_cannot_be_written_is_lost_and_the_next_one_is_written() -> None:
    writer = LogWriter()
    written: list[str] = []

    def fail(_: str) -> None:
        raise BrokenPipeError

    writer.submit(fail, "nobody reads this")
    writer.submit(written.append, "here I am")
    assert writer.flush(30)
    assert written == [
        "here I am",
        "log lines were lost because they were not read in time lines=1",
    ]


def test_a_last_line_is_waited_for_only_so_long() -> None:
    writer, go = LogWriter(), Event()
    writer.submit(lambda _: go.wait(), "held")
    assert not writer.flush(0.0)
    go.set()
    assert writer.flush(30)


NOBODY_READS = """
import os, sys, warnings
from appliance import log
own = log.setup("power")
log.FLUSH_S = 0.0
for number in range(300):
    own.info("a line", number=number, more="x" * 1000)
    print("printed", "y" * 1000, file=sys.stderr)
warnings.warn("a warning")
os.write(1, b"still here")
raise SystemExit("and the end has words" * 10_000)
"""


@pytest.mark.processes
def test_a_full_pipe_for_standard_error_holds_up_no_line_no_warning_and_no_end() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", NOBODY_READS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    with process.stderr, process.stdout:  # the one for errors is not read
        assert process.stdout.read() == b"still here"
        assert process.wait(60) == 1


@pytest.mark.processes
def test_a_traceback_is_written_to_its_end_and_without_secrets() -> None:
    code = "from appliance import log; log.setup('power'); open('rtsp://a:secret@h/1')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "FileNotFoundError: [Errno 2] No such file or directory: 'rtsp://***@h/1'"
    )


def test_only_the_standard_error_that_pid_one_connected_is_the_journal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    assert is_under_journal()
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + 1}")
    assert not is_under_journal()
    monkeypatch.delenv("JOURNAL_STREAM")
    assert not is_under_journal()


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
        ("http://h/x?a=b?pwd=x&y=1", "http://h/x?a=b?pwd=***&y=1"),
        ("http://h/x?a?b&PASSWORD=x", "http://h/x?a?b&PASSWORD=***"),
        ("http://h/x?bypass=1&passing=2", "http://h/x?bypass=***&passing=2"),
        ("a://b@c://d@e f://g", "a://***@e f://g"),
        # Recorders and cameras of many makers have it in the path.
        ("rtsp://h/user=a_password=x_channel=1_stream=0.sdp?real", "rtsp://h/user=***"),
        ("rtsp://h/user=a&password=x&channel=1", "rtsp://h/user=***&password=***&channel=1"),
        ("rtsp://h/live;password=x is gone", "rtsp://h/live;password=*** is gone"),
        ("http://h/snap?usr=a&psw=x", "http://h/snap?usr=***&psw=***"),
        ("rtsp://h/stream=0/pause=5 user=Ada", "rtsp://h/stream=0/pause=*** user=Ada"),
    ],
)
def test_a_password_never_reaches_a_line(message: str, shown: str) -> None:
    assert log.redact(message) == shown


def test_a_line_of_any_length_is_cut_before_secrets_are_looked_for() -> None:
    text = "refused: " + "x " * LONGEST + "?" * 20_000
    line = log.make_line(text)
    assert line.startswith("refused: x x")
    assert line.endswith("more characters]")
    assert len(line) < LONGEST + 40
    url = "x" * (LONGEST - 20) + " rtsp://admin:secret-that-is-cut@host/1"
    assert "secret" not in log.make_line(url)


def test_no_pattern_for_secrets_tries_a_character_of_a_hostile_text_twice() -> None:
    """A document or a bundle is not cut; where the time grows as the square, this takes hours."""
    hostile = [
        *("?" * 200_000, "://" * 100_000, "?a" * 100_000, "a" * 200_000, "?" + "user" * 50_000),
        *("://" + "a=" * 100_000, "://" + "user" * 50_000),
    ]
    for text in hostile:
        assert log.redact(text) == text
