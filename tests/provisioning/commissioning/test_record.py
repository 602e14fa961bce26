"""The record of commissioning: kept through power cuts, set aside where it is damaged."""

from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.record import Record

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
