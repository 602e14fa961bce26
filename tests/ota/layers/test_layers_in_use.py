"""A layer in use, as a service has it: a real interpreter with the unit files' environment."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.layers.layers import Layers
from provisioning.laptop import TEMPLATE
from provisioning.runner import HEAD
from tests.conftest import ROOT
from tests.ota.layers.trees import APP, make_manifest, make_tree, name_tree

DROP_IN = ROOT / "systemd/appliance-.service.d/06-layers.conf"
CHECK_IN = ROOT / "systemd/appliance-checkin.service.d/20-committed.conf"
PACKAGES = ("appliance", "power", "sensors", "inference", "ota")
METADATA = "Metadata-Version: 2.1\nName: neural-energy-appliance\nVersion: {version}\n"
COMMAND = (
    "HELP = 'of release {version}'\ndef add_arguments(parser): pass\ndef run(arguments): ...\n"
)
ASK = """
import json, sys
from importlib.metadata import version
import appliance
from appliance.process.plugins import list_plugins
print(json.dumps({
    "file": appliance.__file__,
    "version": version("neural-energy-appliance"),
    "commands": sorted(point.name for point in list_plugins("appliance.commands")),
}))
"""


def make_app(directory: Path, version: str) -> str:
    """An app's tree as it is built of a wheel: packages, and what is known of them."""
    tree = directory / "content" / make_tree(directory, version)
    for package in PACKAGES:
        left_out = shutil.ignore_patterns("models", "media", "__pycache__")
        shutil.copytree(ROOT / package, tree / package, symlinks=True, ignore=left_out)
    info = tree / f"neural_energy_appliance-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(version=version))
    points = f"energy = power.commands.energy\nrelease-{version[0]} = appliance.release_command\n"
    (info / "entry_points.txt").write_text(f"[appliance.commands]\n{points}")
    (tree / "appliance/release_command.py").write_text(COMMAND.format(version=version))
    return tree.name


@pytest.fixture(scope="module")
def update_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release 8.0 is committed, 9.0 on trial."""
    directory = tmp_path_factory.mktemp("ota")
    layers = Layers(directory, Disk())
    for version in ("8.0", "9.0"):
        make_app(directory, version)
        layers.commit()
        layers.start_trial(make_manifest(version, {APP: version}))
    return directory


def read_environment(drop_in: Path, update_dir: Path) -> dict[str, str]:
    """What a drop-in sets, with the pointers of this update directory."""
    text = drop_in.read_text().replace("/var/lib/ota", str(update_dir))
    return dict(re.findall(r"^Environment=(\w+)=(.*)$", text, re.MULTILINE))


def run(update_dir: Path, *words: str, drop_in: Path = DROP_IN) -> str:
    environment = {"PATH": os.environ["PATH"], **read_environment(drop_in, update_dir)}
    done = subprocess.run(
        (sys.executable, *words),
        cwd="/",
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_service_runs_the_app_of_the_trial_with_its_own_commands(update_dir: Path) -> None:
    found = json.loads(run(update_dir, "-c", ASK))
    assert name_tree("9.0") in str(Path(found["file"]).resolve())
    assert found["version"] == "9.0"
    assert found["commands"] == ["energy", "release-9"]
    assert "of release 9.0" in run(update_dir, "-m", "appliance", "--help")


def test_the_check_in_runs_what_was_committed(update_dir: Path) -> None:
    found = json.loads(run(update_dir, "-c", ASK, drop_in=CHECK_IN))
    assert found["version"] == "8.0"
    assert found["commands"] == ["energy", "release-8"]


def test_a_pointer_that_leads_nowhere_leaves_the_committed_app(
    update_dir: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "ota"
    shutil.copytree(update_dir, copy, symlinks=True)
    current = copy / "pointers/app/current"
    current.unlink()
    current.symlink_to("../../content/nothing")
    assert json.loads(run(copy, "-c", ASK))["version"] == "8.0"


def test_without_any_pointer_the_installed_program_runs(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, "-c", ASK))
    assert not Path(found["file"]).is_relative_to(tmp_path)
    assert "models" in found["commands"]


def test_a_laptop_looks_for_a_release_where_its_settings_say() -> None:
    head = HEAD.format(directory="/run", control="/run/c", root="/sources", app="/run/ota/app")
    assert 'PYTHONPATH="/run/ota/app/current:/run/ota/app/committed:/sources"' in head
    assert '[update]\ndir = "$update_dir"' in TEMPLATE.read_text()


def test_a_program_in_the_directory_of_a_service_is_not_run(
    update_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger')")
    environment = read_environment(DROP_IN, update_dir)
    words = (sys.executable, "-m", "appliance", "--version")
    done = subprocess.run(words, cwd=tmp_path, env=environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
