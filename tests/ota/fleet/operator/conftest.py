"""A large fleet, its page as a real process, and a real browser before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from ota.fleet.database.opening import open_database
from tests.appliance.web.conftest import browser, running
from tests.scenes.fleet_rows import fill, fill_hostile
from tests.stand_ins.fleet_page import fleet_page

__all__ = ["browser", "running"]  # fixtures
COUNT = 10_000


@dataclass(frozen=True, slots=True)
class LargeFleet:
    """`address`: of its page."""

    engine: Engine
    address: str


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LargeFleet]:
    """10,000 units, and some with hostile names."""
    database = f"sqlite:///{tmp_path_factory.mktemp('fleet') / 'fleet.db'}"
    engine = open_database(database)
    fill(engine, COUNT, datetime.now(UTC))
    fill_hostile(engine, datetime.now(UTC))
    with fleet_page(database) as address:
        yield LargeFleet(engine, address)
    engine.dispose()
