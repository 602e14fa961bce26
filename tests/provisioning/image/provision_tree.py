"""A directory tree as the ESP and the data partition of a unit, on which `provision` is run.

`unitctl` and `ssh-keygen` are the real ones; `chgrp` and `findmnt` are stand-ins.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.provisioning.image.test_image_files import FILES

SCRIPT = FILES / "usr/lib/appliance/provision"
GOOD = (ROOT / "docs/examples/trailer.toml").read_text()
OTHER = GOOD + "\n# another one\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGaw1BkZ4b0rDMbDLg3z8y7oT9ZkCZsLGo3IhBk0gf3o x\n"
MODEM = "[connection]\nid=modem\ntype=gsm\n\n[gsm]\napn=internet\n"
BOM = "\ufeff"
SETTINGS = "etc/appliance/unit.toml"
KEYS = "etc/appliance/ssh/technician"
CONNECTIONS = "var/lib/NetworkManager/system-connections"
RESULT = "efi/provision/RESULT.txt"
MARKS = "run/appliance-image"


@dataclass
class Tree:
    """ESP and data partition of a unit, as directories."""

    root: Path
    programs: Path

    def put(self, place: str, text: str | bytes) -> None:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def read(self, place: str) -> str:
        return (self.root / place).read_text()

    def has(self, place: str) -> bool:
        return (self.root / place).exists()

    def list(self, place: str) -> list[str]:
        return sorted(path.name for path in (self.root / place).iterdir())

    def stand_in(self, name: str, body: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.programs / name).chmod(0o755)

    def start(self) -> str:
        """As at a start of the unit; returns what the journal gets."""
        path = f"{self.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ("sh", SCRIPT, self.root),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def make_tree(directory: Path) -> Tree:
    for name in ("programs", "unit/efi/provision", "unit/efi/kept", f"unit/{MARKS}"):
        (directory / name).mkdir(parents=True)
    made = Tree(directory / "unit", directory / "programs")
    made.stand_in("chgrp", "")
    made.stand_in("findmnt", "echo /dev/sda4")
    return made
