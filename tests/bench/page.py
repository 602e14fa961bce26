"""Time to the first page after a cold start: PID 1's socket is there, the process is not.

From connecting to the last byte of the page and of its first status document.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

from appliance.store.prepare import prepare_database
from provisioning.command import claim_port
from provisioning.laptop import START, Laptop, RunRequest
from tests.bench.report import OUT, Figure, median, publish, quick


def measure_first_page(laptop: Laptop) -> float:
    """Start the page as PID 1 does, with a listening socket as descriptor 3."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    command = [sys.executable, "-m", "appliance.web", "--settings", str(laptop.settings.path)]
    shell = 'exec 3<&0; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    began_s = time.monotonic()
    process = subprocess.Popen(
        ["/bin/sh", "-c", shell, "sh", *command],
        stdin=listening.fileno(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )
    try:
        for path in ("/", "/api/status"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                answer.read()
        return time.monotonic() - began_s
    finally:
        process.kill()
        process.wait()
        listening.close()


def main() -> None:
    short = quick("page")
    laptop = Laptop(RunRequest(240, claim_port(0), OUT / "page", start=START))
    prepare_database(laptop.settings.database)
    times = [measure_first_page(laptop) for _ in range(3 if short else 15)]
    figures = [Figure("first page and status, median", median(times), "s")]
    figures.append(replace(figures[0], name="first page and status, worst", value=max(times)))
    publish("page", figures, short, seconds=times)


if __name__ == "__main__":
    main()
