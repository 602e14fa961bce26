"""Waiting for real processes, from outside and on real time; a time-out names what did not come."""

import time
from collections.abc import Callable
from contextlib import closing

from appliance.errors import StoreError
from appliance.model import EnergyBudget, EnergyLevel
from provisioning.laptop import Laptop


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = 120.0) -> float:
    """Wait until `true()`; returns the seconds it took, raises `TimeoutError`."""
    began_s = time.monotonic()
    while not true():
        if time.monotonic() - began_s > timeout_s:
            raise TimeoutError(f"{what} did not come within {timeout_s:g} s")
        time.sleep(0.01)
    return time.monotonic() - began_s


def wait_for_level(laptop: Laptop, level: EnergyLevel) -> None:
    """Wait until the unit has given itself a budget of `level`."""

    def reached() -> bool:
        budget = read_budget(laptop)
        return budget is not None and budget.level == level

    wait_until(reached, f"the level {level.name}")


def read_budget(laptop: Laptop) -> EnergyBudget | None:
    """The last budget; None where there is none yet, or the database is just being made anew."""
    try:
        with closing(laptop.open_store()) as store:
            return store.last(EnergyBudget)
    except StoreError:
        return None
