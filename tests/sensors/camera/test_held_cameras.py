"""A camera under a hold: what its process does, and the rows that say who ordered it and why."""

from datetime import timedelta
from typing import NoReturn

from appliance.errors import CameraError
from appliance.media.frames import Picture, Refusal
from appliance.model import EnergyLevel
from appliance.model_cameras import CameraCoverage, CameraHold, CameraMode, HoldKind, Watching
from appliance.store.camera_holds import Order, add_holds, make_hold
from tests.scenes.video_files import count_open
from tests.sensors.camera.camera_bench import Bench

ANNA = Order(who="anna", via="unitctl", reason="visitors", span=timedelta(minutes=10))


def hold(bench: Bench, kind: HoldKind, camera: str = "front", *, holds: bool = True) -> CameraHold:
    row = make_hold(camera, kind, ANNA, bench.clock.stamp(), holds=holds)
    add_holds(bench.store, row)
    return row


def test_a_paused_camera_stays_connected_gives_no_picture_and_says_who_and_why(
    bench: Bench,
) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    assert isinstance(bench.pull(), Picture)
    hold(bench, HoldKind.PAUSE)
    bench.run_cycles(1)
    assert count_open(bench.video_file) == 1
    refusal = bench.pull()
    assert isinstance(refusal, Refusal)
    assert refusal.reason.startswith("paused by anna (unitctl) until ")
    assert refusal.reason.endswith(": visitors")
    assert bench.changes()[-1].reason == refusal.reason
    assert bench.state().mode is CameraMode.LISTEN


def test_it_goes_on_by_itself_when_the_time_is_over(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    hold(bench, HoldKind.PAUSE)
    bench.run_cycles(2)
    for _ in range(11):
        bench.set_budget(EnergyLevel.FULL)
        bench.run_cycles(60)
    assert bench.state().mode is CameraMode.WATCH
    assert isinstance(bench.pull(), Picture)


def test_a_camera_that_is_off_is_not_connected_until_it_is_resumed(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    hold(bench, HoldKind.OFF, camera="")
    bench.run_cycles(1)
    assert count_open(bench.video_file) == 0
    assert (bench.state().mode, bench.state().power_w) == (CameraMode.OFF, 0)
    hold(bench, HoldKind.OFF, holds=False)
    bench.run_cycles(1)
    assert bench.state().mode is CameraMode.WATCH


def test_a_hold_gives_nothing_that_the_energy_budget_does_not(bench: Bench) -> None:
    hold(bench, HoldKind.PAUSE)
    bench.run_cycles(2)
    assert bench.state().mode is CameraMode.OFF
    assert "no fresh energy budget" in bench.state().reason


def test_a_pause_that_begins_while_it_listens_is_a_row_as_well(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(2)
    hold(bench, HoldKind.PAUSE)
    bench.run_cycles(1)
    assert bench.changes()[-1].mode is CameraMode.LISTEN
    assert bench.changes()[-1].reason.startswith("paused by anna")
    assert bench.state().reason.startswith("paused by anna")


def test_a_muted_camera_is_analysed_as_before(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    hold(bench, HoldKind.MUTE)
    bench.run_cycles(2)
    assert isinstance(bench.pull(), Picture)


def test_a_database_that_cannot_be_read_ends_no_hold(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    hold(bench, HoldKind.OFF)
    bench.run_cycles(1)
    holds = bench.camera_cycle._holds
    holds._store = type(bench.store)(bench.store.path, bench.clock, None, opened=False)
    assert list(holds.find_known("front")) == [HoldKind.OFF]


# --- whether it is watched ------------------------------------------------------------------------


def list_watching(bench: Bench) -> list[tuple[Watching, int]]:
    """What was stored, with whole seconds, times of nothing left out."""
    bench.camera_cycle.finish()
    rows = bench.store.rows(CameraCoverage)
    return [(row.watching, round(row.duration_s)) for row in rows if row.duration_s]


def test_each_time_is_a_row_that_says_whether_the_camera_was_watched(bench: Bench) -> None:
    bench.run_cycles(10)
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(10)
    hold(bench, HoldKind.PAUSE)
    bench.run_cycles(10)
    hold(bench, HoldKind.OFF)
    bench.run_cycles(10)
    assert list_watching(bench) == [
        (Watching.ENERGY, 10),
        (Watching.LISTENED, 10),
        (Watching.PAUSED, 10),
        (Watching.OFF, 9),  # until the last cycle
    ]


def test_a_camera_whose_pictures_nobody_asks_for_is_not_watched(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(20)
    bench.pull()
    bench.run_cycles(60)
    assert list_watching(bench) == [(Watching.WATCHED, 49), (Watching.NOT_ASKED, 30)]


def test_a_camera_that_gives_nothing_is_dead(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(5)

    def refuse(_: object) -> NoReturn:
        raise CameraError("no route to host")

    bench.feed._streams.main._connection._open_camera = refuse
    bench.feed._streams.main._connection.close()
    bench.run_cycles(5)
    assert list_watching(bench) == [(Watching.WATCHED, 5), (Watching.DEAD, 4)]
    assert bench.store.rows(CameraCoverage)[-1].reason == "no route to host"


def test_a_long_time_is_written_each_quarter_of_an_hour(bench: Bench) -> None:
    bench.run_cycles(2000)
    rows = [row.duration_s for row in bench.store.rows(CameraCoverage)]
    assert rows == [0, 900, 900]
