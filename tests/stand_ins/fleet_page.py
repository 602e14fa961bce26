"""The fleet's page as the operator starts it: `fleet page` on a port of its own.

with fleet_page("sqlite:////tmp/fleet.db") as address:
    browser.open(address)
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import ROOT


@contextmanager
def fleet_page(database: str, *words: str) -> Iterator[str]:
    """Its address, without a slash at the end."""
    command = [sys.executable, "-m", "ota.fleet", "page", "--database", database]
    command += ["--listen", "127.0.0.1:0", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", said)
        assert found, said
        try:
            yield found[0]
        finally:
            process.terminate()
