"""Bad input and bad luck while a unit is updated: a clear state and reason; it goes on by itself.

The real trust client, downloads and layers, on a disk in memory.
"""

import errno
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.model_updates import UpdateStep
from ota.errors import LinkError, SpaceError
from ota.files import remove_tree
from ota.machine.before import wait_for
from ota.machine.orders import NAME, OrdersFile
from ota.machine.progress import Record
from ota.manifest import LayerKind
from ota.mirrors.directory import DirectoryMirror
from tests.stand_ins.real_unit import UNIT, RealUnit, World, make_new_world, make_world
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.tuf_repositories import write_tree
from tests.stand_ins.update_unit import HOME, NOON

RELEASES = ("2", "3", "4")
LOW, FULL = 31.0, 80.0  # % of charge: the gate stays closed, or opens
FOR_EVER = 5_000  # calls


@pytest.fixture
def files() -> RecordingFiles:
    return RecordingFiles()


@pytest.fixture
def unit(files: RecordingFiles) -> RealUnit:
    """It runs release 2, and release 3 is meant for it."""
    return start_unit(files, make_world((LayerKind.APP,), RELEASES))


def start_unit(files: RecordingFiles, world: World) -> RealUnit:
    found = RealUnit(files, world=world, assigned="2")
    found.begin()
    found.run()
    found.assigned = "3"
    return found


def copy_unit(unit: RealUnit, files: RecordingFiles) -> RealUnit:
    return RealUnit(files, world=unit.world, assigned=unit.assigned, boot=unit.boot)


def count_calls(unit: RealUnit, files: RecordingFiles) -> int:
    twin = files.copy()
    copy_unit(unit, twin).run()
    return len(twin.calls)


def run_with_faults(unit: RealUnit) -> str:
    """A check-in on a disk that refuses; what it waits for."""
    try:
        return unit.run().waits_for
    except OSError as error:
        return wait_for(SpaceError(str(error), "disk")).waits_for
    except SpaceError as error:
        return wait_for(error).waits_for


def wait_at_the_gate(unit: RealUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=LOW)
    unit.run()
    assert unit.progress.step is UpdateStep.GATE


def charge(unit: RealUnit) -> None:
    unit.facts = replace(unit.facts, soc_pct=FULL)


# --- the disk ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_refuses_from_any_call_on_waits_and_goes_on_when_mended(
    unit: RealUnit, files: RecordingFiles, fault: int
) -> None:
    for number in range(1, count_calls(unit, files) + 1, 5):
        own = files.copy()
        own.fail_at = dict.fromkeys(range(number, number + FOR_EVER), fault)
        twin = copy_unit(unit, own)
        assert run_with_faults(twin) == "space", number
        assert twin.app in ("2", "3")
        own.fail_at = {}
        twin.run()
        assert (twin.app, twin.committed_app, twin.ratchet) == ("3", "3", 3), number


def test_one_call_that_fails_costs_no_release(unit: RealUnit, files: RecordingFiles) -> None:
    for number in range(1, count_calls(unit, files) + 1, 5):
        own = files.copy()
        own.fail_at = {number: errno.EIO}
        twin = copy_unit(unit, own)
        run_with_faults(twin)
        twin.run()
        assert (twin.app, twin.ratchet) == ("3", 3), number
        assert not twin.progress.failures, number


# --- mirrors -------------------------------------------------------------------------------------


def test_a_stick_that_is_pulled_out_is_a_broken_link(tmp_path: Path, unit: RealUnit) -> None:
    write_tree(unit.need_world().trees["3"], tmp_path / "stick")
    mirror = DirectoryMirror(str(tmp_path / "stick"))
    pack = next((tmp_path / "stick/packs").rglob("*.pack"))
    parts = mirror.read(str(pack.relative_to(tmp_path / "stick")), most_bytes=10**6)
    next(parts)
    (tmp_path / "stick").rename(tmp_path / "gone")
    with pytest.raises(LinkError, match="plug the stick in"):
        list(mirror.read("image/metadata/timestamp.json", most_bytes=10))


def test_a_link_that_breaks_in_the_download_loses_nothing(unit: RealUnit) -> None:
    broken = BreakingMirror(unit, after_bytes=50_000)
    unit.link = broken
    assert unit.run().waits_for == "link"
    assert unit.progress.step is UpdateStep.DOWNLOAD
    unit.link = None
    unit.run()
    assert unit.app == "3"


def test_a_mirror_with_an_older_tree_takes_nothing_back(unit: RealUnit) -> None:
    unit.run()
    unit.assigned = "2"
    wait = unit.run()
    assert (unit.app, unit.ratchet, wait.waits_for) == ("3", 3, "trust")
    assert "older than what this unit has seen" in wait.reason


# --- what is kept --------------------------------------------------------------------------------

KEPT = ("journal.jsonl", "offer.json", "pointers/app/current", "pointers/origins.json", "lists")


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("loss", ["lost", "damaged"])
def test_what_is_lost_or_damaged_while_it_waits_is_made_anew(
    unit: RealUnit, files: RecordingFiles, name: str, loss: str
) -> None:
    wait_at_the_gate(unit)
    path = HOME / name
    if files.is_directory(path):
        path /= files.list_names(path)[0]
    files.remove(path)
    if loss == "damaged":
        files.write(path, b"\xff{")
    charge(unit)
    unit.run()
    unit.run()
    assert (unit.app, unit.committed_app, unit.ratchet) == ("3", "3", 3)


