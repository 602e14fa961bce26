"""The ledger of `make soak`: it goes on where it stopped, and only with the same program."""

from pathlib import Path

import pytest

from tests.bench.updates import soak
from tests.bench.updates.soak import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "soak/updates.json"


def test_a_ledger_goes_on_where_it_stopped(path: Path) -> None:
    ledger = soak.read_ledger(path)
    ledger.images = 7
    soak.write_ledger(ledger, path)
    assert soak.read_ledger(path).images == 7


def test_images_of_another_program_do_not_count(path: Path) -> None:
    soak.write_ledger(Ledger("another program", seeds=3, images=50_000), path)
    assert soak.read_ledger(path).images == 0


def test_every_byte_and_name_of_the_updater_is_in_its_hash(tmp_path: Path) -> None:
    module = tmp_path / "engine.py"
    module.write_text("a = 1")
    hashes = {soak.hash_program(tmp_path)}
    module.write_text("a = 2")
    hashes.add(soak.hash_program(tmp_path))
    module.rename(tmp_path / "motor.py")
    hashes.add(soak.hash_program(tmp_path))
    assert len(hashes) == 3


def test_a_damaged_ledger_begins_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")
    assert soak.read_ledger(path) == Ledger(soak.hash_program())
