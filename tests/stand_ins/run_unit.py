"""Runs the program that runs the unit on a laptop, to its end."""

import subprocess
import sys

from tests.conftest import ROOT


def run_unit(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m provisioning` with these words; errors are left to the caller."""
    command = [sys.executable, "-m", "provisioning", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
