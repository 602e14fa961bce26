"""One page left open, and nobody who looks: processor time and memory of the page's process.

From /proc, as the kernel counts it: of the process that answers, not of the browser.
"""

import os
import shutil
import time
from pathlib import Path

from provisioning.laptop import Laptop
from tests.bench.page.unit import ServedPage, serve_page
from tests.bench.report import OUT, Figure
from tests.stand_ins.chromium import Browser

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
USER, SYSTEM = 13, 14  # fields of /proc/PID/stat, counted from 0
LONG_S, SHORT_S = 60.0, 10.0
SETTLED = "document.querySelector('#chart canvas') !== null"


def measure_at_rest(laptop: Laptop, *, short: bool) -> tuple[list[Figure], float]:
    """The figures, and the memory in MB."""
    profile = OUT / "page-profile-rest"
    shutil.rmtree(profile, ignore_errors=True)
    length_s = SHORT_S if short else LONG_S
    browser = Browser(profile)
    try:
        with serve_page(laptop) as page:
            browser.open(page.address)
            browser.wait_for(SETTLED)
            open_pct = measure_load_pct(page, length_s)
            browser.open("about:blank")
            nobody_pct = measure_load_pct(page, length_s)
            rss_mb = read_rss_mb(page.pid)
    finally:
        browser.close()
    return [
        Figure("one open page, processor", open_pct, "% of a core", 1.0),
        Figure("nobody looks, processor", nobody_pct, "% of a core", 0.05),
        Figure("memory of the page's process", rss_mb, "MB"),
    ], rss_mb


def measure_load_pct(page: ServedPage, length_s: float) -> float:
    """Percent of one core over that time."""
    began_s, before_s = time.monotonic(), read_processor_s(page.pid)
    time.sleep(length_s)
    return (read_processor_s(page.pid) - before_s) / (time.monotonic() - began_s) * 100


def read_processor_s(pid: int) -> float:
    """User and system time of a process since its start, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER - 2]) + int(fields[SYSTEM - 2])) * TICK_S


def read_rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [one for one in status.splitlines() if one.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000
