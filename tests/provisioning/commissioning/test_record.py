"""The record of commissioning: kept through power cuts, set aside where it is damaged."""

import os
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.record import MOST_BYTES, Record

WHY = say("the site is {latitude_deg:.1f} N", latitude_deg=46.5)


def make(tmp_path: Path) -> Record:
    return Record(tmp_path / "commissioning", SystemClock())


def test_what_was_stored_is_found_again_and_its_reason_can_still_be_translated(
    tmp_path: Path,
) -> None:
    record = make(tmp_path)
    done = record.make(status="done", reason=WHY, who="Ada", facts={"rated_v": 12.8})

    record.store({"site": done})

    found = make(tmp_path).find("site")
    assert found == done
    assert isinstance(found.reason, Sentence)
    assert found.reason.template == WHY.template


def test_a_unit_without_a_record_has_done_nothing_yet(tmp_path: Path) -> None:
    assert make(tmp_path).load() == {}
    assert make(tmp_path).mend() is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"steps": {"site": 1}}', b"\0" * 100])
def test_a_damaged_record_is_set_aside_with_a_sentence_and_no_error(
    tmp_path: Path, damage: bytes
) -> None:
    record = make(tmp_path)
    record.store({})
    record.path.write_bytes(damage)

    assert record.load() == {}
    said = record.mend()

    assert said is not None
    assert "set aside" in said
    assert not record.path.exists()
    assert [one.read_bytes() for one in record.directory.glob("record.json.*")] == [damage]


@pytest.mark.parametrize("kind", ["a pipe", "a directory", "a ring of links", "too large"])
def test_what_is_no_record_at_all_is_set_aside_as_well(tmp_path: Path, kind: str) -> None:
    record = make(tmp_path)
    record.directory.mkdir()
    if kind == "a pipe":
        os.mkfifo(record.path)
    elif kind == "a directory":
        record.path.mkdir()
    elif kind == "a ring of links":
        record.path.symlink_to(record.path)
    else:
        record.path.touch()
        os.truncate(record.path, 2 * MOST_BYTES)

    assert record.load() == {}
    assert "set aside" in (record.mend() or "")
    assert record.mend() is None


def test_a_record_of_another_release_is_kept_aside(tmp_path: Path) -> None:
    record = make(tmp_path)
    record.store({})
    record.path.write_text('{"version": 2, "steps": {}}')
    assert "another release" in (record.mend() or "")
    assert len(list(record.directory.glob("record.json.*"))) == 1


def test_a_record_can_read_whatever_it_has_written(tmp_path: Path) -> None:
    record = make(tmp_path)
    facts = {"volts": float("nan"), "name": "\udc80", "more": [float("inf"), {"a": ("b",)}]}
    record.store({"site": record.make(status="done", reason="it is", who="Ada", facts=facts)})
    found = record.find("site")
    assert found is not None
    assert found.facts == {"volts": None, "name": "?", "more": [None, {"a": ["b"]}]}
