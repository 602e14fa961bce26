"""Pointers that lead nowhere, or elsewhere."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.layers.layers import Layers
from tests.ota.layers.trees import APP, commit_release, find_state, make_release, name_tree

OUTSIDE = {
    "dangling": f"../../content/{name_tree('nothing')}",
    "absolute": "/etc",
    "outside": "../../../elsewhere",
    "a word": "content",
    "to a file": f"../../content/{name_tree('app 1')}/word",
    "not at its place": f"../../parts/{name_tree('app 1')}",
    "strange": "../../content/\x1b[31m",
}


@pytest.fixture(params=list(OUTSIDE.values()), ids=list(OUTSIDE))
def damaged(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """`current` is damaged during the trial of the second release."""
    commit_release(tmp_path, "1", {APP: "app 1"})
    Layers(tmp_path, Disk()).start_trial(make_release(tmp_path, "2", {APP: "app 2"}))
    turn(tmp_path / "pointers/app/current", request.param)
    return tmp_path


def turn(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def test_the_committed_tree_is_used_and_the_fault_is_told(damaged: Path) -> None:
    state = find_state(damaged)
    assert state.current == name_tree("app 1")
    (fault,) = state.faults
    assert str(damaged / "pointers/app/current") in fault
    assert "\x1b" not in fault


def test_a_damaged_pointer_is_mended_and_not_committed(damaged: Path) -> None:
    layers = Layers(damaged, Disk())
    layers.commit()
    assert find_state(damaged).committed == name_tree("app 1")
    assert len(layers.mend()) == 1
    assert find_state(damaged).faults == ()
    assert layers.mend() == ()
    assert (damaged / "pointers/app/current/word").read_text() == "app 1"


def test_a_damaged_committed_pointer_goes_back_to_the_previous_tree(tmp_path: Path) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    commit_release(tmp_path, "2", {APP: "app 2"})
    turn(tmp_path / "pointers/app/committed", "/etc")
    layers = Layers(tmp_path, Disk())
    layers.roll_back()
    assert find_state(tmp_path).current == name_tree("app 1")
    layers.mend()
    assert find_state(tmp_path).committed == name_tree("app 1")


MAKERS: dict[str, Callable[[Path], None]] = {
    "file": Path.touch,
    "directory": Path.mkdir,
    "pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_no_link_is_told_and_mended(tmp_path: Path, kind: str) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    path = tmp_path / "pointers/app/current"
    path.unlink()
    MAKERS[kind](path)
    assert "no symbolic link" in find_state(tmp_path).faults[0]
    Layers(tmp_path, Disk()).roll_back()
    assert (path / "word").read_text() == "app 1"


def test_half_made_pointers_are_removed(tmp_path: Path) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    (tmp_path / "pointers/app/current.part").symlink_to("anywhere")
    Layers(tmp_path, Disk()).mend()
    assert not (tmp_path / "pointers/app/current.part").is_symlink()


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": 1}', b"[1]", b"\xff", b"x" * 300_000])
def test_a_damaged_file_of_origins_costs_a_name_only(tmp_path: Path, data: bytes) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    (tmp_path / "pointers/origins.json").write_bytes(data)
    assert find_state(tmp_path).release == ""
    commit_release(tmp_path, "2", {APP: "app 2"})
    assert find_state(tmp_path).release == "2"
