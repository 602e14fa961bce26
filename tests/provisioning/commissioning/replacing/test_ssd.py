"""Another disk: what is lost is said, a copy of the database is put back, the steps follow."""

from contextlib import closing
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import BatteryAge
from appliance.store import backup
from appliance.store.store import Store
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.replacing.ssd import SsdWalk
from provisioning.commissioning.step import Status
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.replacing.learned import LEARNED_AH, make_worked_unit, read

NEW = {"on": "2026-12-01", "confirmed": ["forget"]}


def take(unit: Unit, directory: Path = Path(), **more: object) -> Result:
    walk = SsdWalk()
    given = Answers(walk.table, NEW | more, directory=directory)
    with Engine(unit, (walk,), {walk.table: given}) as engine:
        return engine.take(walk)


def make_copy(directory: Path) -> Path:
    """A copy of the database of the old disk."""
    directory.mkdir()
    unit = make_worked_unit(directory)
    with closing(Store(unit.settings().database, SystemClock())) as store:
        backup.make_backup(store, directory / "copies")
    return next((directory / "copies").glob("*.db"))


def test_what_is_lost_and_what_must_be_claimed_anew_is_said_first(tmp_path: Path) -> None:
    found = take(make_unit(tmp_path), confirmed=[]).outcome

    assert found.status is Status.NEEDS_ANSWER
    for word in ("events and their pictures", "the unit's key", "new claim", "machine id"):
        assert word in found.questions[-1].text


def test_a_copy_is_put_back_with_what_was_learned(tmp_path: Path) -> None:
    copy = make_copy(tmp_path / "old")
    new = tmp_path / "new"
    new.mkdir()
    unit = make_unit(new)

    done = take(unit, copy.parent, backup_file=copy.name).outcome

    assert done.status is Status.DONE
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    assert (done.facts["restored"], done.facts["learned_capacity_ah"]) == (True, LEARNED_AH)
    assert not take(unit, copy.parent, backup_file=copy.name).has_changed


def test_without_a_copy_the_steps_of_a_new_unit_follow(tmp_path: Path) -> None:
    done = take(make_unit(tmp_path)).outcome

    assert done.status is Status.DONE
    assert done.facts["restored"] is False


@pytest.mark.parametrize("data", [None, b"", b"no database"])
def test_a_copy_that_cannot_be_used_changes_nothing(tmp_path: Path, data: bytes | None) -> None:
    unit = make_worked_unit(tmp_path)
    if data is not None:
        (tmp_path / "copy.db").write_bytes(data)

    with pytest.raises(AnswerError, match=r"replaced_ssd\.backup_file .*or leave it out"):
        take(unit, tmp_path, backup_file="copy.db")

    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    assert not (unit.directory / "replaced.json").exists()


def test_a_disk_on_which_the_unit_was_set_up_is_not_new(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    done = unit.record.make(status="done", reason="", who="Ada", has_changed=True)
    unit.record.store({"site": done})

    found = take(unit).outcome

    assert found.status is Status.NEEDS_ANSWER
    assert "this disk is not new" in found.questions[0].text
    assert take(unit, confirmed=["forget", "same"]).outcome.status is Status.DONE
