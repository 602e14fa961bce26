"""Tier A: the updater on a disk in memory; the power is cut after every call, and then again.

    found = count_images(SCENARIOS[0], most=1000, seed=1)
    found.images, found.unrecoverable

Scenarios "from a mirror" have the real trust client and fetcher, "by systemd-boot" its entries too.

A crash image is what the disk may have after a call: what was not synchronized kept, lost or torn
at 512 bytes (tests/stand_ins/power_cuts.py). Each is booted, and must come to rest with the release
or with the one before, as whole, within the boots that are allowed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from appliance.model_updates import UpdateStep
from ota.manifest import LayerKind
from tests.bench.updates.leftovers import find_leftover
from tests.stand_ins.power_cuts import Cut, list_cuts
from tests.stand_ins.real_unit import RealUnit, make_world
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import UpdatedUnit, make_offer

OS, APP, MODEL, SETTINGS = LayerKind.OS, LayerKind.APP, LayerKind.MODEL, LayerKind.SETTINGS
OLD, NEW = "2", "3"
Kinds = tuple[LayerKind, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A unit that runs release 2 is offered release 3. `ends`: releases that it may end with.
    `is_real`: with the real trust client and fetcher; `has_esp`: with entries of systemd-boot.
    `releases`: what it is offered, one after the other.
    """

    name: str
    kinds: Kinds
    sick: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset((NEW,))
    is_real: bool = False
    has_esp: bool = False
    releases: tuple[str, ...] = (NEW,)


BAD = frozenset((NEW,))
STAYS: dict[str, Any] = {"ends": frozenset((OLD,)), "is_real": True, "has_esp": True}
IN_A_ROW = (NEW, "4", "5")
ROW: dict[str, Any] = {
    "ends": frozenset(IN_A_ROW[-1:]),
    "is_real": True,
    "has_esp": True,
    "releases": IN_A_ROW,
}
SIMPLE = (
    Scenario("an app", (APP,)),
    Scenario("an app that fails", (APP,), sick=BAD, ends=frozenset((OLD,))),
    Scenario("app, models and settings", (APP, MODEL, SETTINGS)),
    Scenario("an operating system", (OS,)),
    Scenario("an operating system with an app", (OS, APP)),
    Scenario("an operating system that fails", (OS, APP), sick=BAD, ends=frozenset((OLD,))),
    Scenario("an operating system that does not boot", (OS, APP), dead=BAD, ends=frozenset((OLD,))),
)
REAL = (
    Scenario("an app from a mirror", (APP,), is_real=True),
    Scenario("an app from a mirror that fails", (APP,), BAD, ends=frozenset((OLD,)), is_real=True),
    Scenario("a model and settings from a mirror", (APP, MODEL, SETTINGS), is_real=True),
    Scenario("a system and an app by systemd-boot", (OS, APP), is_real=True, has_esp=True),
    Scenario("a system that does not boot by systemd-boot", (OS, APP), dead=BAD, **STAYS),
    Scenario("a system that fails by systemd-boot", (OS, APP), sick=BAD, **STAYS),
    Scenario("three systems in a row by systemd-boot", (OS,), **ROW),
)
SCENARIOS = (*SIMPLE, *REAL)


@dataclass(slots=True)
class Found:
    """`unrecoverable`: the cuts after which the unit was wrong, and how."""

    images: int = 0
    calls: int = 0
    unrecoverable: list[str] = field(default_factory=list)


def count_images(
    scenario: Scenario,
    *,
    most: int,
    seed: int,
    twice: int = 0,
    syncs: bool = True,
    around: str = "",
) -> Found:
    """Boot up to `most` crash images, spread over the run; `twice`: that many cuts in each
    recovery; `around`: only those after calls whose text begins so.
    """
    found = Found()
    start = prepare(scenario, syncs=syncs)
    cuts = list_cuts(run_from(scenario), start, seed=seed)
    for cut in draw([one for one in cuts if one.text.startswith(around)], most, seed):
        check(scenario, cut, found)
        if twice:
            again = list(list_cuts(run_from(scenario, boots=1), cut.files, seed=seed))
            for second in draw(again, twice, seed):
                check(scenario, second, found)
    return found