def test_metadata_that_is_damaged_is_fetched_anew(unit: RealUnit, files: RecordingFiles) -> None:
    blobs = HOME / "trust/blobs"
    for name in files.list_names(blobs):
        files.write(blobs / name, b"rot")
    unit.run()
    assert (unit.app, unit.ratchet) == ("3", 3)


def test_floors_that_are_lost_stop_it_until_a_technician_comes(
    unit: RealUnit, files: RecordingFiles
) -> None:
    for turn in (0, 1):
        files.remove(HOME / f"trust/ratchet.{turn}")
    wait = unit.run()
    assert (unit.app, wait.waits_for) == ("2", "trust")
    assert "unitctl update from-usb" in wait.reason


def test_orders_that_are_damaged_hold_updates(files: RecordingFiles, unit: RealUnit) -> None:
    files.write(HOME / NAME, b'{"hold": 3')
    hold = OrdersFile(files, HOME).read().find_hold(unit.stamp().utc)
    unit.facts = replace(unit.facts, hold=hold)
    wait = unit.run()
    assert (unit.app, wait.waits_for) == ("2", "hold")
    assert "unitctl update hold --off" in wait.reason


def test_content_that_is_gone_when_the_trial_begins_is_a_failure_and_is_fetched_again(
    unit: RealUnit, files: RecordingFiles
) -> None:
    def lose_content(record: Record) -> None:
        if record.step is UpdateStep.TRIAL:
            (layer,) = engine.offers.read(record.sha256).manifest.layers  # type: ignore[union-attr]
            remove_tree(files, HOME / "content" / layer.sha256)

    engine = unit.make_engine()
    engine.on_record = lose_content
    wait = engine.run()
    assert "has to be fetched before its trial" in wait.reason
    assert (unit.app, engine.progress.step) == ("2", UpdateStep.IDLE)
    unit.run()
    assert unit.app == "3"


# --- time and people -----------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-20_000, -30, 3, 3650])
def test_a_clock_that_jumps_while_it_waits_takes_nothing_wrong(unit: RealUnit, days: float) -> None:
    wait_at_the_gate(unit)
    unit.clock_error = timedelta(days=days)
    charge(unit)
    wait = unit.run()
    assert unit.app in ("2", "3")
    assert wait.reason
    unit.clock_error = timedelta()
    unit.run()
    assert (unit.app, unit.ratchet) == ("3", 3)


def test_a_release_that_is_withdrawn_while_it_waits_is_not_installed(unit: RealUnit) -> None:
    wait_at_the_gate(unit)
    unit.assigned = "4"
    charge(unit)
    unit.run()
    assert (unit.app, unit.ratchet) == ("4", 4)


def test_a_time_that_ends_while_it_waits_ends_the_update(files: RecordingFiles) -> None:
    world = make_new_world((LayerKind.APP,), RELEASES[:2])
    until = (NOON + timedelta(hours=3)).isoformat()
    world.fleet.assign(f"units/{UNIT.name}", "3", until=until)
    world.fleet.publish(NOON + timedelta(minutes=30))
    world.trees["3"] = dict(world.fleet.tree)
    unit = start_unit(files, world)
    wait_at_the_gate(unit)
    unit.clock_error = timedelta(hours=4)
    unit.linked = False
    charge(unit)
    unit.run()
    assert (unit.app, unit.progress.step) == ("2", UpdateStep.IDLE)
    reasons = [one.reason for one in unit.make_engine().journal.read()]
    assert reasons[-1] == "the time for release 3 is over"


def test_a_key_that_is_revoked_while_it_waits_stops_the_release(files: RecordingFiles) -> None:
    """The key of the releases was stolen: with a new one, release 3 is not signed again."""
    world = make_new_world((LayerKind.APP,), RELEASES)
    unit = start_unit(files, world)
    wait_at_the_gate(unit)
    world.fleet.image.rotate("targets")
    world.fleet.image.targets.targets.pop("releases/3/manifest.json")
    world.fleet.assign(f"units/{UNIT.name}", "3", data=b"x")
    world.fleet.publish(NOON + timedelta(minutes=50))
    world.trees["3"] = dict(world.fleet.tree)
    charge(unit)
    wait = unit.run()
    assert (unit.app, wait.waits_for) == ("2", "trust")
    assert "does not have" in wait.reason
    world.fleet.assign(f"units/{UNIT.name}", "4")
    world.fleet.publish(NOON + timedelta(minutes=51))
    world.trees["4"], unit.assigned = dict(world.fleet.tree), "4"
    unit.run()
    assert (unit.app, unit.ratchet) == ("4", 4)


class BreakingMirror:
    """The unit's mirror, until so many bytes of packs have come."""

    def __init__(self, unit: RealUnit, *, after_bytes: int) -> None:
        (self.mirror,) = unit.mirrors
        self.name, self.left = "web", after_bytes

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        for part in self.mirror.read(path, offset=offset, most_bytes=most_bytes):
            self.left -= len(part) if path.endswith(".pack") else 0
            if self.left < 0:
                raise LinkError("the link broke; it goes on later", "link-broken")
            yield part
