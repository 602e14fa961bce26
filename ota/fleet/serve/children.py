"""Programs that run beside the server, and end with it.

    with running(["nginx", ...]) as child: ...

Reads and writes: processes.
Never: starts one again: whoever started the server (systemd) starts all of it again.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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
    child = subprocess.Popen([program, *command[1:]])
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def require_alive(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Raises `FleetError` where one has ended."""
    for child in children:
        if (code := child.poll()) is not None:
            words = child.args if isinstance(child.args, list) else [str(child.args)]
            raise FleetError(
                f"{words[0]} has ended with {code}; what it said stands above. Often its port is "
                "in use, or it may not listen on one below 1024"
            )
