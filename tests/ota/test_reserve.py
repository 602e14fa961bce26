"""A disk that gets full while a release is on trial: it is committed or taken back all the same."""

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.model_updates import UpdateStep
from ota.errors import SpaceError
from ota.files import Files
from ota.manifest import LayerKind
from ota.reserve import RESERVE_BYTES, Reserve, ReservedFiles
from tests.conftest import ROOT
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, UpdatedUnit, make_offer

OS, APP = LayerKind.OS, LayerKind.APP
PATH = HOME / "reserve"
ON_TMPFS = """
import errno, sys
from pathlib import Path
from ota.disk import Disk
from ota.files import replace, swap_link
from ota.reserve import Reserve, ReservedFiles
home, disk = Path(sys.argv[1]), Disk()
reserve = Reserve(home / "reserve", disk)
reserve.fill()
assert disk.measure(reserve.path), "no reserve"
def fill(name):
    try:
        for number in range(10**6):
            disk.write(home / name, b"x" * 4096, offset=4096 * number)
    except OSError as error:
        assert error.errno == errno.ENOSPC
fill("ballast")
for _ in range(3):
    try:
        replace(disk, home / "journal", b"j" * 9000)
    except OSError as error:
        assert error.errno == errno.ENOSPC
    else:
        sys.exit("the disk is not full")
files = ReservedFiles(disk, reserve)
replace(files, home / "journal", b"j" * 9000)
files.make_directory(home / "pointers")
swap_link(files, home / "pointers/current", "../content/" + "a" * 64)
assert disk.read(home / "journal", most_bytes=9000) == b"j" * 9000
reserve.fill()
assert disk.measure(reserve.path) is None, "made without room"
disk.remove(home / "ballast")
reserve.fill()
assert disk.measure(reserve.path), "not made again"
"""


def make_unit(files: RecordingFiles, *, has_reserve: bool = True) -> UpdatedUnit:
    reserve = Reserve(PATH, files)
    return UpdatedUnit(ReservedFiles(files, reserve) if has_reserve else files)


def begin(files: RecordingFiles, *, has_reserve: bool = True) -> UpdatedUnit:
    """It runs release 2; room is kept, and release 3 is meant for it."""
    unit = make_unit(files, has_reserve=has_reserve)
    unit.begin()
    unit.offers = [make_offer("2", sequence=2, kinds=(OS, APP))]
    unit.run()
    Reserve(PATH, files).fill()
    unit.offers = [make_offer("3", sequence=3, kinds=(OS, APP))]
    return unit


def start_trial(unit: UpdatedUnit) -> None:
    """Check-ins until the release is on trial."""
    for _ in range(20):
        if unit.progress.step is UpdateStep.HEALTH:
            return
        unit.check_in()
    raise AssertionError(unit.heard)


def fill_disk(files: RecordingFiles) -> None:
    files.capacity_bytes = files.measure_all()


@pytest.mark.parametrize("sick", [frozenset[str](), frozenset(("3",))])
def test_a_release_on_trial_comes_to_its_end_on_a_full_disk(sick: frozenset[str]) -> None:
    files = RecordingFiles()
    unit = begin(files)
    unit.sick = sick
    start_trial(unit)
    fill_disk(files)
    unit.run()
    wanted = "2" if sick else "3"
    assert (unit.app, unit.committed_app, unit.system) == (wanted, wanted, wanted)


def test_without_the_reserve_it_would_hang() -> None:
    files = RecordingFiles()
    unit = begin(files, has_reserve=False)
    start_trial(unit)
    fill_disk(files)
    with pytest.raises(SpaceError):
        unit.run()
    assert unit.progress.step is UpdateStep.HEALTH


def test_every_cut_on_a_full_disk_ends_with_one_release() -> None:
    files = RecordingFiles()
    unit = begin(files)
    start_trial(unit)
    fill_disk(files)

    def end(one: RecordingFiles) -> None:
        twin = make_unit(one)
        twin.offers, twin.boot = unit.offers, unit.boot + 5
        twin.power_on()
        twin.run()

    for cut in list_cuts(end, files, torn=1):
        end(cut.files)
        last = make_unit(cut.files)
        assert (last.app, last.committed_app, last.system) == ("3", "3", "3"), cut


def test_a_refused_sync_gives_the_room_up_for_the_next_attempt() -> None:
    files = RecordingFiles()
    files.make_directory(HOME)
    Reserve(PATH, files).fill()
    reserved = ReservedFiles(files, Reserve(PATH, files))
    reserved.write(HOME / "a", b"1")
    files.fail_at = {len(files.calls) + 1: errno.ENOSPC}
    with pytest.raises(OSError, match="No space"):
        reserved.sync(HOME / "a")
    assert files.measure(PATH) is None


@pytest.mark.parametrize("fault", [errno.EIO, errno.EROFS])
def test_other_faults_do_not_cost_it(fault: int) -> None:
    files = RecordingFiles()
    files.make_directory(HOME)
    Reserve(PATH, files).fill()
    files.fail_at = {len(files.calls) + 1: fault}
    reserved: Files = ReservedFiles(files, Reserve(PATH, files))
    with pytest.raises(OSError):  # noqa: PT011  (which one is told by its number)
        reserved.write(HOME / "a", b"1")
    assert files.measure(PATH) == RESERVE_BYTES


def test_on_a_real_file_system_that_is_full(tmp_path: Path) -> None:
    unshare = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("needs a namespace of its own (unshare)")
    mount = 'mount -t tmpfs -o size=12m none "$1" && exec "$2" -c "$3" "$1"'
    words = ["sh", "-ec", mount, "sh", str(tmp_path), sys.executable, ON_TMPFS]
    done = subprocess.run(
        [*unshare, *words], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
