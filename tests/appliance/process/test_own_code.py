"""Root runs no program that another user may change."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.process import own_code
from appliance.process.own_code import refuse_foreign_code
from tests.conftest import ROOT

NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="what root runs")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """content/TREE and a pointer to it, as an app layer."""
    for path in (tmp_path / "content", tmp_path / "content/tree", tmp_path / "pointers"):
        path.mkdir(mode=0o755)
        path.chmod(0o755)
    (tmp_path / "pointers/current").symlink_to("../content/tree")
    return tmp_path


@root_only
def test_what_is_roots_alone_is_run(tree: Path) -> None:
    refuse_foreign_code([str(tree / "pointers/current"), str(tree / "missing"), *sys.path])


@root_only
@pytest.mark.parametrize("place", ["content", "content/tree", "pointers"])
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_way_that_others_may_write_is_refused(tree: Path, place: str, mode: int) -> None:
    (tree / place).chmod(mode)
    os.chown(tree / place, 0, NOBODY)
    with pytest.raises(SettingsError, match="may write"):
        refuse_foreign_code([str(tree / "pointers/current")])


@root_only
@pytest.mark.parametrize("place", ["content", "content/tree", "pointers"])
def test_a_way_of_a_service_is_refused(
    tree: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = pwd.getpwuid(NOBODY).pw_name
    monkeypatch.setattr(own_code, "SERVICES", name)
    os.chown(tree / place, NOBODY, NOBODY)
    with pytest.raises(SettingsError, match=f"belongs to {name}"):
        refuse_foreign_code([str(tree / "pointers/current")])


@root_only
def test_unitctl_of_root_refuses_a_directory_of_everybody(tree: Path) -> None:
    (tree / "content").chmod(0o777)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tree}/pointers/current"}
    words = [sys.executable, "-m", "appliance", "--version"]
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert "root does not run a program from" in done.stderr


def test_a_user_runs_what_it_likes(monkeypatch: pytest.MonkeyPatch, tree: Path) -> None:
    monkeypatch.setattr("appliance.process.own_code.os.geteuid", lambda: 1000)
    (tree / "content").chmod(0o777)
    refuse_foreign_code([str(tree / "pointers/current")])
