"""Programs that run beside the server, and end with it.

    with running(["nginx", ...]) as child: ...

Reads and writes: processes.
Never: starts one again: whoever started the server (systemd) starts all of it again.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ota.fleet.errors import FleetError

END_S = 10.0
PACKAGES = {"nginx": "nginx-light", "mosquitto": "mosquitto"}  # Debian's
PLACES = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Raises `FleetError` where the program is not installed."""
    name = command[0]
    program = shutil.which(name, path=PLACES)
    if program is None:
        raise FleetError(f"{name} is missing: apt install {PACKAGES.get(name, name)}")
    child = subprocess.Popen([*bind_to_parent(), program, *command[1:]], process_group=0)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with suppress(ProcessLookupError):  # what it started and left, as workers of a killed one
            os.killpg(child.pid, signal.SIGKILL)


def bind_to_parent() -> list[str]:
    """Words before a command so that it ends also where its parent is killed (util-linux)."""
    setpriv = shutil.which("setpriv", path=PLACES)
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def require_alive(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raises `FleetError` where one has ended."""
    for child in children:
        if (code := child.poll()) is not None:
            raise FleetError(
                f"{find_name(child.args)} has ended with {code}; what it said stands above. Often "
                "its port is in use, or it may not listen on one below 1024"
            )


def find_name(words: object) -> str:
    """Of the program, without what stands before it."""
    program = words[len(bind_to_parent())] if isinstance(words, list) else words
    return Path(str(program)).name
