"""Pictures that cannot be decoded, or are damaged: counted, told and not used."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from appliance.media.frames import Picture, Refusal
from appliance.model import EnergyLevel
from tests.scenes.hard_streams import HEIGHT, WIDTH, make_cinepak, make_foreign_jpegs
from tests.sensors.camera.camera_bench import Bench


def make_damaged(path: Path) -> Path:
    """Intact for three seconds, then some pictures without their tables."""
    return make_foreign_jpegs(path, frames=36, damaged_from=30)


def test_a_cinepak_film_plays(bench: Bench) -> None:
    make_cinepak(bench.video_file.with_suffix(".avi")).rename(bench.video_file)
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    picture = bench.pull()
    assert isinstance(picture, Picture)
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert bench.faults() == []


@pytest.mark.parametrize("level", [EnergyLevel.SENTINEL, EnergyLevel.FULL])
def test_pictures_with_foreign_tables_are_a_fault_and_no_green_picture(
    bench: Bench, level: EnergyLevel
) -> None:
    make_foreign_jpegs(bench.video_file.with_suffix(".avi")).rename(bench.video_file)
    bench.motion.trusted, bench.motion.wants_all = False, True
    bench.set_budget(level)
    bench.run_cycles(5)
    assert isinstance(bench.pull(), Refusal)
    (fault,) = bench.faults()
    assert "cannot be decoded" in fault
    assert bench.state().frames_served == 0


def test_some_damaged_pictures_are_counted_told_and_left_out(bench: Bench) -> None:
    make_damaged(bench.video_file.with_suffix(".avi")).rename(bench.video_file)
    bench.motion.trusted, bench.motion.wants_all = False, True
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(4)
    assert bench.feed.frames_decoded == 30
    bench.run_cycles()
    state = bench.state()
    assert state.decode_errors == 6
    assert "decoded pictures were damaged and are not used" in state.advice
    faults = [one for one in bench.store.list_open_faults() if one.code == "camera-stream"]
    assert [fault.text for fault in faults] == [state.advice]


def test_what_comes_is_stored_as_soon_as_it_is_known(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(3)
    assert bench.state().stream == "h264 50x34, 10 frames a second"


@pytest.mark.parametrize("make", [partial(make_cinepak, frames=2), make_foreign_jpegs])
def test_the_films_are_the_same_each_time(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    first, second = make(tmp_path / "a.avi"), make(tmp_path / "b.avi")
    assert first.read_bytes() == second.read_bytes()
