"""A fleet of a few files in which releases go out in waves."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ota.release.conftest import Desk
from tests.ota.release.rollouts.fleet_of_units import SimulatedFleet


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """With the releases r1 and r2, published."""
    monkeypatch.setenv("FLEET", str(tmp_path / "fleet"))
    desk = Desk(tmp_path, capsys, datetime.now(UTC).replace(microsecond=0))
    desk.do("init", desk.fleet, "--bins", 4)
    desk.issue("r1", 1)
    desk.issue("r2", 2)
    return desk


@pytest.fixture
def fleet(desk: Desk) -> SimulatedFleet:
    return SimulatedFleet(desk)
