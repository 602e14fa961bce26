"""`make soak`: Tier A as long as wanted; a ledger says what was done, and it goes on from there.

    python -m tests.bench.updates.soak --images 50000

Reads and writes: build/soak/updates.json, the seeds that are done and what was found.
Never: counts a seed twice, or images of another program: the ledger begins anew with each.

Zero failures in n images proves that fewer than 3/n of such cuts fail, at 95 %; it says nothing of
disks that break their promises otherwise.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from os import cpu_count
from pathlib import Path

from tests.bench.report import ROOT
from tests.bench.updates.crash_images import SCENARIOS, Found, count_images

LEDGER = ROOT / "build/soak/updates.json"
PROGRAM = ROOT / "ota"
FIRST, SECOND = 40, 24  # cuts of a seed and scenario, and cuts in the recovery from each


@dataclass(slots=True)
class Ledger:
    """`program`: hash of what was cut; `seeds`: done, of each scenario."""

    program: str = ""
    seeds: int = 0
    images: int = 0
    unrecoverable: list[str] = field(default_factory=list)


def read_ledger(path: Path = LEDGER) -> Ledger:
    """What was done before with this program; a new one where there is none."""
    new = Ledger(hash_program())
    try:
        ledger = Ledger(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return new
    return ledger if ledger.program == new.program else new


def hash_program(program: Path = PROGRAM) -> str:
    """SHA-256 of all modules of the updater, names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(program.rglob("*.py")):
        digest.update(f"{path.relative_to(program)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write_ledger(ledger: Ledger, path: Path = LEDGER) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(ledger), indent=1))


def run_seed(task: tuple[int, int, int, int]) -> Found:
    """One seed of one scenario, with cuts in the recovery."""
    seed, number, first, second = task
    return count_images(SCENARIOS[number], most=first, seed=seed, twice=second)


def run_until(
    images: int, ledger: Ledger, *, first: int = FIRST, second: int = SECOND
) -> Iterator[Ledger]:
    """Seed after seed until so many images were booted: `first` cuts of each scenario, `second` in
    the recovery from each.
    """
    with ProcessPoolExecutor(cpu_count()) as pool:
        while ledger.images < images:
            tasks = [(ledger.seeds + 1, number, first, second) for number in range(len(SCENARIOS))]
            for found in pool.map(run_seed, tasks):
                ledger.images += found.images
                ledger.unrecoverable += found.unrecoverable
            ledger.seeds += 1
            yield ledger


def main() -> None:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--images", type=int, default=50_000, help="crash images in all (50000)")
    images = parser.parse_args().images
    for ledger in run_until(images, read_ledger()):
        write_ledger(ledger)
        print(f"{ledger.images} images, {len(ledger.unrecoverable)} unrecoverable", flush=True)
    print("\n".join(read_ledger().unrecoverable[:20]))


if __name__ == "__main__":
    main()
