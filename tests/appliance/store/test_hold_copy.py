"""A pause outlives the database that it was stored in, and comes back no more than once."""

import json
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.model_cameras import HoldKind
from appliance.store.backup import make_backup
from appliance.store.camera_holds import ALL, HoldReader, Order, add_holds, make_hold
from appliance.store.prepare import prepare_database
from appliance.store.restore import restore_backup
from appliance.store.store import Store
from appliance.store.tables import CAMERA, POWER
from appliance.store.whole_check import forget_check
from tests.stand_ins.fakes import FakeClock

Give = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "data" / "unit.db"
    prepare_database(found)
    return found


@pytest.fixture
def give(path: Path, clock: FakeClock) -> Give:
    """Orders a hold, or ends one."""

    def give_it(camera: str, kind: HoldKind, *, holds: bool = True, hours: float = 0) -> None:
        span = timedelta(hours=hours) if hours else None
        order = Order(who="anna", via="unitctl", reason="visitors", span=span)
        with closing(Store(path, clock, CAMERA)) as store:
            add_holds(store, make_hold(camera, kind, order, clock.stamp(), holds=holds))
        clock.advance(1)

    return give_it


def list_held(path: Path, clock: FakeClock, camera: str) -> list[HoldKind]:
    with closing(Store(path, clock)) as store:
        return list(HoldReader(store).find(camera))


def damage(path: Path) -> None:
    """Pages in the middle are overwritten, as by a dying disk."""
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"\x99" * 60_000)
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    forget_check(path)


def test_a_pause_survives_a_damaged_database(path: Path, give: Give, clock: FakeClock) -> None:
    give("gate", HoldKind.PAUSE)
    give("yard", HoldKind.OFF)
    give("yard", HoldKind.OFF, holds=False)
    give(ALL, HoldKind.MUTE, hours=2)
    damage(path)
    aside = prepare_database(path)
    assert aside is not None
    assert "4 orders to the cameras (pause, mute, off) came back" in aside.text
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE, HoldKind.MUTE]
    assert list_held(path, clock, "yard") == [HoldKind.MUTE]
    clock.advance(2 * 3600)
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE]
    prepare_database(path)
    with closing(Store(path, clock)) as store:
        assert store.query("SELECT count(*) FROM camera_hold")[0][0] == 4


def test_a_missing_database_forgets_no_pause(path: Path, give: Give, clock: FakeClock) -> None:
    give("gate", HoldKind.PAUSE)
    for side in ("", "-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    prepare_database(path)
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE]


def test_orders_since_a_backup_come_after_those_in_it(
    path: Path, give: Give, clock: FakeClock, tmp_path: Path
) -> None:
    give("yard", HoldKind.OFF)
    with closing(Store(path, clock, POWER)) as power:
        copy = make_backup(power, tmp_path / "copies")
    give("yard", HoldKind.OFF, holds=False)
    give("gate", HoldKind.PAUSE)
    restore_backup(path, copy)
    assert list_held(path, clock, "yard") == [HoldKind.OFF]
    prepare_database(path)
    assert list_held(path, clock, "yard") == []
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE]


def test_orders_that_came_of_age_are_not_given_again(
    path: Path, give: Give, clock: FakeClock
) -> None:
    give("gate", HoldKind.PAUSE)
    with closing(Store(path, clock, CAMERA)) as store, store.housekeeping() as execute:
        execute("DELETE FROM camera_hold", ())
    prepare_database(path)
    assert list_held(path, clock, "gate") == []


@pytest.mark.parametrize("text", ["", "[" * 100_000, "7", '[7, {"at": 1}]', '{"a": 1}', "\x00"])
def test_a_copy_that_is_no_copy_is_passed_over_and_said(
    path: Path, give: Give, clock: FakeClock, text: str
) -> None:
    give("gate", HoldKind.PAUSE)
    Path(f"{path}.holds").write_text(text)
    damage(path)
    aside = prepare_database(path)
    assert aside is not None
    assert "no pause, mute or off of a camera is known: order again what must hold" in aside.text
    give("gate", HoldKind.PAUSE)
    assert len(json.loads(Path(f"{path}.holds").read_text())) == 1


def test_a_unit_that_was_brought_up_to_date_gets_its_copy_at_the_next_start(
    path: Path, give: Give, clock: FakeClock
) -> None:
    give("gate", HoldKind.PAUSE)
    Path(f"{path}.holds").unlink()
    prepare_database(path)
    damage(path)
    prepare_database(path)
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE]


def test_a_copy_that_cannot_be_written_keeps_no_order_from_holding(
    path: Path, give: Give, clock: FakeClock
) -> None:
    Path(f"{path}.holds.part").mkdir()
    give("gate", HoldKind.PAUSE)
    assert list_held(path, clock, "gate") == [HoldKind.PAUSE]


def test_orders_that_come_side_by_side_are_all_in_the_copy(
    path: Path, give: Give, clock: FakeClock
) -> None:
    threads = [
        threading.Thread(target=give, args=(f"camera{one}", HoldKind.PAUSE)) for one in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(json.loads(Path(f"{path}.holds").read_text())) == 6
    shutil.copy(f"{path}.holds", f"{path}.kept")
    damage(path)
    prepare_database(path)
    assert all(list_held(path, clock, f"camera{one}") for one in range(6))
