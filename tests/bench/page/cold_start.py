"""Cold start: PID 1's socket is there, the process is not; from connecting to the last byte of the
page and of its first status document.
"""

import time
import urllib.request

from provisioning.laptop import Laptop
from tests.bench.page.unit import serve_page
from tests.bench.report import Figure, median


def measure_cold_start(laptop: Laptop, *, short: bool) -> tuple[list[Figure], list[float]]:
    times = [measure_first_page(laptop) for _ in range(3 if short else 15)]
    return [
        Figure("first page and status, median", median(times), "s"),
        Figure("first page and status, worst", max(times), "s"),
    ], times


def measure_first_page(laptop: Laptop) -> float:
    """Seconds from the start of the process to the page and its first status."""
    began_s = time.monotonic()
    with serve_page(laptop) as page:
        for path in ("/", "/api/status"):
            with urllib.request.urlopen(f"{page.address}{path}", timeout=30) as answer:
                answer.read()
        return time.monotonic() - began_s
