"""The set-up code of an image: for a new unit, and for none that only lost something.

`unitctl` is a stand-in that prints a code, or refuses as on a unit that is set up.
"""

import os
import subprocess
from pathlib import Path

import pytest

from appliance.settings_file import load_settings
from tests.provisioning.image.test_image_files import FILES

SCRIPT = FILES / "usr/lib/appliance/setup-code"
LOGINS, FILE = "var/lib/appliance/access", "var/lib/appliance/access/setup-code"
SCREEN = "run/issue.d/setup-code.issue"
CODE = "K7TM4-XQD2P"


def run(root: Path, *, is_set_up: bool = False) -> str | None:
    """What the screen shows, None: nothing."""
    programs = root / "programs"
    programs.mkdir()
    stand_in = programs / "unitctl"
    stand_in.write_text("#!/bin/sh\nexit 2\n" if is_set_up else f"#!/bin/sh\necho {CODE}\necho x\n")
    stand_in.chmod(0o755)
    (programs / "chgrp").write_text("#!/bin/sh\n")
    (programs / "chgrp").chmod(0o755)
    (root / "etc/appliance").mkdir(parents=True)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(("sh", SCRIPT, root), env=environment, check=True)
    return (root / SCREEN).read_text() if (root / SCREEN).exists() else None


def put(root: Path, place: str) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).touch()


def test_a_new_unit_shows_its_code_and_has_settings_that_can_be_read(tmp_path: Path) -> None:
    assert CODE in (run(tmp_path) or "")
    settings = load_settings(tmp_path / "etc/appliance/unit.toml")
    assert settings.unit.name == "unit"
    assert (tmp_path / "etc/appliance/unit.toml").stat().st_mode & 0o777 == 0o640


def test_it_shows_one_at_each_start_until_it_is_set_up(tmp_path: Path) -> None:
    put(tmp_path, FILE)
    put(tmp_path, "efi/kept/unit.toml")
    assert CODE in (run(tmp_path) or "")


def test_a_unit_that_is_set_up_shows_none_and_forgets_it(tmp_path: Path) -> None:
    put(tmp_path, FILE)
    assert run(tmp_path, is_set_up=True) is None
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "place", ["efi/kept/unit.toml", "run/appliance-image/data-in-memory", f"{LOGINS}/access.db"]
)
def test_a_unit_that_lost_its_data_or_had_logins_before_makes_none(
    tmp_path: Path, place: str
) -> None:
    put(tmp_path, place)
    assert run(tmp_path) is None


def test_a_unit_with_a_file_of_answers_has_settings_though_another_file_was_refused(
    tmp_path: Path,
) -> None:
    put(tmp_path, "run/appliance-image/provision-refused")
    put(tmp_path, "efi/provision/site.toml")
    assert CODE in (run(tmp_path) or "")
    assert load_settings(tmp_path / "etc/appliance/unit.toml").unit.name == "unit"
