"""The release engineer of the demonstration: the commands of `fleet`, in the demonstration's time.

Reads: nothing. Writes: a fleet with its keys and small releases (settings that units share).
Never: does what the command `fleet` does not: it runs that.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from appliance.errors import HostError
from ota.fleet.__main__ import COMMANDS
from ota.release.__main__ import run_command
from ota.release.fleet import Fleet, opened_fleet
from ota.release.keys.secrets_source import SecretsSource
from provisioning.fleet_demo.demo_clock import DemoClock


@dataclass(frozen=True, slots=True)
class Engineer:
    """`directory`: keys, tree, and what is built."""

    directory: Path
    clock: DemoClock

    @property
    def tree(self) -> Path:
        return self.directory / "tree"

    def begin(self, bins: int) -> None:
        """A new fleet."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self.type("init", self.directory, "--bins", bins)

    def release(self, name: str, sequence: int) -> None:
        """Build, sign and publish a release of settings, each with other ones."""
        settings = self.directory / f"{name}.toml"
        settings.write_text(f"[update]\nmetered_day_mb = {100 + sequence}\n")
        here = ("--fleet", self.directory)
        words = ("--sequence", sequence, "--settings", settings, "--energy-wh", 1)
        self.type("release", "build", name, *words, *here)
        self.type("release", "sign", name, *here)
        self.type("release", "publish", name, *here)

    def type(self, *words: object) -> str:
        """One command of `fleet`; returns what it prints. Raises `ApplianceError`."""
        said = StringIO()
        with redirect_stdout(said):
            code = run_command([str(word) for word in words], self.clock.now, COMMANDS)
        if code:
            raise HostError(f"`fleet {words[0]}` ends with {code}: {said.getvalue()}")
        return said.getvalue()

    @contextmanager
    def opened(self) -> Iterator[Fleet]:
        with opened_fleet(self.directory, self.clock.now, SecretsSource({})) as fleet:
            yield fleet
