"""Another program that holds the lock of a file."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLD = "import fcntl, sys; f=open(sys.argv[1],'a'); fcntl.flock(f,2); print(flush=1); input()"


@contextmanager
def held_by_another_program(path: Path, *words: str) -> Iterator[int]:
    """Its process id, while it holds the lock of `path`; `words` follow on its command line."""
    command = [sys.executable, "-c", HOLD, str(path), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        yield other.pid
        other.communicate(b"\n")
