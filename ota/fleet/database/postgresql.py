"""SQLAlchemy's dialect for pg8000, which also knows a connection that was reset.

pg8000 (1.31) turns a connection that the server closed into an `InterfaceError`, but lets
`ConnectionResetError` of the first read through as it is. SQLAlchemy then does not know that the
connection is dead, and hands it out again.

Reads and writes: nothing.
Never: hides a failure; each is raised again, as the kind that SQLAlchemy knows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

DRIVER = "postgresql+pg8000_reset"
LOST = "network error"  # pg8000's own words, by which SQLAlchemy knows a lost connection


class ResetAwareDialect(PGDialect_pg8000):
    """Each call that reads from the server, with a reset told as a lost connection."""

    supports_statement_cache = True

    @contextmanager
    def _tells_lost(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            assert self.dbapi is not None
            raise self.dbapi.InterfaceError(LOST) from error

    def do_ping(self, dbapi_connection: Any) -> bool:
        with self._tells_lost():
            return super().do_ping(dbapi_connection)

    def do_commit(self, dbapi_connection: Any) -> None:
        with self._tells_lost():
            dbapi_connection.commit()

    def do_rollback(self, dbapi_connection: Any) -> None:
        with self._tells_lost():
            dbapi_connection.rollback()

    def do_execute(self, cursor: Any, *given: Any, **more: Any) -> None:
        with self._tells_lost():
            super().do_execute(cursor, *given, **more)  # type: ignore[no-untyped-call]

    def do_executemany(self, cursor: Any, *given: Any, **more: Any) -> None:
        with self._tells_lost():
            super().do_executemany(cursor, *given, **more)  # type: ignore[no-untyped-call]


registry.register(
    DRIVER.replace("+", "."), "ota.fleet.database.postgresql", ResetAwareDialect.__name__
)
