"""The step "identity": a key is made once, where it is wanted, and never in another one's place."""

from dataclasses import replace
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.reporting.file_names import PRIVATE
from ota.reporting.tpm import Tpm
from ota.reporting.unit_key import read_key
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.identity import IdentityStep
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.fake_tpm import FakeTpm

ANSWERS = {"": {}, "tpm": {"place": "tpm"}, "any": {"place": "any"}}


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    monkeypatch.setenv("TPM2OPENSSL_TCTI", f"device:{tmp_path}/no-tpm")
    made = make_unit(tmp_path, text=f'[update]\ndir = "{tmp_path}/ota"\n')
    text = made.settings_path.read_text().replace('name = "box"', 'name = "box"\nid = "box-7"')
    made.settings_path.write_text(text)
    return made


def make_step(tpm: Tpm | None) -> IdentityStep:
    return replace(IdentityStep(), find_tpm=lambda: tpm)


def take(unit: Unit, tpm: Tpm | None, wanted: str = "") -> Result:
    step = make_step(tpm)
    with Engine(unit, (step,), {"identity": Answers("identity", ANSWERS[wanted])}) as engine:
        return engine.take(step)


@pytest.mark.parametrize("wanted", ["", "any", "tpm"])
def test_a_key_is_made_in_the_tpm_and_a_second_run_changes_nothing(unit: Unit, wanted: str) -> None:
    tpm = FakeTpm()
    first, second = take(unit, tpm, wanted), take(unit, tpm, wanted)
    assert (first.outcome.status, first.has_changed) == (Status.DONE, True)
    assert (second.outcome.status, second.has_changed) == (Status.DONE, False)
    assert first.outcome.facts == second.outcome.facts
    assert (first.outcome.facts["key_place"], first.outcome.facts["serial"]) == ("TPM", "box-7")


def test_without_a_tpm_the_key_is_in_a_file(unit: Unit) -> None:
    outcome = take(unit, None).outcome
    assert (outcome.status, outcome.facts["key_place"]) == (Status.DONE, "file")


def test_a_key_in_a_file_stays_where_a_tpm_is_and_it_is_told_how_to_move(unit: Unit) -> None:
    before = take(unit, None).outcome
    after = take(unit, FakeTpm())
    assert (after.outcome.status, after.has_changed) == (Status.DONE, False)
    assert after.outcome.facts == before.facts
    assert "--move-to-tpm" in after.outcome.reason


def test_where_a_tpm_is_wanted_no_key_is_made_in_a_file(unit: Unit) -> None:
    for tpm, said in ((None, "shows none: switch it on"), (FakeTpm(broken="no provider"), "no p")):
        outcome = take(unit, tpm, "tpm").outcome
        assert (outcome.status, said in outcome.reason) == (Status.BLOCKED, True)
        assert not (unit.settings().update.dir / PRIVATE).exists()


def test_where_a_tpm_is_wanted_a_key_in_a_file_blocks_and_stays(unit: Unit) -> None:
    old = take(unit, None).outcome.facts
    outcome = take(unit, FakeTpm(), "tpm").outcome
    assert (outcome.status, outcome.facts) == (Status.BLOCKED, old)
    assert "new identity" in outcome.reason


def test_a_key_whose_tpm_is_gone_blocks(unit: Unit) -> None:
    take(unit, FakeTpm())
    outcome = take(unit, None).outcome
    assert (outcome.status, "does not show" in outcome.reason) == (Status.BLOCKED, True)


def test_a_tpm_that_was_cleared_is_found_when_the_step_is_verified(unit: Unit) -> None:
    tpm = FakeTpm()
    unit.settings().update.dir.mkdir()
    read_key(Disk(), unit.settings().update.dir, tpm)
    tpm.keys.clear()
    outcome = take(unit, tpm).outcome
    assert (outcome.status, "was cleared" in outcome.reason) == (Status.BLOCKED, True)


def test_a_damaged_key_blocks_and_stays(unit: Unit) -> None:
    path = unit.settings().update.dir / PRIVATE
    path.parent.mkdir()
    path.write_text("torn")
    outcome = take(unit, FakeTpm()).outcome
    assert (outcome.status, path.read_text()) == (Status.BLOCKED, "torn")
    assert "is no ECDSA P-256 key" in outcome.reason


def test_another_place_is_refused(unit: Unit) -> None:
    with pytest.raises(AnswerError, match=r"identity\.place cannot be"):
        make_step(None).check(unit, Answers("identity", {"place": "cloud"}))