def draw(cuts: list[Cut], most: int, seed: int) -> list[Cut]:
    if len(cuts) <= most:
        return cuts
    return Random(seed).sample(cuts, most)


def prepare(scenario: Scenario, *, syncs: bool) -> RecordingFiles:
    """A unit that was updated once, whole, on the disk."""
    files = RecordingFiles()
    unit = make_unit(scenario, files)
    unit.sick = unit.dead = frozenset()
    unit.begin("1")
    offer(unit, OLD, scenario.kinds)
    unit.run()
    files.calls.clear()
    files.syncs = syncs
    return files


def make_unit(scenario: Scenario, files: RecordingFiles) -> UpdatedUnit:
    more: dict[str, Any] = {"sick": scenario.sick, "dead": scenario.dead}
    if not scenario.is_real:
        return UpdatedUnit(files, **more)
    world = make_world(scenario.kinds, (OLD, *scenario.releases))
    return RealUnit(files, world=world, has_esp=scenario.has_esp, **more)


def offer(unit: UpdatedUnit, release: str, kinds: Kinds) -> None:
    """The release is meant for the unit from now on."""
    if isinstance(unit, RealUnit):
        unit.assigned = release
    else:
        unit.offers = [make_offer(release, sequence=int(release), kinds=kinds)]


def run_through(scenario: Scenario, unit: UpdatedUnit) -> None:
    """Every release of the scenario in turn."""
    for release in scenario.releases:
        offer(unit, release, scenario.kinds)
        unit.run()


def run_from(scenario: Scenario, boots: int = 0) -> Callable[[RecordingFiles], None]:
    def run(files: RecordingFiles) -> None:
        unit = make_unit(scenario, files)
        unit.boot = 10 + boots
        if boots or scenario.has_esp:
            unit.power_on()
        run_through(scenario, unit)

    return run


def check(scenario: Scenario, cut: Cut, found: Found) -> None:
    """Boot an image, and judge where it ends."""
    found.images += 1
    unit = make_unit(scenario, cut.files.copy())
    unit.boot = 20
    try:
        ratchet = unit.ratchet
        unit.power_on()
        wrong = judge_start(scenario, unit)
        run_through(scenario, unit)
        wrong = wrong or judge(scenario, unit, ratchet) or find_leftover(unit)
    except Exception as error:  # noqa: BLE001  (whatever it is, the unit did not come back)
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        found.unrecoverable.append(f"{scenario.name}: {cut}: {wrong}")


def judge_start(scenario: Scenario, unit: UpdatedUnit) -> str:
    """What is wrong with what services start with, before the updater runs; "" where nothing is."""
    started = {unit.app, unit.committed_app} if APP in scenario.kinds else {OLD}
    wrong = started - {OLD, *scenario.releases}
    return f"services start with release {wrong.pop() or 'none'}" if wrong else ""


def judge(scenario: Scenario, unit: UpdatedUnit, ratchet: int) -> str:
    """What is wrong at the end; "" where nothing is."""
    report = unit.board.examine()
    parts = []
    if APP in scenario.kinds:
        parts += [unit.app, unit.committed_app]
    if OS in scenario.kinds:
        parts += [unit.system, report.slots[report.primary].release]
    if unit.progress.step is not UpdateStep.IDLE:
        return f"it rests in {unit.progress.step.name}"
    if len(set(parts)) > 1:
        return f"releases are mixed: {parts}"
    if parts and parts[0] not in scenario.ends:
        return f"it ends with release {parts[0]}"
    if unit.ratchet < ratchet:
        return f"the ratchet went from {ratchet} to {unit.ratchet}"
    return ""
