"""The trial of a release's trees, its commit, and the way back."""

import shutil
from pathlib import Path

import pytest

from ota.disk import Disk
from ota.errors import UpdateError
from ota.layers.layers import Layers
from ota.layers.pointers import LayerKey
from ota.manifest import LayerKind
from tests.ota.layers.trees import (
    APP,
    NANO,
    SETTINGS,
    commit_release,
    find_state,
    make_manifest,
    make_release,
    name_tree,
    read_word,
)
from tests.stand_ins.cut_files import CutFiles, cut_everywhere


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path, Disk())


def test_a_trial_changes_what_is_in_use_and_leaves_what_is_committed(
    tmp_path: Path, layers: Layers
) -> None:
    commit_release(tmp_path, "1", {APP: "app 1", NANO: "nano 1"})
    layers.start_trial(make_release(tmp_path, "2", {APP: "app 2", NANO: "nano 2"}))
    assert read_word(tmp_path, "app/current") == "app 2"
    assert read_word(tmp_path, "app/committed") == "app 1"
    assert read_word(tmp_path, "models/nano/current") == "nano 2"
    assert find_state(tmp_path).on_trial


def test_a_commit_keeps_the_tree_of_before(tmp_path: Path, layers: Layers) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    commit_release(tmp_path, "2", {APP: "app 2"})
    layers.commit()
    assert [read_word(tmp_path, f"app/{one}") for one in ("current", "committed", "previous")] == [
        *("app 2", "app 2", "app 1")
    ]


def test_a_rollback_takes_every_layer_back(tmp_path: Path, layers: Layers) -> None:
    commit_release(tmp_path, "1", {APP: "app 1", SETTINGS: "settings 1"})
    layers.start_trial(
        make_release(tmp_path, "2", {APP: "app 2", SETTINGS: "settings 2", NANO: "nano 2"})
    )
    layers.roll_back()
    assert read_word(tmp_path, "app/current") == "app 1"
    assert read_word(tmp_path, "settings/current") == "settings 1"
    assert not (tmp_path / "pointers/models/nano/current").is_symlink()


def test_the_first_release_goes_back_to_the_installed_package(
    tmp_path: Path, layers: Layers
) -> None:
    layers.start_trial(make_release(tmp_path, "1", {APP: "app 1"}))
    layers.roll_back()
    assert list((tmp_path / "pointers/app").iterdir()) == []


def test_a_trial_takes_back_what_a_trial_of_before_left(tmp_path: Path, layers: Layers) -> None:
    """No mix: a release that leaves the model as it is runs with the committed one."""
    commit_release(tmp_path, "1", {APP: "app 1", NANO: "nano 1"})
    layers.start_trial(make_release(tmp_path, "2", {APP: "app 2", NANO: "nano 2"}))
    layers.start_trial(make_release(tmp_path, "3", {APP: "app 3"}))
    assert read_word(tmp_path, "app/current") == "app 3"
    assert read_word(tmp_path, "models/nano/current") == "nano 1"


def test_a_release_whose_tree_is_missing_changes_nothing(tmp_path: Path, layers: Layers) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    manifest = make_release(tmp_path, "2", {APP: "app 2", NANO: "nano 2"})
    shutil.rmtree(tmp_path / "content" / name_tree("nano 2"))
    with pytest.raises(UpdateError, match="model nano") as caught:
        layers.start_trial(manifest)
    assert caught.value.reason_code == "layer-missing"
    assert read_word(tmp_path, "app/current") == "app 1"


def test_the_release_that_brought_a_tree_is_known(tmp_path: Path) -> None:
    commit_release(tmp_path, "1", {APP: "app 1", NANO: "nano 1"})
    commit_release(tmp_path, "2", {APP: "app 2", NANO: "nano 1"})
    assert find_state(tmp_path).release == "2"
    assert find_state(tmp_path, NANO).release == "1"


def test_pointers_stay_right_when_the_directory_is_moved(tmp_path: Path) -> None:
    commit_release(tmp_path / "ota", "1", {APP: "app 1", NANO: "nano 1"})
    (tmp_path / "ota").rename(tmp_path / "moved")
    assert read_word(tmp_path / "moved", "app/current") == "app 1"
    assert read_word(tmp_path / "moved", "models/nano/current") == "nano 1"


BEFORE: dict[LayerKey, str] = {APP: "app 1", NANO: "nano 1", SETTINGS: "settings 1"}
AFTER: dict[LayerKey, str] = {APP: "app 2", NANO: "nano 2", SETTINGS: "settings 2"}


def prepare(base: Path, *, on_trial: bool) -> Path:
    directory = base / str(len(list(base.iterdir())))
    commit_release(directory, "1", BEFORE)
    make_release(directory, "2", AFTER)
    if on_trial:
        Layers(directory, Disk()).start_trial(make_manifest("2", AFTER))
    return directory


def read_in_use(directory: Path) -> dict[LayerKey, str]:
    folders = {APP: "app", NANO: "models/nano", SETTINGS: "settings"}
    return {key: read_word(directory, f"{folder}/current") for key, folder in folders.items()}


def start(directory: Path, files: CutFiles) -> None:
    Layers(directory, files).start_trial(make_manifest("2", AFTER))


def commit(directory: Path, files: CutFiles) -> None:
    Layers(directory, files).commit()


def roll_back(directory: Path, files: CutFiles) -> None:
    Layers(directory, files).roll_back()


def test_a_trial_that_was_cut_anywhere_is_started_again_or_taken_back(tmp_path: Path) -> None:
    for directory in cut_everywhere(lambda: prepare(tmp_path, on_trial=False), start):
        again = directory.with_name(f"{directory.name}-again")
        shutil.copytree(directory, again, symlinks=True)
        start(again, CutFiles())
        assert read_in_use(again) == AFTER
        roll_back(directory, CutFiles())
        assert read_in_use(directory) == BEFORE


def test_a_commit_that_was_cut_anywhere_is_completed(tmp_path: Path) -> None:
    for directory in cut_everywhere(lambda: prepare(tmp_path, on_trial=True), commit):
        assert read_in_use(directory) == AFTER
        commit(directory, CutFiles())
        assert read_word(directory, "app/committed") == "app 2"
        assert read_word(directory, "app/previous") == "app 1"
        assert read_word(directory, "models/nano/previous") == "nano 1"


def test_a_rollback_that_was_cut_anywhere_is_completed(tmp_path: Path) -> None:
    for directory in cut_everywhere(lambda: prepare(tmp_path, on_trial=True), roll_back):
        roll_back(directory, CutFiles())
        assert read_in_use(directory) == BEFORE
        assert not [one for one in directory.rglob("*.part") if one.is_symlink()]


def test_every_call_that_is_repeated_waits_for_the_disk(tmp_path: Path) -> None:
    """A process killed between the swap and the wait leaves a swap that a power cut undoes."""
    directory = prepare(tmp_path, on_trial=True)
    for call in (start, commit, roll_back):
        call(directory, CutFiles())
        again = CutFiles()
        call(directory, again)
        assert again.calls.count("sync_directory") >= len(BEFORE)
        assert "rename" not in again.calls


def test_a_layer_of_the_operating_system_has_no_pointer(tmp_path: Path, layers: Layers) -> None:
    layers.start_trial(make_manifest("1", {LayerKey(LayerKind.OS): "image"}))
    assert not (tmp_path / "pointers").exists()
