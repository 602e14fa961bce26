"""The fleet's server on each kind of database, and units before it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from ota.fleet.claims.authority import Authority, open_authority
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.database.opening import open_database
from ota.fleet.receiver.app import create_receiver
from tests.stand_ins.fleet_unit import BEGIN, Application, FleetUnit
from tests.stand_ins.postgresql import needs_postgresql, postgresql

KINDS = ["sqlite", pytest.param("postgresql", marks=needs_postgresql)]
MakeUnit = Callable[..., FleetUnit]


class ServerClock:
    """The server's clock; stands still until it is set."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fleet.db'}"
    server = request.getfixturevalue("postgresql_server")
    return make_empty(server)


def make_empty(server: str) -> str:
    from sqlalchemy import create_engine

    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS fleet WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE fleet"))
    engine.dispose()
    return make_url(server).set(database="fleet").render_as_string(hide_password=False)


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    opened = open_database(address)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> ServerClock:
    return ServerClock()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return open_authority(tmp_path / "ca", BEGIN)


@pytest.fixture
def server(engine: Engine, authority: Authority, clock: ServerClock) -> Application:
    return Application(create_receiver(engine, authority, clock))


@pytest.fixture
def make_unit(tmp_path: Path, engine: Engine, server: Application, clock: ServerClock) -> MakeUnit:
    """`make_unit("field-7", enters=True)`: a unit; it enters the fleet with a token of its own."""

    def make(name: str, *, enters: bool = True, group: str = "all") -> FleetUnit:
        unit = FleetUnit(tmp_path / "units" / name, name, server.post, group=group)
        if enters:
            unit.claim(make_token(engine, Wanted(name, group, unit.serial), clock()))
        return unit

    return make
