"""What a power cut costs over the link: bytes of packs that come a second time.

    measure_again(scenario, most=100, seed=1)      # the worst of so many cuts, bytes

Reads and writes: nothing outside of memory.
Never: counts metadata, which is asked again by design.
"""

from itertools import accumulate

from tests.bench.updates.crash_images import Scenario, draw, make_unit, prepare, run_from
from tests.stand_ins.power_cuts import list_cuts
from tests.stand_ins.real_unit import RealUnit
from tests.stand_ins.recording_files import Call, RecordingFiles


def measure_again(scenario: Scenario, *, most: int, seed: int) -> int:
    """The most that any of the drawn cuts makes come twice, bytes."""
    start = prepare(scenario, syncs=True)
    played = start.copy()
    run_from(scenario)(played)
    before = [0, *accumulate(map(count_saved, played.calls))]
    whole = before[-1]
    cuts = draw(list(list_cuts(run_from(scenario), start, seed=seed)), most, seed)
    return max(before[cut.call] + count_after(scenario, cut.files) - whole for cut in cuts)


def count_saved(call: Call) -> int:
    """Bytes that a call puts into a pack."""
    if call.name != "write" or not str(call.arguments[0]).endswith("/pack"):
        return 0
    return len(call.arguments[1])


def count_after(scenario: Scenario, files: RecordingFiles) -> int:
    """Bytes of packs that come after the cut, until the release runs."""
    own = files.copy()
    unit = make_unit(scenario, own)
    assert isinstance(unit, RealUnit)
    unit.boot = 20
    unit.power_on()
    unit.assigned = scenario.releases[-1]
    own.calls.clear()
    unit.run()
    return sum(count_saved(call) for call in own.calls)
