"""Opens the fleet's database by its address, and brings its tables up to date.

    engine = open_database("sqlite:////srv/fleet/fleet.db")
    engine = open_database("postgresql+pg8000://fleet@db.example.org/fleet")

Reads and writes: the database.
Never: opens one whose tables are newer than this program knows.
"""

import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ota.fleet.database.postgresql import DRIVER
from ota.fleet.errors import FleetError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 15_000
POOL, MORE = 8, 8  # connections: as many as the receiver has threads
MIGRATION_LOCK = 7_463_201  # PostgreSQL: one program at a time changes the tables
KINDS = ("sqlite", "postgresql")


def open_database(address: str) -> Engine:
    """The database, its tables up to date. Raises `FleetError`."""
    url = parse_address(address)
    try:
        engine = make_engine(url)
        upgrade(engine)
    except (SQLAlchemyError, OSError) as error:
        raise make_failure(url, error) from error
    return engine


def make_failure(url: URL, error: Exception) -> FleetError:
    """One sentence for what the database said."""
    return FleetError(
        f"the fleet's database {url.render_as_string()} cannot be used ({find_cause(error)}): "
        "check the address, that its server runs, and the rights on it; one that is locked is free "
        "again soon, and a damaged one is replaced by its backup"
    )


def parse_address(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise FleetError(f"{address!r} is no database address; {EXAMPLES}") from error
    if url.get_backend_name() not in KINDS:
        raise FleetError(f"{url.get_backend_name()} is no kind of database here; {EXAMPLES}")
    return url


EXAMPLES = "give sqlite:////srv/fleet/fleet.db or postgresql+pg8000://USER@HOST/NAME"


def make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=POOL, max_overflow=MORE)
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_immediate)
        return engine
    # A connection that the server has ended is exchanged; its traceback says nothing more.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    ours = url.set(drivername=DRIVER)
    return create_engine(ours, pool_size=POOL, max_overflow=MORE, pool_pre_ping=True)


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside the writer; a report that was acknowledged is on the disk."""
    connection.isolation_level = None  # transactions are ours: begin_immediate
    for pragma in (f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA foreign_keys=ON")


def begin_immediate(connection: Any) -> None:
    """A transaction that writes waits for its turn at its start; one that only reads does not."""
    is_reader = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


def upgrade(engine: Engine) -> None:
    """Take the steps that are missing; one program at a time. Raises `FleetError`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
            )
        present = MigrationContext.configure(connection).get_current_revision()
        if present == known.get_current_head():
            return
        if present is not None and present not in {one.revision for one in known.walk_revisions()}:
            raise FleetError(
                f"the fleet's database is at step {present}, which this program does not know: "
                "it was used by a newer one; install that, or put a backup back"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def find_cause(error: Exception) -> str:
    """The first line of what the database said."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
