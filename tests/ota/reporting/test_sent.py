"""Reports over a link that fails and a disk whose power is cut: the chain never forks by itself."""

import base64
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ota.errors import LinkError, RefusedError
from ota.fleet.reports.chain import Chain, Claimed, Link, judge
from ota.reporting.sender import ReportSender
from ota.reporting.sent import SENT, WAITING, Acknowledged, SentFile, SignedReport
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles

HOME = Path("/ota")
NOW = datetime(2026, 4, 15, 8, tzinfo=UTC)


class ChainServer:
    """The server's own rule of the chain, over no network. `calls`: when a report came, by how many
    calls the disk had made.
    """

    address = "https://fleet.example.org"

    def __init__(self, files: RecordingFiles, head: str | None = None, number: int = 0) -> None:
        self.files, self.head, self.number = files, head, number
        self.known: set[str] = {head} if head else set()
        self.calls: list[tuple[int, str]] = []
        self.links: list[Link] = []
        self.is_down = self.loses_answers = False
        self.refuses = ""

    def post(self, _path: str, data: bytes, _headers: Mapping[str, str]) -> dict[str, Any]:
        if self.is_down:
            raise LinkError("the link is down", "fleet-link")
        if self.refuses:
            raise RefusedError("no", self.refuses)
        sha256, tree = hashlib.sha256(data).hexdigest(), json.loads(data)
        chain = Chain(self.head, self.number, self.known, NOW)
        claimed = Claimed(sha256, tree["number"], tree["follows"], NOW)
        self.links.append(judge(chain, claimed))
        if self.links[-1] is Link.NEXT:
            self.head, self.number = sha256, tree["number"]
            self.known.add(sha256)
        self.calls.append((len(self.files.calls), sha256))
        if self.loses_answers:
            raise LinkError("the answer was lost", "fleet-link")
        return {"sha256": sha256}


def make_files() -> RecordingFiles:
    files = RecordingFiles()
    files.make_directory(HOME)
    files.sync_directory(HOME.parent)
    return files


def make_report(sent: SentFile, number: int) -> SignedReport:
    data = json.dumps({"text": number, **sent.describe_next()}).encode()
    return SignedReport(data, base64.b64encode(b"signature").decode())


def report(files: RecordingFiles, server: ChainServer, number: int) -> None:
    """As a check-in does."""
    sent = SentFile(files, HOME)
    sender = ReportSender(server, sent)  # type: ignore[arg-type]
    with suppress(LinkError):
        sender.send_waiting()
    with suppress(LinkError):
        sender.send(make_report(sent, number))


def test_a_power_cut_at_any_moment_makes_no_second_box_of_a_unit() -> None:
    start = make_files()
    first = ChainServer(start)
    report(start, first, 1)
    seen: list[ChainServer] = []

    def run(files: RecordingFiles) -> None:
        server = ChainServer(files, first.head, first.number)
        seen.append(server)
        report(files, server, 2)

    cuts = list(list_cuts(run, start))
    (server,) = seen
    at, sha256 = server.calls[0]
    for cut in cuts:
        has_come = cut.call > at
        head, number = (sha256, server.number) if has_come else (first.head, first.number)
        after = ChainServer(cut.files, head, number)
        after.known.add(str(first.head))
        for text in (3, 4):
            report(cut.files, after, text)
        assert {Link.FORKED, Link.REPLAYED}.isdisjoint(after.links), (str(cut), after.links)
    assert len(cuts) > 20


def test_the_report_that_got_no_answer_goes_first_as_it_was() -> None:
    files = make_files()
    server = ChainServer(files)
    server.is_down = True
    for number in (1, 2, 3):
        report(files, server, number)
    server.is_down = False
    report(files, server, 4)
    assert server.links == [Link.NEXT, Link.NEXT]
    first = b'{"text": 1, "number": 1, "follows": null}'
    assert server.calls[0][1] == hashlib.sha256(first).hexdigest()


def test_an_answer_that_is_lost_costs_one_repetition() -> None:
    files = make_files()
    server = ChainServer(files)
    server.loses_answers = True
    report(files, server, 1)
    server.loses_answers = False
    report(files, server, 2)
    assert server.links == [Link.NEXT, Link.REPEATED, Link.NEXT]


def test_a_report_that_is_refused_does_not_wait_for_ever() -> None:
    files = make_files()
    server = ChainServer(files)
    server.refuses = "unit-unknown"
    with pytest.raises(RefusedError):
        report(files, server, 1)
    assert SentFile(files, HOME).read_waiting() is None
    server.refuses = ""
    report(files, server, 2)
    assert server.links == [Link.NEXT]


def test_a_server_that_acknowledges_something_else_has_not_got_the_report() -> None:
    files = make_files()

    class Portal(ChainServer):
        def post(self, *_: Any) -> dict[str, Any]:
            return {"welcome": "to our hotspot"}

    sender = ReportSender(Portal(files), SentFile(files, HOME))  # type: ignore[arg-type]
    with pytest.raises(LinkError, match="does not acknowledge the report"):
        sender.send(make_report(sender.sent, 1))
    assert SentFile(files, HOME).read_waiting() is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"acknowledged": 5}', b"\xff" * 2000])
def test_a_damaged_record_is_no_record(data: bytes) -> None:
    files = make_files()
    files.write(HOME / SENT, data)
    try:
        found = SentFile(files, HOME).read_acknowledged()
    except OSError:
        return  # too large: told by the check-in
    assert found == Acknowledged(0, None)


@pytest.mark.parametrize("data", [b"", b"\n", b"signature", b"\xff\nreport"])
def test_a_damaged_report_that_waits_is_passed_over(data: bytes) -> None:
    files = make_files()
    files.write(HOME / WAITING, data)
    assert SentFile(files, HOME).read_waiting() is None
