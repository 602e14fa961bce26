"""The release engineer of the demonstration: builds, signs, publishes and assigns releases.

Reads: this program's source. Writes: a fleet with its keys, app releases of this program.
Never: does what the command `fleet` doesn't: it runs that.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from appliance.errors import HostError
from provisioning.runner import ROOT

PACKAGES = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
FILES = ("pyproject.toml", "README.md", "LICENSE")
BROKEN = "sensors/__main__.py"
FAULT = 'raise SystemExit("this release is broken on purpose")\n'
SYSTEM_BYTES = 3_000_000
ENERGY_WH = "1"  # an app: some minutes of the computer


@dataclass(frozen=True, slots=True)
class FleetSide:
    """`directory`: keys, tree and what is built."""

    directory: Path

    @property
    def fleet(self) -> Path:
        return self.directory / "fleet"

    @property
    def tree(self) -> Path:
        """What the mirror serves."""
        return self.fleet / "tree"

    @property
    def roots_of_trust(self) -> list[Path]:
        """What a technician puts on the unit."""
        return sorted((self.fleet / "trust").glob("*-root.json"))

    def begin(self) -> None:
        """A new fleet."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self._run_fleet("init", str(self.fleet))

    def build(
        self, name: str, *, sequence: int, broken: bool = False, with_system: bool = False
    ) -> None:
        """Build this program as an app release, and sign it; `with_system`: with a made-up system
        for which the computer restarts.
        """
        wheel = self._build_wheel(name, broken=broken)
        here = ("--fleet", str(self.fleet))
        number, app = ("--sequence", str(sequence)), ("--app", str(wheel))
        energy = ("--energy-wh", ENERGY_WH)
        system = ("--os", str(self._make_system())) if with_system else ()
        self._run_fleet("release", "build", name, *number, *app, *system, *energy, *here)
        self._run_fleet("release", "sign", name, *here)

    def publish(self, name: str, unit: str) -> None:
        """Let the mirror have a release, and the unit be assigned to it."""
        here = ("--fleet", str(self.fleet))
        self._run_fleet("release", "publish", name, *here)
        self._run_fleet("assign", unit, name, *here)

    def write_stick(self, place: Path) -> None:
        """The tree for a USB stick."""
        self._run_fleet("usb", str(place), "--fleet", str(self.fleet))

    def _make_system(self) -> Path:
        """No operating system: a laptop's slots keep it, and nothing is run from there."""
        image = self.directory / "system.image"
        image.write_bytes(Random(1).randbytes(SYSTEM_BYTES))
        return image

    def _build_wheel(self, name: str, *, broken: bool) -> Path:
        source = self.directory / f"source-{name}"
        for package in PACKAGES:
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, source / package, ignore=leave_out)
        for file in FILES:
            shutil.copy(ROOT / file, source / file)
        if broken:
            (source / BROKEN).write_text(FAULT)
        wheels = self.directory / f"wheel-{name}"
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
        run([*command, "--quiet", "--wheel-dir", str(wheels), str(source)])
        return next(wheels.glob("*.whl"))

    def _run_fleet(self, *words: str) -> None:
        print(f"fleet {' '.join(words)}", flush=True)
        run([sys.executable, "-m", "ota.release", *words])


def run(command: list[str]) -> None:
    """Run a command; raises `HostError` with its last words."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HostError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-1500:]}")
