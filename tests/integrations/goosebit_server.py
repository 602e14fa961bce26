"""An unmodified gooseBit on loopback: its own tables, its own API, its own program.

    with run_goosebit(directory, token="abc") as goosebit:
        number = goosebit.add_software("2026.11.1", "unit-x86-64")
        goosebit.assign("u1", number)

Reads: build/goosebit. Writes: `directory`: its database and what is uploaded.
Never: listens beyond this computer, as gooseBit does by itself; or looks into its database.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from tests.appliance.web.test_web import free_port
from tests.conftest import ROOT
from tests.waiting import wait_until

INSTALLED = ROOT / "build/goosebit"
TENANT = "DEFAULT"
USER = {"username": "ada@example.org", "password": "not a secret of anybody"}
BOUNDARY = "a-line-that-stands-nowhere-else"
# Its tables by its own migrations, as its documents say; then the program, on loopback alone.
START = """
import asyncio, sys
from pathlib import Path
import goosebit, uvicorn
from aerich import Command
from goosebit.db.config import TORTOISE_CONF

async def make_tables():
    place = str(Path(goosebit.__file__).parent / "db/migrations")
    command = Command(tortoise_config=TORTOISE_CONF, location=place)
    await command.init()
    await command.upgrade(run_in_transaction=True)
    await command.close()

asyncio.run(make_tables())
uvicorn.run(goosebit.app, host="127.0.0.1", port=int(sys.argv[1]))
"""


@dataclass
class GooseBit:
    """What its operator does, through its own API."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)

    def is_up(self) -> bool:
        try:
            self.ask("GET", "/setup")
        except OSError:
            return False
        return True

    def log_in(self) -> None:
        """The first user, as one makes it after an installation."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        token = self.ask("POST", "/setup", urlencode(USER).encode(), kind)["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def add_software(self, release: str, board: str) -> int:
        """A small `.swu` whose version is the name of our release; its number."""
        data = make_swu(release, board)
        head = f'Content-Disposition: form-data; name="file"; filename="{release}.swu"'
        body = (
            f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
        )
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return int(self.ask("PUT", "/api/v1/software", body, kind)["id"])

    def change(self, unit: str, **changes: Any) -> None:
        """What its page does with a device."""
        body = json.dumps({"devices": [unit], **changes}).encode()
        kind = {"Content-Type": "application/json"}
        self.ask("PATCH", "/ui/bff/devices", body, kind)

    def assign(self, unit: str, software: int) -> None:
        self.change(unit, software=str(software))

    def find(self, unit: str) -> Mapping[str, Any]:
        """What it says of a device; an empty one where it knows none."""
        devices = self.ask("GET", "/api/v1/devices")["devices"]
        return next((one for one in devices if one["id"] == unit), {})

    def read_log(self, unit: str) -> str:
        """What the unit has told."""
        return str(self.ask("GET", f"/api/v1/devices/{quote(unit)}/log")["log"] or "")

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """JSON, or text; raises `OSError`, with what it says."""
        every = {**self.headers, **(headers or {})}
        request = Request(f"{self.address}{path}", body, every, method=method)
        try:
            with urlopen(request, timeout=30) as answer:
                data = answer.read()
        except HTTPError as error:
            raise OSError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error
        try:
            return json.loads(data)
        except ValueError:
            return data.decode()


def make_swu(release: str, board: str) -> bytes:
    """An archive with a description alone: nothing of it is installed by the unit."""
    text = (
        f'software = {{ version = "{release}"; '
        f'{board} = {{ hardware-compatibility = [ "default" ]; }}; }};\n'
    )
    return pack("sw-description", text.encode()) + pack("TRAILER!!!", b"")


def pack(name: str, data: bytes) -> bytes:
    """One file of a cpio archive (newc)."""
    numbers = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = "070701" + "".join(f"{number:08X}" for number in numbers)
    return fill(head.encode() + name.encode() + b"\0") + fill(data)


def fill(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


@contextmanager
def run_goosebit(directory: Path, **settings: str) -> Iterator[GooseBit]:
    """`settings`: more variables of its environment, without `GOOSEBIT_`."""
    if not (INSTALLED / "goosebit").is_dir():
        pytest.skip("needs `make test-integrations`")
    port = free_port()
    own = {
        "DB_URI": f"sqlite://{directory / 'goosebit.db'}",
        "ARTIFACTS_DIR": str(directory / "artifacts"),
        "TENANT": TENANT,
        **settings,
    }
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("GOOSEBIT_")},
        **{f"GOOSEBIT_{name}": text for name, text in own.items()},
        "PYTHONPATH": str(INSTALLED),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OTEL_SDK_DISABLED": "true",
    }
    words = [sys.executable, "-c", START, str(port)]
    log = directory / "goosebit.log"
    with (
        log.open("wb") as file,
        subprocess.Popen(
            words, cwd=directory, env=environment, stdout=file, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            goosebit = GooseBit(f"http://127.0.0.1:{port}")
            wait_until(lambda: has_ended(process, log) or goosebit.is_up(), "gooseBit")
            goosebit.log_in()
            yield goosebit
        finally:
            process.kill()


def has_ended(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    """Whether it came to an end by itself, which is an error."""
    if process.poll() is not None:
        raise AssertionError(f"gooseBit ended: {log.read_text()[-2000:]}")
    return False
