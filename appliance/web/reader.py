"""The page's reader of the unit database: one connection, used by one request at a time.

Reads: unit.db. Writes: nothing.
Never: keeps a connection to a file that was set aside or deleted, and never creates one: a missing
database is a `StoreError`, until a service has created it.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.store.store import Store

T = TypeVar("T")


class StoreReader:
    """Opens the store when it is first asked and again whenever the file was replaced."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._turn = threading.Lock()
        self._store: Store | None = None

    def ask(self, question: Callable[[Store], T]) -> T:
        """The answer to `question`; raises `StoreError` where the database cannot be read."""
        with self._turn:
            if self._store is not None and self._store.is_replaced():
                self._close()
            if self._store is None:
                self._store = Store(self._path, self._clock)
            try:
                return question(self._store)
            except StoreError:
                self._close()
                raise

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
