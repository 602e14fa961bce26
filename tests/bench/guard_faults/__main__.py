"""From the fall of a battery to the last stop order, in the real power process, with each fault.

A simulated charge controller on a pseudo-terminal, a `systemctl` that records, the settings'
defaults, real time. The battery falls from 13.4 to 11.6 V when the loads have been started (or
after 12 s, where the fault does not let them). Of the seconds 30 are the guard's own: so long a
low voltage must last.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from tests.bench.guard_faults.faults import FAULTS, QUICK
from tests.bench.guard_faults.site import Site, measure
from tests.bench.report import Figure, publish, quick

TARGET_S = 35.0
NEVER_S = 90.0
AT_ONCE = 8


def try_fault(name: str) -> tuple[str, float | None]:
    with TemporaryDirectory(prefix="guard-") as place:
        site = Site(Path(place), phase_s=crc32(name.encode()) % 3000 / 1000)
        took_s = measure(site, FAULTS[name], NEVER_S)
    print(f"  {name:<45} {'never' if took_s is None else f'{took_s:5.1f} s'}", flush=True)
    return name, took_s


def main() -> None:
    short = quick("guard-faults")
    with ThreadPoolExecutor(AT_ONCE) as workers:
        took = dict(workers.map(try_fault, QUICK if short else FAULTS))
    never = [name for name, took_s in took.items() if took_s is None]
    came = {name: took_s for name, took_s in took.items() if took_s is not None}
    worst_s = max(came.values(), default=0.0)
    figures = [
        Figure("faults tried", len(took), ""),
        Figure("worst", worst_s, "s", TARGET_S),
        Figure("never", len(never), "", 0),
    ]
    also = {"faults_tried": len(took), "worst_s": worst_s, "never": never}
    publish("guard-faults", figures, short, also, seconds=took)


if __name__ == "__main__":
    main()
