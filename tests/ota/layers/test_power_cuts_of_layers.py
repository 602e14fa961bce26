"""Pointers on a disk that loses or reorders what was not synchronized."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ota.files import Files
from ota.layers.layers import Layers
from ota.layers.pointers import LayerKey
from tests.ota.layers.trees import APP, NANO, SETTINGS, make_manifest, name_tree
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles

OTA = Path("/ota")
OLD: dict[LayerKey, str] = {APP: "app 1", NANO: "nano 1", SETTINGS: "settings 1"}
NEW: dict[LayerKey, str] = {APP: "app 2", NANO: "nano 2", SETTINGS: "settings 2"}


def make_start() -> RecordingFiles:
    """Release 1 committed, the trees of release 2 there, nothing pending."""
    files = RecordingFiles()
    for word in [*OLD.values(), *NEW.values(), "stray"]:
        files.make_directory(OTA / "content" / name_tree(word))
    for folder in ("/", "/ota", "/ota/content"):
        files.sync_directory(Path(folder))
    layers = Layers(OTA, files)
    layers.start_trial(make_manifest("1", OLD))
    layers.commit()
    return files.copy()


def read_in_use(files: Files) -> dict[LayerKey, str]:
    return {one.key: one.current for one in Layers(OTA, files).examine()}


def name_all(trees: dict[LayerKey, str]) -> dict[LayerKey, str]:
    return {key: name_tree(word) for key, word in trees.items()}


def start(files: Files) -> None:
    Layers(OTA, files).start_trial(make_manifest("2", NEW))


def commit(files: Files) -> None:
    Layers(OTA, files).commit()


def roll_back(files: Files) -> None:
    Layers(OTA, files).roll_back()


def collect(files: Files) -> None:
    Layers(OTA, files).collect_garbage([name_tree(word) for word in NEW.values()])


@pytest.mark.parametrize("last", [start, commit, roll_back, collect])
def test_every_image_of_the_disk_is_completed_or_taken_back(last: Callable[[Files], None]) -> None:
    begun = make_start()
    if last in (commit, roll_back):
        start(begun)
    images = list(list_cuts(last, begun, torn=10))
    assert len(images) > 5
    for image in images:
        back = image.files.copy()
        last(image.files)
        if last is collect:
            assert not image.files.is_directory(OTA / "content" / name_tree("stray")), image
        wanted = NEW if last in (start, commit) else OLD
        assert read_in_use(image.files) == name_all(wanted), image
        if last is not commit:
            roll_back(back)
            assert read_in_use(back) == name_all(OLD), image


def test_what_was_committed_stays_committed_when_the_power_goes() -> None:
    begun = make_start()
    start(begun)
    commit(begun)
    *_, last = [cut for cut in list_cuts(lambda _: None, begun) if cut.kept != "all"]
    assert read_in_use(last.files) == name_all(NEW)
    assert all(not one.on_trial and not one.faults for one in Layers(OTA, last.files).examine())
