"""What the kernel says of a set of processes: CPU, wake-ups, memory, bytes written.

Reads: /proc. Writes: nothing.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals since the processes began, summed; memory as it is now."""

    cpu_s: float
    wakeups: int
    rss_mb: float
    pss_mb: float
    written_bytes: int

    def __sub__(self, earlier: "Usage") -> "Usage":
        """Counters since `earlier`; memory stays that of now."""
        return Usage(
            self.cpu_s - earlier.cpu_s,
            self.wakeups - earlier.wakeups,
            self.rss_mb,
            self.pss_mb,
            self.written_bytes - earlier.written_bytes,
        )


def read_usage(pids: Iterable[int]) -> Usage:
    """The sum over `pids`."""
    each = [read_process_usage(pid) for pid in pids]
    return Usage(
        sum(u.cpu_s for u in each),
        sum(u.wakeups for u in each),
        sum(u.rss_mb for u in each),
        sum(u.pss_mb for u in each),
        sum(u.written_bytes for u in each),
    )


def read_process_usage(pid: int) -> Usage:
    """One process with all its threads (proc(5))."""
    proc = Path(f"/proc/{pid}")
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    wakeups = sum(
        read_number(task / "status", "voluntary_ctxt_switches:")
        for task in (proc / "task").iterdir()
    )
    return Usage(
        (int(fields[11]) + int(fields[12])) * TICK_S,
        wakeups,
        read_number(proc / "status", "VmRSS:") / 1024,
        read_number(proc / "smaps_rollup", "Pss:") / 1024,
        read_number(proc / "io", "write_bytes:"),
    )


def read_number(path: Path, key: str) -> int:
    """The number behind `key` in a /proc file."""
    for line in path.read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0
