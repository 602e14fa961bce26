"""The unit that `unitctl` is typed at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance.commands.typed_unit import Unit
from tests.scenes import eight_cameras


@pytest.fixture
def unit(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    prepared_database: Path,
) -> Iterator[Unit]:
    monkeypatch.chdir(tmp_path)
    made = Unit(tmp_path, capsys, prepared_database)
    yield made
    made.close()


@pytest.fixture
def unit_of_eight(unit: Unit) -> Unit:
    """With the eight cameras of tests/scenes/eight_cameras.py."""
    unit.settings.write_text(
        unit.settings.read_text().split("[camera.demo]")[0] + eight_cameras.format_sections()
    )
    return unit
