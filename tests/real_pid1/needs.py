"""What tests with root's rights and programs of Debian need; they are skipped where it lacks.

Reads: the computer. Writes: marks of pytest.
Never: installs anything.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest


def list_missing(programs: Mapping[str, str]) -> list[str]:
    """What lacks of `programs` (each with its package) and root's rights."""
    missing = [
        f"{package} ({name})" for name, package in programs.items() if not shutil.which(name)
    ]
    return missing if os.geteuid() == 0 else [*missing, "root's rights"]


def skip_where_missing(items: list[pytest.Item], directory: Path, missing: list[str]) -> None:
    """Skip all tests of a directory, with the reason."""
    for item in items:
        if missing and directory in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))
