"""What this process reads of a database beside SQLite leaves SQLite's locks alone."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.store.backup import make_backup
from appliance.store.file_format import INDEX, LOG, read_header
from appliance.store.log_owner import begin_session, is_log_foreign
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.conftest import OpenStore

# Another process, which takes itself for the last one when it closes the database.
VISIT = (
    "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); "
    "print(*(row[0] for row in db.execute('SELECT status FROM service_state'))); db.close()"
)


def visit(path: Path) -> str:
    """What another process finds in the table of the services' sentences."""
    words = [sys.executable, "-c", VISIT, str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def count_handles(path: Path) -> int:
    """Of this process, on the file, its log and its index; deleted ones, too."""
    links = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            links.append(os.readlink(handle))
        except FileNotFoundError:
            continue
    return sum(link.startswith(str(path)) for link in links)


def open_another(store: Store) -> None:
    Store(store.path, store.clock).close()


def reopen(store: Store) -> None:
    store.reopen()


def prepare(store: Store) -> None:
    assert prepare_database(store.path) is None


def read(store: Store) -> None:
    assert read_header(store.path) is not None
    assert not is_log_foreign(store.path)


def begin(store: Store) -> None:
    begin_session(store.path)


def back_up(store: Store) -> None:
    make_backup(store, store.path.parent / "copies")


@pytest.mark.parametrize("use", [open_another, reopen, prepare, read, begin, back_up])
def test_no_other_process_takes_the_log_away_from_a_connection(
    open_store: OpenStore, use: Callable[[Store], None]
) -> None:
    store = open_store("power")
    store.publish_status("power", "before")
    use(store)
    log = Path(f"{store.path}{LOG}").stat().st_ino
    assert visit(store.path) == "before"
    assert Path(f"{store.path}{LOG}").stat().st_ino == log
    store.publish_status("power", "after")
    assert visit(store.path) == "after"


def test_handles_are_kept_once_and_only_while_the_file_is_open(open_store: OpenStore) -> None:
    store = open_store("power")
    store.publish_status("power", "works")
    for _ in range(3):
        read(store)
    most = count_handles(store.path)
    for _ in range(20):
        read(store)
        open_another(store)
    assert count_handles(store.path) <= most + 1  # SQLite keeps one for its next connection
    store.close()
    assert count_handles(store.path) == 0
    read(store)
    assert count_handles(store.path) == 0


def test_a_log_that_was_taken_away_is_noticed(open_store: OpenStore) -> None:
    store = open_store("power")
    store.publish_status("power", "lost")
    for side in (LOG, INDEX):
        Path(f"{store.path}{side}").unlink()
    assert store.is_replaced()
    store.reopen()
    assert not store.is_replaced()
    store.publish_status("power", "stored")
    assert visit(store.path) == "stored"
