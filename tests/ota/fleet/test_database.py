"""The fleet's database: made, kept up to date, refused where it is newer or not to be had."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import InterfaceError

from ota.fleet.database.opening import open_database
from ota.fleet.database.tables import metadata
from ota.fleet.errors import FleetError
from tests.ota.fleet.conftest import make_empty
from tests.stand_ins.postgresql import needs_postgresql


def test_the_steps_make_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_that_is_there_is_opened_again(engine: Engine, address: str) -> None:
    open_database(address).dispose()


def test_programs_that_start_at_one_moment_make_the_tables_once(address: str) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            open_database(address).dispose()
        except Exception as error:  # noqa: BLE001  (a thread's: shown below)
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []


def test_a_database_of_a_newer_program_is_left_alone(engine: Engine, address: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FleetError, match="step 9999, which this program does not know"):
        open_database(address)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("fleet.db", "is no database address"),
        ("mysql://fleet@localhost/fleet", "mysql is no kind of database here"),
        ("sqlite:////no/such/place/fleet.db", "cannot be used"),
        ("postgresql+pg8000://fleet:secret@127.0.0.1:1/fleet", "cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(
    address: str, said: str
) -> None:
    with pytest.raises(FleetError, match=said) as caught:
        open_database(address)
    assert "secret" not in str(caught.value)


@needs_postgresql
def test_a_server_of_rows_that_was_started_again_is_found_without_a_traceback(
    postgresql_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = make_empty(postgresql_server)
    engine, other = open_database(address), open_database(address)
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'fleet'"
    with other.connect() as connection:
        connection.execute(text(f"{ends} AND pid <> pg_backend_pid()"))
    other.dispose()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unit")).scalar() == 0
    engine.dispose()
    assert not [one for one in caplog.records if one.name.startswith("sqlalchemy")]


class ResettingSocket:
    """A connection that the server's side has reset: the first read says so."""

    def read(self, _size: int) -> bytes:
        raise ConnectionResetError(104, "Connection reset by peer")

    def write(self, _data: bytes) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


@needs_postgresql
def test_a_connection_that_was_reset_before_its_use_is_exchanged(postgresql_server: str) -> None:
    engine = open_database(make_empty(postgresql_server))
    with engine.connect() as connection:
        held = connection.connection.dbapi_connection
    held._sock = ResettingSocket()  # type: ignore[union-attr]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unit")).scalar() == 0
    engine.dispose()


@needs_postgresql
def test_a_connection_that_is_reset_in_a_transaction_fails_it_and_is_not_used_again(
    postgresql_server: str,
) -> None:
    engine = open_database(make_empty(postgresql_server))
    count = text("SELECT count(*) FROM unit")
    with engine.connect() as connection:
        connection.execute(count)
        connection.connection.dbapi_connection._sock = ResettingSocket()  # type: ignore[union-attr]
        with pytest.raises(InterfaceError):
            connection.execute(count)
    with engine.connect() as connection:
        assert connection.execute(count).scalar() == 0
    engine.dispose()


@needs_postgresql
def test_an_address_without_a_driver_is_used_as_well(postgresql_server: str) -> None:
    address = make_empty(postgresql_server).replace("+pg8000", "")
    engine = open_database(address)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unit")).scalar() == 0
    engine.dispose()
