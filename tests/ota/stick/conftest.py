"""Sticks for the tests of this directory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ota.stick.real_stick import Shelf, can_be_made


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    if os.geteuid() != 0 or not can_be_made():
        pytest.skip("needs root's rights, loop devices and e2fsprogs")
    with Shelf(tmp_path) as shelf:
        yield shelf
