"""What is removed, and what never is."""

from pathlib import Path

from ota.disk import Disk
from ota.layers.layers import Layers
from tests.ota.layers.trees import (
    APP,
    NANO,
    commit_release,
    make_release,
    make_tree,
    name_tree,
    read_word,
)
from tests.stand_ins.cut_files import CutFiles, cut_everywhere


def list_content(directory: Path) -> set[str]:
    return {one.name for one in (directory / "content").iterdir()}


def test_what_a_pointer_names_stays_and_the_rest_goes(tmp_path: Path) -> None:
    for number in ("1", "2", "3"):
        commit_release(tmp_path, number, {APP: f"app {number}", NANO: "nano"})
    make_tree(tmp_path, "stray")
    gone = Layers(tmp_path, Disk()).collect_garbage([])
    assert set(gone) == {name_tree("app 1"), name_tree("stray")}
    assert list_content(tmp_path) == {name_tree(one) for one in ("app 2", "app 3", "nano")}


def test_a_trial_and_a_download_under_way_stay(tmp_path: Path) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    layers = Layers(tmp_path, Disk())
    layers.start_trial(make_release(tmp_path, "2", {APP: "app 2"}))
    for name in ("wanted", "given up"):
        (tmp_path / "parts" / name_tree(name)).mkdir(parents=True)
        (tmp_path / "parts" / name_tree(name) / "data").write_text("half")
        (tmp_path / "content" / f"{name_tree(name)}.image").write_text("bundle")
    layers.collect_garbage([name_tree("wanted")])
    assert list_content(tmp_path) == {
        *(name_tree("app 1"), name_tree("app 2"), f"{name_tree('wanted')}.image")
    }
    assert [one.name for one in (tmp_path / "parts").iterdir()] == [name_tree("wanted")]


def test_a_tree_that_a_damaged_pointer_names_stays(tmp_path: Path) -> None:
    commit_release(tmp_path, "1", {APP: "app 1"})
    other = make_tree(tmp_path, "meant")
    path = tmp_path / "pointers/app/current"
    path.unlink()
    path.symlink_to(tmp_path / "content" / other)
    assert Layers(tmp_path, Disk()).collect_garbage([]) == ()


def test_names_that_are_not_known_stay(tmp_path: Path) -> None:
    (tmp_path / "content/lost+found").mkdir(parents=True)
    (tmp_path / "content/README").touch()
    Layers(tmp_path, Disk()).collect_garbage([])
    assert list_content(tmp_path) == {"lost+found", "README"}


def test_a_removal_that_was_cut_leaves_no_half_tree_under_its_hash(tmp_path: Path) -> None:
    def prepare() -> Path:
        directory = tmp_path / str(len(list(tmp_path.iterdir())))
        commit_release(directory, "1", {APP: "app 1"})
        make_tree(directory, "stray")
        return directory

    def act(directory: Path, files: CutFiles) -> None:
        Layers(directory, files).collect_garbage([])

    for directory in cut_everywhere(prepare, act):
        stray = directory / "content" / name_tree("stray")
        assert not stray.exists() or (stray / "word").read_text() == "stray"
        Layers(directory, Disk()).collect_garbage([])
        assert list_content(directory) == {name_tree("app 1")}
        assert read_word(directory, "app/current") == "app 1"


def test_a_link_in_a_tree_is_not_followed(tmp_path: Path) -> None:
    stray = tmp_path / "content" / make_tree(tmp_path, "stray")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (stray / "link").symlink_to(outside)
    Layers(tmp_path, Disk()).collect_garbage([])
    assert (outside / "file").is_file()
