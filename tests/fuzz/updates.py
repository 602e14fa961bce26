"""What an update keeps on the disk, damaged or written by others: orders, journal, floors; and what
a DDI server answers.

Reads: bytes. Writes: files in memory.
Never: lets anything pass that the check-in does not handle, or two copies of the ratchet read as an
older one than either.

The first byte picks the file, the second whether the rest is the file or changes to a right one.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from appliance.strict_json import InputError
from ota.ddi.action_file import NAME, DdiFile
from ota.ddi.messages import LONGEST_SLEEP_S, Poll, read_deployment, read_poll, read_stop
from ota.errors import LinkError, TrustError
from ota.layers.layers import Layers
from ota.machine.journal import Journal
from ota.machine.orders import OrdersFile
from ota.machine.progress import Progress
from ota.mirrors.answer import read_answer
from ota.mirrors.directory import DirectoryMirror
from ota.payload.wire import Wire
from ota.slots.directory import DirectorySlots
from ota.trust.ratchet import format_ratchet, parse_ratchet
from ota.trust.store import TrustStore
from tests.fuzz.json_edits import edit
from tests.stand_ins.recording_files import RecordingFiles

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOME = Path("/ota")
ORDERS: dict[str, Any] = {
    "hold": "by anna: harvest",
    "hold_until": NOW.isoformat(),
    "retry": ["2026.6.1"],
    "asked_at": "x",
    "stick": "/media/stick",
    "technician": "anna",
    "present_until": NOW.isoformat(),
}
RECORD: dict[str, Any] = {
    "at": NOW.isoformat(),
    "boot_id": "0a",
    "uptime_s": 12.5,
    "step": "report",
    "release": "2026.6.1",
    "sha256": "ab" * 32,
    "reason": "not as before",
    "facts": {"failed": 1, "starts": 1, "items": {"service power": ""}, "contact": True},
}
RATCHET: dict[str, Any] = {
    "format": 1,
    "sequence": 3,
    "committed": "ab" * 32,
    "built": NOW.isoformat(),
    "clock": None,
    "repositories": {
        "image": {
            "anchor": "a",
            "keys": "k",
            "root": 1,
            "versions": {"timestamp": 4, "bin-0": 1},
            "issued": NOW.isoformat(),
        }
    },
}
ORIGINS: dict[str, Any] = {"ab" * 32: "2026.6.1"}
LINK: dict[str, Any] = {"href": "https://h/DEFAULT/controller/v1/u1/deploymentBase/17?c=-3"}
POLL: dict[str, Any] = {
    "config": {"polling": {"sleep": "01:00:00"}},
    "_links": {"deploymentBase": LINK, "cancelAction": LINK, "configData": LINK},
    "cancelAction": {"stopId": "17"},
}
ARTIFACT: dict[str, Any] = {"filename": "manifest.json", "hashes": {"sha256": "ab" * 32}}
CHUNK: dict[str, Any] = {"part": "os", "version": "2026.6.1", "artifacts": [ARTIFACT]}
DEPLOYMENT: dict[str, Any] = {
    "deployment": {"download": "forced", "update": "skip", "chunks": [CHUNK]},
}
KEPT: dict[str, Any] = {
    "action": {
        "link": {"action": "17", "mark": "?c=-3"},
        "deployment": {
            "releases": ["2026.6.1"],
            "manifest_sha256": "",
            "download": "forced",
            "update": "forced",
        },
        "is_confirmed": True,
        "sha256": "ab" * 32,
        "failures": 0,
        "told_count": 3,
        "stage": "open",
    },
    "cancel": "",
    "told": "rejected energy",
    "messages": [
        {
            "base": "deploymentBase",
            "action": "16",
            "feedback": {"execution": "closed", "kind": "x", "text": "y", "finished": "failure"},
        }
    ],
    "installed": "2026.5.1",
    "from_stick": "",
    "next_at": NOW.isoformat(),
    "busy_until": None,
}
BOARD: dict[str, Any] = {"booted": "a", "primary": "b", "releases": ["1", "2"], "tries": [None, 3]}


def run_input(data: bytes) -> None:
    """One execution."""
    if len(data) < 2:
        return
    judge, right = JUDGES[data[0] % len(JUDGES)]
    is_raw = right is None or data[1] % 2
    judge(data[2:] if is_raw else json.dumps(edit(right, data[2:])).encode())


def make_files(name: str, data: bytes) -> RecordingFiles:
    files = RecordingFiles()
    files.make_directory((HOME / name).parent)
    files.write(HOME / name, data)
    return files


def judge_orders(data: bytes) -> None:
    """Then as a check-in reads them: the hold, the technician, the stick."""
    orders = OrdersFile(make_files("orders.json", data), HOME).read()
    orders.find_hold(NOW)
    orders.has_technician(NOW)
    try:
        list(DirectoryMirror(f"file://{orders.stick}").read("none/there", most_bytes=1))
    except LinkError:
        return


def judge_journal(data: bytes) -> None:
    """Lines with right checksums."""
    lines = [b"%08x %s" % (crc32(one), one) for one in data.split(b"\n")]
    journal = Journal(make_files("journal.jsonl", b"\n".join(lines)), HOME / "journal.jsonl")
    records = journal.read()
    progress = Progress.fold(records)
    for record in records:
        assert record.stamp.utc <= NOW or record.stamp.utc > NOW
        journal.append(record)
    assert Progress.fold(journal.read()).count_failures("ab" * 32) <= 2 * max(
        1, progress.count_failures("ab" * 32)
    )


def judge_ratchet(data: bytes) -> None:
    try:
        ratchet = parse_ratchet(data)
    except InputError:
        return
    assert parse_ratchet(format_ratchet(ratchet)) == ratchet


def judge_copies(data: bytes) -> None:
    """Files of the trust store as any bytes."""
    names = ("ratchet.0", "ratchet.1", "generation.0", "generation.1")
    files = make_files(f"trust/{names[data[0] % 4] if data else names[0]}", data[1:])
    try:
        memory = TrustStore(HOME, files).load()
    except TrustError:
        return
    TrustStore(HOME, files).save(memory)
    assert TrustStore(HOME, files).load() == memory


def judge_origins(data: bytes) -> None:
    Layers(HOME, make_files("pointers/origins.json", data)).examine()


def judge_pointer(data: bytes) -> None:
    """A pointer that leads anywhere is mended, and nothing outside of the content is used."""
    files = make_files("content/" + "ab" * 32 + "/file", b"x")
    files.make_directory(HOME / "pointers/app")
    files.make_link("../../content/" + "ab" * 32, HOME / "pointers/app/committed")
    target = data.decode(errors="replace").replace("\0", "") or "."
    files.make_link(target, HOME / "pointers/app/current")
    layers = Layers(HOME, files)
    assert {one.current for one in layers.examine()} <= {"ab" * 32}
    layers.mend()
    assert not any(one.faults for one in layers.examine())


def judge_wire(data: bytes) -> None:
    files = make_files("progress", data)
    files.write(HOME / "pack", b"x" * 100)
    wire = Wire(files, HOME)
    assert all(0 <= low < high for low, high in wire.list_missing(0, 100))


def judge_board(data: bytes) -> None:
    slots = DirectorySlots(HOME, make_files("state.json", data))
    assert slots.examine().booted in ("a", "b")
    slots.boot()
    slots.commit()


def judge_answer(data: bytes) -> None:
    """The head of a web server's answer."""
    names = ("etag", "content-length", "content-range")
    values = data.decode("latin-1").split("\n")[:3]
    for status in (200, 206, 416):
        try:
            answer = read_answer(status, dict(zip(names, values, strict=False)), offset=7)
        except ValueError:
            continue
        assert answer.start <= answer.end <= max(answer.whole_bytes, answer.end)
        assert answer.start in (0, 7)


