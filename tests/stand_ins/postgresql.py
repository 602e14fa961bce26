"""A real PostgreSQL server on a socket in its own directory, which ends with the block.

with postgresql() as address:
    open_database(address)

Its directory is outside of pytest's, which only the user who tests may enter.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # Debian's
USER = "postgres"
SOCKET = ".s.PGSQL.5432"


def find_program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join(map(str, PLACES))) or shutil.which(name)


needs_postgresql = pytest.mark.skipif(
    find_program("initdb") is None, reason="needs PostgreSQL: apt-get install postgresql"
)


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database. The server refuses to run as root, so it is Debian's user
    that runs it there.
    """
    with tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        directory.chmod(0o777)
        data = directory / "data"
        run("initdb", "--pgdata", data, "--auth=trust", f"--username={USER}", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={directory} -c fsync=off"
        log = directory / "log"
        run("pg_ctl", "start", "--wait", "--pgdata", data, "--log", log, "-o", options)
        try:
            yield f"postgresql+pg8000://{USER}@/postgres?unix_sock={directory}/{SOCKET}"
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "--pgdata", data)


def run(name: str, *words: object) -> None:
    program = find_program(name)
    assert program is not None
    as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]
    command = [*(as_user if os.getuid() == 0 else []), program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
