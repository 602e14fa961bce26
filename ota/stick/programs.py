"""Programs of the system that touch a stick, and may hang on a bad one.

    done = run(["blkid", "-p", ...], limit_s=20)

Reads and writes: what the program does.
Never: waits longer than the limit: what a device holds is left behind.
"""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from appliance.wording.shorten import make_printable, shorten

LOOK_S, END_S = 0.05, 0.5
HUNG = 124
LONGEST = 300
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Done:
    """`code`: 0 where it went well, `HUNG` where it did not end; `text`: what it printed."""

    code: int
    text: str


def run(words: list[str], *, limit_s: float) -> Done:
    """Run it. Raises `OSError` where it is not there."""
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    process = subprocess.Popen(
        words, stdin=quiet, stdout=pipe, stderr=subprocess.STDOUT, env=ENVIRONMENT
    )
    until_s = time.monotonic() + limit_s
    while process.poll() is None and time.monotonic() < until_s:
        time.sleep(LOOK_S)
    if process.poll() is None:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        return Done(HUNG, f"it did not end within {limit_s:.0f} s")
    assert process.stdout is not None
    with process.stdout as output:
        said = output.read(LONGEST * 4).decode(errors="replace")
    return Done(process.returncode, shorten(make_printable(" ".join(said.split())), LONGEST))
