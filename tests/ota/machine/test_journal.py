"""The journal of updates against damage: what is not whole is no step, and nothing stops it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.model import Stamp
from appliance.model_updates import UpdateStep
from appliance.wording.sentence import Sentence, say
from ota.machine import journal as journal_module
from ota.machine.journal import Journal, decode_line, encode_line
from ota.machine.progress import FORGET, Progress, Record
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, NOON

STAMP = Stamp(NOON, "0000cafe", 61.5)
PATH = HOME / "journal.jsonl"


def make_record(
    step: UpdateStep = UpdateStep.OFFERED, release: str = "2", **facts: object
) -> Record:
    return Record(STAMP, step, release, "ab" * 32, "why, with “quotes” and\na line", facts)


@pytest.fixture
def journal() -> Journal:
    files = RecordingFiles()
    files.make_directory(HOME)
    return Journal(files, PATH)


def test_what_was_written_is_read_again(journal: Journal) -> None:
    records = [make_record(), make_record(UpdateStep.REPORT, failed=1)]
    for record in records:
        journal.append(record)
    assert (journal.read(), journal.damaged) == (records, 0)


@given(st.data())
def test_a_line_with_one_wrong_byte_is_no_record(data: st.DataObject) -> None:
    line = bytearray(encode_line(make_record()))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    assert decode_line(bytes(line)) is None


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(line: bytes) -> None:
    assert decode_line(line) is None


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
def test_damage_between_records_costs_nothing_but_itself(damage: list[bytes]) -> None:
    files = RecordingFiles()
    files.make_directory(HOME)
    journal = Journal(files, PATH)
    journal.append(make_record())
    for one in damage:
        length = files.measure(PATH)
        files.write(PATH, one.replace(b"\n", b"") + b"\n", offset=length)
    journal.append(make_record(UpdateStep.PLAN))
    assert [one.step for one in journal.read()] == [UpdateStep.OFFERED, UpdateStep.PLAN]


def test_a_torn_last_line_does_not_swallow_the_next(journal: Journal) -> None:
    journal.append(make_record())
    journal.files.write(PATH, b'deadbeef {"at', offset=journal.files.measure(PATH))
    journal.append(make_record(UpdateStep.PLAN))
    assert [one.step for one in journal.read()] == [UpdateStep.OFFERED, UpdateStep.PLAN]
    assert journal.damaged == 1


def test_a_journal_that_something_has_filled_is_read_from_its_end(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST_BYTES", 4096)
    journal.files.write(PATH, b"x" * 10_000 + b"\n")
    journal.append(make_record())
    assert [one.step for one in journal.read()] == [UpdateStep.OFFERED]


def test_a_long_journal_is_compacted_and_forgets_no_failure_and_no_commit(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "COMPACT_BYTES", 4000)
    monkeypatch.setattr(journal_module, "KEPT_RECORDS", 10)
    journal.append(make_record(UpdateStep.COMMIT, "1"))
    journal.append(make_record(UpdateStep.REPORT, failed=2))
    for _ in range(60):
        journal.append(make_record(UpdateStep.IDLE))
    before = Progress.fold(journal.read())
    journal.compact()
    after = Progress.fold(journal.read())
    assert len(journal.read()) == 12
    assert (after.running, after.failures, after.step) == (
        before.running,
        before.failures,
        before.step,
    )


def test_an_order_to_forget_survives_the_compaction(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "COMPACT_BYTES", 0)
    monkeypatch.setattr(journal_module, "KEPT_RECORDS", 1)
    journal.append(make_record(UpdateStep.REPORT, failed=2))
    journal.append(make_record(UpdateStep.IDLE, order=FORGET))
    journal.append(make_record())
    journal.compact()
    assert Progress.fold(journal.read()).failures == {}


def test_a_reason_comes_back_as_data_and_an_earlier_release_reads_its_text() -> None:
    why = say("release {release} works", release="2026.5")
    line = encode_line(replace(make_record(), reason=why))
    found = decode_line(line)
    assert found is not None
    assert found.reason == why
    assert isinstance(found.reason, Sentence)
    assert json.loads(line.partition(b" ")[2])["reason"] == "release 2026.5 works"
