"""A fleet of ten thousand units: `make bench-fleet`.

`poll_p95_ms`, `pg_poll_p95_ms`: a report, from when its unit wants to send it until its answer is
read, at ten times the rate of a fleet that reports each hour, on SQLite and on PostgreSQL; the real
receiver as a process, behind no proxy. `rss_mb`: the most memory that it had. `idle_poll_bytes`,
`change_bytes`: metadata that a unit fetches which finds nothing new, or another release.
`wave_overrun`: units beyond the first wave that got a release which fails everywhere, of a thousand
simulated units in three groups with the real updater. `push_to_start_s`: from `fleet push` until
the unit's check-in starts.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ota.fleet.database.opening import open_database
from provisioning.fleet_demo.__main__ import begun, show
from provisioning.fleet_demo.sites import GROUPS
from tests.bench.fleet import connections, push, tree
from tests.bench.fleet.load import Load, find_p95_ms, make_reporters
from tests.bench.report import ROOT, Figure, publish, quick
from tests.stand_ins.postgresql import find_program, postgresql

UNITS, BINS = 10_000, 1024
PER_S = 10 * UNITS / 3600  # ten times as many as report each hour
FIRST_SHARE = 0.05  # of the waves of the demonstration


@contextmanager
def receiving(directory: Path, address: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A receiver of its own, and its port."""
    words = ["receive", "--listen", "127.0.0.1:0", "--fleet", str(directory)]
    command = [sys.executable, "-m", "ota.fleet", *words, "--database", address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        try:
            yield port, process
        finally:
            process.terminate()


def measure_reports(
    directory: Path, address: str, seconds: float, *, with_broker: bool
) -> dict[str, float]:
    """All units are known; they report at random. `with_broker`: and once more while all of them
    lose the broker of hints and come back to it.
    """
    directory.mkdir(exist_ok=True)
    engine = open_database(address)
    reporters = make_reporters(engine, UNITS)
    with receiving(directory, address) as (port, process):
        Load(port).run(reporters, PER_S, 5)  # warm
        load = Load(port).run(reporters, PER_S, seconds)
        storm = Load(port).run(reporters, 10 * PER_S, seconds / 4)
        back = None
        if with_broker:
            back = connections.measure(directory / "broker", engine, reporters, port)
        status = Path(f"/proc/{process.pid}/status").read_text()
    engine.dispose()
    assert load.refused == 0
    peak_kb = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    return {
        "p95_ms": find_p95_ms(load.latencies_s),
        "storm_p95_ms": find_p95_ms(storm.latencies_s),
        "reports": len(load.latencies_s),
        "rss_mb": peak_kb / 1024,
        **({} if back is None else asdict(back)),
    }


def measure_waves(directory: Path, units: int) -> int:
    """Units that tried the bad release and were not of the first wave."""
    with begun(directory, units, 0) as demo:
        summary = show(demo)
        assert summary.stopped_by_itself
        tried = [one.site.group for one in demo.sites.units if one.has_failed]
        sizes = [one.site.group for one in demo.sites.units]
    allowed = {group: -(-sizes.count(group) * 5 // 100) for group in GROUPS}
    return sum(max(0, tried.count(group) - allowed[group]) for group in GROUPS)


def main() -> None:
    short = quick("fleet")
    seconds, simulated = (8.0, 60) if short else (60.0, 1000)
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        address = f"sqlite:///{directory / 'fleet.db'}"
        on_sqlite = measure_reports(directory, address, seconds, with_broker=not short)
        on_postgresql = None
        if find_program("initdb"):
            with postgresql() as address:
                place = directory / "postgresql"
                on_postgresql = measure_reports(place, address, seconds, with_broker=not short)
        asked = tree.measure(directory / "tree", 200 if short else UNITS, BINS)
        overrun = measure_waves(directory / "waves", simulated)
        (directory / "push").mkdir()
        pushed = push.measure(directory / "push")
    pg_p95_ms = on_postgresql["p95_ms"] if on_postgresql else None
    figures = [
        Figure("units", UNITS, "units"),
        Figure("a report, 95 %", on_sqlite["p95_ms"], "ms"),
        Figure("the same, a hundred times the hourly rate", on_sqlite["storm_p95_ms"], "ms"),
        Figure("memory of the receiver, at most", on_sqlite["rss_mb"], "MB"),
        Figure("a question with nothing new", asked.idle_bytes, "bytes"),
        Figure("a question with another release", asked.change_bytes, "bytes"),
        Figure(f"units beyond the first wave, of {simulated}", overrun, "units", 0),
        Figure("from a push to the start of the check-in", pushed.start_s, "s", 5),
        Figure("from a push to the update", pushed.update_s, "s"),
        Figure("a connection that waits for hints, a day", pushed.idle_day_bytes, "bytes"),
    ]
    if on_postgresql:
        figures[3:3] = [
            Figure("a report on PostgreSQL, 95 %", on_postgresql["p95_ms"], "ms"),
            Figure("the same, a hundred times", on_postgresql["storm_p95_ms"], "ms"),
        ]
    if "back_s" in on_sqlite:
        figures += [
            Figure("until all are back at a broker that was restarted", on_sqlite["back_s"], "s"),
            Figure("most of them in one second", on_sqlite["peak_per_s"], "units"),
            Figure("a report meanwhile, 95 %", on_sqlite["meanwhile_p95_ms"], "ms"),
            Figure("memory of the broker, at most", on_sqlite["broker_mb"], "MB"),
        ]
    also = {
        "units": UNITS,
        "poll_p95_ms": on_sqlite["p95_ms"],
        "rss_mb": on_sqlite["rss_mb"],
        "pg_poll_p95_ms": pg_p95_ms,
        "idle_poll_bytes": asked.idle_bytes,
        "change_bytes": asked.change_bytes,
        "wave_overrun": overrun,
        "push_to_start_s": pushed.start_s,
    }
    publish("fleet", figures, short, also, sqlite=on_sqlite, postgresql=on_postgresql)


if __name__ == "__main__":
    main()
