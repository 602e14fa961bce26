"""`unitctl fleet key`: where the unit's key is, and another one."""

import os
import tempfile
from pathlib import Path

import pytest

from ota.commands.acting import acting_as_owner
from ota.disk import Disk
from ota.reporting.file_names import PRIVATE
from ota.reporting.unit_key import read_key
from tests.appliance.commands.typed_unit import Unit


@pytest.fixture
def unit(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """One without a TPM."""
    monkeypatch.setenv("TPM2OPENSSL_TCTI", f"device:{unit.directory}/tpmrm0")
    unit.settings.write_text(unit.settings.read_text() + '[update]\ndir = "ota"\n')
    return unit


def test_the_key_is_shown_with_its_place_and_stays(unit: Unit) -> None:
    first = unit.json("fleet", "key")
    assert (first["place"], first["is_new"]) == ("file", False)
    assert unit.json("fleet", "key") == first
    assert f"in a file: {first['sha256']}" in unit.type("fleet", "key")[1]


def test_a_new_key_is_told_to_be_a_new_identity(unit: Unit) -> None:
    old = unit.json("fleet", "key")["sha256"]
    code, out, err = unit.type("fleet", "key", "--new")
    assert code == 0
    assert "new identity" in err
    assert "--replace" in err
    assert old not in out


def test_a_key_is_not_moved_where_there_is_no_tpm(unit: Unit) -> None:
    old = unit.json("fleet", "key")
    code, _, err = unit.type("fleet", "key", "--move-to-tpm")
    assert (code, "shows no TPM" in err) == (1, True)
    assert unit.json("fleet", "key") == old


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root's rights")
def test_what_root_makes_in_the_directory_of_another_user_is_that_users() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own lie where root alone may look
        directory = Path(made)
        os.chown(directory, 12345, 12346)
        with acting_as_owner(directory):
            read_key(Disk(), directory)
        found = (directory / PRIVATE).stat()
    assert (found.st_uid, found.st_gid, os.geteuid()) == (12345, 12346, 0)