def judge_poll(data: bytes) -> None:
    """What a DDI server answers to a poll, and of an action to cancel."""
    for read in (read_poll, read_stop):
        try:
            found = read(data)
        except InputError:
            continue
        if isinstance(found, Poll) and found.sleep_s is not None:
            assert 0 <= found.sleep_s <= LONGEST_SLEEP_S
        if isinstance(found, Poll) and found.deployment is not None:
            assert "/" not in found.deployment.action + found.deployment.mark


def judge_deployment(data: bytes) -> None:
    try:
        found = read_deployment(data, "deployment")
    except InputError:
        return
    assert {found.download, found.update} <= {"skip", "attempt", "forced"}


def judge_kept(data: bytes) -> None:
    """The file of a DDI server's action: what is read is written and read as the same."""
    file = DdiFile(make_files(NAME, data), HOME / NAME)
    kept = file.read()
    file.write(kept)
    assert file.read() == kept


JUDGES: tuple[tuple[Callable[[bytes], None], Any], ...] = (
    (judge_orders, ORDERS),
    (judge_journal, RECORD),
    (judge_ratchet, RATCHET),
    (judge_copies, None),
    (judge_origins, ORIGINS),
    (judge_pointer, None),
    (judge_wire, None),
    (judge_board, BOARD),
    (judge_answer, None),
    (judge_poll, POLL),
    (judge_deployment, DEPLOYMENT),
    (judge_kept, KEPT),
)
