"""The parts of the installation that need no unit; tests/real_pid1 installs one."""

import ast
import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.installation import wheels
from provisioning.installation.accounts import find_wrong_rights
from provisioning.installation.examine_venv import examine
from provisioning.installation.files import LIST, Files, read_table
from provisioning.installation.lock_file import format_lock, parse_lock
from provisioning.installation.packages import OTHER_TIME_SERVICES, PACKAGES, Packages
from provisioning.installation.settings_file import EXAMPLE, SettingsFile
from provisioning.installation.source_tree import copy_sources, list_sources
from provisioning.unit_files import UNITS_DIR
from tests.conftest import ROOT
from tests.systemd.unit_text import PAGE, needs_root

SENSORS = "etc/systemd/system/appliance-sensors.service"
LOCK = """\
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
rich==15.0 \\
    --hash=sha256:dd
"""


def test_every_file_of_the_unit_files_is_installed_and_each_has_one_place() -> None:
    table = list(read_table(ROOT))
    unit_files = {path for path in UNITS_DIR.rglob("*") if path.is_file()}
    assert unit_files <= {one.source for one in table}
    assert len({one.place for one in table}) == len(table)


@pytest.mark.parametrize("program", ["install", "install-image"])
def test_a_python_that_is_too_old_is_told_in_one_line(program: str) -> None:
    path = ROOT / "provisioning" / program
    ast.parse(path.read_text(), feature_version=(3, 6))
    old = "import sys, runpy; sys.version_info = (3, 10, 12); "
    run = f"{old}runpy.run_path({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{program}: needs Python 3.11 or newer" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@needs_root
def test_files_are_installed_once_and_what_was_altered_is_found(tmp_path: Path) -> None:
    files = Files(ROOT, tmp_path)
    assert f"/{SENSORS} is missing" in "\n".join(files.list_differences())
    files.apply()
    assert files.list_differences() == []
    altered = tmp_path / SENSORS
    altered.write_text("")
    assert [text.partition(" differs")[0] for text in files.list_differences()] == [str(altered)]
    files.apply()
    altered.chmod(0o600)
    assert files.list_differences() == [f"{altered} must belong to root with mode 0644"]


@needs_root
def test_only_what_was_installed_once_is_removed(tmp_path: Path) -> None:
    files = Files(ROOT, tmp_path)
    files.apply()
    listed = tmp_path / LIST.relative_to("/")
    listed.write_text(f"{listed.read_text()}/etc/systemd/system/appliance-old.service\n")
    old = tmp_path / "etc/systemd/system/appliance-old.service"
    own = tmp_path / "etc/systemd/system/appliance-web.socket.d/override.conf"
    own.parent.mkdir()
    for path in (old, own):
        path.write_text("")
    assert files.list_differences() == [
        "/etc/systemd/system/appliance-old.service is of an older release"
    ]
    files.apply()
    assert (old.exists(), own.exists()) == (False, True)
    assert files.list_differences() == []


@needs_root
def test_a_list_that_an_interruption_left_short_is_completed(tmp_path: Path) -> None:
    files = Files(ROOT, tmp_path)
    files.apply()
    (tmp_path / LIST.relative_to("/")).unlink()
    assert files.list_differences() == [f"{LIST} does not name all installed files"]
    files.apply()
    assert files.list_differences() == []


def test_settings_are_made_from_the_example_and_never_overwritten(tmp_path: Path) -> None:
    place, own = tmp_path / "etc/unit.toml", tmp_path / "own.toml"
    settings = SettingsFile(ROOT, None, place=place)
    settings.apply()
    assert place.read_text() == (ROOT / EXAMPLE).read_text()
    assert settings.is_example()
    assert "nothing is started with it" in settings.list_notes()[0]

    place.write_text("# edited\n")
    own.write_text("# own\n")
    given = SettingsFile(ROOT, own, place=place)
    assert (given.list_differences(), given.is_example()) == ([], False)
    assert given.list_notes() == [f"{place} is kept as it is; {own} was not used"]


def test_the_program_is_what_pyproject_names_and_nothing_beside_it(tmp_path: Path) -> None:
    sources = list_sources(ROOT)
    packages = ("appliance", "power", "sensors", "inference", "ota")
    modules = [path for name in packages for path in (ROOT / name).rglob("*.py")]
    assert {str(path.relative_to(ROOT)) for path in modules} <= sources.keys()
    assert not [name for name in sources if name.startswith("provisioning/simulated")]
    copy_sources(ROOT, tmp_path)
    assert list_sources(tmp_path).keys() == sources.keys()


def test_a_lock_file_is_read_and_written_with_all_its_hashes() -> None:
    locked = list(parse_lock(LOCK))
    assert [(one.name, one.marker, len(one.hashes)) for one in locked] == [
        ("numpy", "python_full_version < '3.12'", 2),
        ("numpy", "python_full_version >= '3.12'", 1),
        ("rich", "", 1),
    ]
    assert list(parse_lock(format_lock(locked))) == locked
    assert ";" not in format_lock(locked, markers=False)
    own = (ROOT / "requirements.lock").read_text()
    read = list(parse_lock(own))
    assert len(read) == own.count("==") - own.count("== '") == len({one.pin for one in read})
    assert sum(len(one.hashes) for one in read) == own.count("--hash=")


@pytest.mark.parametrize(("python", "pin"), [("3.11", "numpy==2.4.6"), ("3.13", "numpy==2.5.5")])
def test_wheels_are_those_of_the_units_python_not_of_ours(python: str, pin: str) -> None:
    needed = [one for one in parse_lock(LOCK) if wheels.is_needed(one, python, "aarch64")]
    assert [one.pin for one in needed] == [pin, "rich==15.0"]


def test_no_other_time_service_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {OTHER_TIME_SERVICES[0]}
    monkeypatch.setattr(
        "provisioning.installation.packages.is_installed", lambda name: name in installed
    )
    missing = "\n".join(Packages().list_differences())
    assert "polkitd" in missing
    assert "systemd-timesyncd" not in missing


def test_the_page_names_each_package() -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith("| packages |")]
    assert set(re.findall(r"`(.*?)`", row)) == set(PACKAGES)


def test_rights_that_are_wrong_are_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    words = ["d", str(tmp_path), "2770", "root", "appliance"]
    assert find_wrong_rights(words) == f"{tmp_path} must belong to root:appliance with mode 2770"
    assert find_wrong_rights(["d", "/no/such", *words[2:]]) == "/no/such is missing"
    assert find_wrong_rights(["z", "/no/such", *words[2:]]) == ""


def test_an_installed_package_with_an_altered_or_missing_file_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python itself leaves a missing file out of `Distribution.files` since 3.12."""
    code, facts = tmp_path / "small.py", tmp_path / "small-1.0.dist-info"
    facts.mkdir()
    code.write_bytes(b"x = 1\n")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(code.read_bytes()).digest())
    line = f"small.py,sha256={digest.rstrip(b'=').decode()},6\n"
    (facts / "RECORD").write_text(f"{line}small-1.0.dist-info/RECORD,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert examine("small==1.0 \\\n    --hash=sha256:00\n") == {}
    code.write_bytes(b"x = 2\n")
    assert examine("small==1.0 \\\n") == {"small": "is damaged: small.py"}
    code.unlink()
    assert examine("small==1.0 \\\n") == {"small": "is damaged: small.py"}
