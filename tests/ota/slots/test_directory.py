"""The slots of a laptop."""

import hashlib
import json
from pathlib import Path

import pytest

from ota.checkin.parts import list_seeds
from ota.disk import Disk
from ota.errors import SlotError
from ota.slots.directory import DirectorySlots
from ota.slots.none import NoSlots
from ota.slots.slots import SlotState
from tests.stand_ins.cut_files import CutFiles, cut_everywhere


@pytest.fixture
def slots(tmp_path: Path) -> DirectorySlots:
    return DirectorySlots(tmp_path / "slots", Disk())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(b"bundle" * 500_000)
    return path


def test_an_update_is_tried_committed_and_stays(slots: DirectorySlots, image: Path) -> None:
    heard: list[int] = []
    slots.install(image, "2.0", lambda percent, _: heard.append(percent))
    assert heard[-1] == 100
    assert slots.boot().booted == "a"
    slots.arm()
    report = slots.boot()
    assert (report.booted, report.on_trial) == ("b", True)
    slots.commit()
    assert [slots.boot().booted for _ in range(5)] == ["b"] * 5
    assert not slots.examine().on_trial


def test_what_is_never_committed_falls_back(slots: DirectorySlots, image: Path) -> None:
    slots.install(image, "2.0", lambda *_: None)
    slots.arm()
    assert [slots.boot().booted for _ in range(5)] == ["b", "b", "b", "a", "a"]
    assert slots.examine().slots["b"].state is SlotState.BAD


def test_falling_back_takes_the_other_slot_at_once(slots: DirectorySlots, image: Path) -> None:
    slots.install(image, "2.0", lambda *_: None)
    slots.arm()
    slots.boot()
    slots.fall_back()
    slots.fall_back()
    assert slots.boot().booted == "a"


def test_the_image_in_the_running_slot_is_the_base_of_the_next_difference(
    slots: DirectorySlots, image: Path
) -> None:
    assert list_seeds(slots) == ()
    slots.install(image, "2.0", lambda *_: None)
    assert list_seeds(slots) == (), "it does not run yet"
    slots.arm()
    slots.boot()
    [seed] = list_seeds(slots)
    assert seed.path.read_bytes() == image.read_bytes()
    assert seed.sha256 == hashlib.sha256(image.read_bytes()).hexdigest()
    assert seed.size_bytes == image.stat().st_size
    slots.commit()
    assert list_seeds(slots) == (seed,)


def test_a_state_from_before_the_hashes_is_understood(slots: DirectorySlots) -> None:
    slots.commit()
    state = json.loads(slots._state_file.read_bytes())
    old = {name: value for name, value in state.items() if name != "hashes"}
    slots._state_file.write_text(json.dumps({**old, "booted": "b", "releases": ["1", "2"]}))
    assert (slots.examine().booted, slots.examine().slots["b"].release) == ("b", "2")


def test_an_empty_slot_is_not_armed(slots: DirectorySlots) -> None:
    with pytest.raises(SlotError) as caught:
        slots.arm()
    assert caught.value.reason_code == "slot-empty"


def test_an_installation_that_is_cut_leaves_the_running_slot_and_starts_over(
    tmp_path: Path, image: Path
) -> None:
    newer = tmp_path / "newer"
    newer.write_bytes(b"newer")

    def prepare() -> Path:
        directory = tmp_path / f"slots{len(list(tmp_path.iterdir()))}"
        DirectorySlots(directory, Disk()).install(image, "2.0", lambda *_: None)
        return directory

    def act(directory: Path, files: CutFiles) -> None:
        DirectorySlots(directory, files).install(newer, "3.0", lambda *_: None)
        DirectorySlots(directory, files).arm()

    for directory in cut_everywhere(prepare, act):
        again = DirectorySlots(directory, Disk())
        release = again.boot().slots["b"].release
        held = {"2.0": image, "3.0": newer}.get(release)
        assert held is None or (directory / "b/image").read_bytes() == held.read_bytes()
        fresh = DirectorySlots(directory, Disk())
        if fresh.examine().booted == "a":
            fresh.install(image, "3.0", lambda *_: None)
            fresh.arm()
            assert fresh.boot().slots["b"].release == "3.0"


@pytest.mark.parametrize("data", [b"", b"{}", b'{"booted": "c"}', b"[", b"x" * 10_000])
def test_a_damaged_state_is_that_of_a_new_machine(slots: DirectorySlots, data: bytes) -> None:
    slots.commit()
    slots._state_file.write_bytes(data)
    assert slots.examine().booted == "a"


def test_a_machine_with_one_system_says_what_it_takes() -> None:
    one = NoSlots()
    with pytest.raises(SlotError) as caught:
        one.check()
    assert caught.value.reason_code == "no-slots"
    assert one.examine().other == ""
    one.commit()
    one.fall_back()
