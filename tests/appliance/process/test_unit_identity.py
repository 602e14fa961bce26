"""The identity of a unit: from the settings, else derived from the machine as systemd does it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.process.unit_identity import APPLICATION, SHOWN_DIGITS, derive, read_identity
from appliance.settings import Settings

MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"


def test_the_identity_of_the_settings_is_taken_and_no_name_is(settings: Settings) -> None:
    given = replace(settings, unit=replace(settings.unit, id="north-1", name="Поле"))
    assert read_identity(given) == "north-1"


def test_it_is_derived_from_the_machine_and_does_not_show_it(
    settings: Settings, tmp_path: Path
) -> None:
    machine = tmp_path / "machine-id"
    machine.write_text(f"{MACHINE}\n")
    found = read_identity(settings, machine)
    renamed = replace(settings, unit=replace(settings.unit, name="another"))
    assert read_identity(renamed, machine) == found
    assert found not in MACHINE
    assert len(found) == SHOWN_DIGITS
    machine.write_text(MACHINE[::-1])
    assert read_identity(settings, machine) != found


@pytest.mark.parametrize("text", [None, "", "uninitialized\n", "0" * 32, "abc"])
def test_a_machine_without_an_id_needs_one_in_the_settings(
    settings: Settings, tmp_path: Path, text: str | None
) -> None:
    machine = tmp_path / "machine-id"
    if text is not None:
        machine.write_text(text)
    with pytest.raises(SettingsError, match=r"give this unit an `id` in \[unit\]"):
        read_identity(settings, machine)


def test_the_derived_id_is_what_systemd_computed() -> None:
    """By `systemd-id128 machine-id --app-specific=` of systemd 252 on a machine with that id."""
    application = bytes.fromhex("6f2c1d9a4b5e4c37a1d08e6b9c3f7a52")
    assert derive(bytes.fromhex(MACHINE), application) == "31ca5cb5c15a4ff8bd704fca81f444d9"


@pytest.mark.skipif(shutil.which("systemd-id128") is None, reason="needs systemd-id128")
def test_the_derived_id_is_what_systemd_computes_here() -> None:
    words = ["systemd-id128", "machine-id", f"--app-specific={APPLICATION.hex()}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip())
    machine = bytes.fromhex(Path("/etc/machine-id").read_text().strip())
    assert derive(machine, APPLICATION) == done.stdout.strip()
