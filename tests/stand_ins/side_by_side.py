"""Runs one check for many things at once: on real lines, where waiting takes most of the time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def check_side_by_side(check: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Call `check` with each item, each in its own thread.

    Raises an `ExceptionGroup` of all errors, each with its item as a note.
    """
    errors: list[Exception] = []

    def run(item: Item) -> None:
        try:
            check(item)
        except Exception as error:  # noqa: BLE001  (all are raised below)
            error.add_note(repr(item))
            errors.append(error)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(run, items))
    if errors:
        raise ExceptionGroup(f"{len(errors)} of the checks failed", errors)
