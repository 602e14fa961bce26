"""The real power process acts before and without its database."""

import fcntl
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import Fault, PowerReading
from appliance.settings import Settings
from appliance.store.store import Store
from tests.bench.guard_faults.site import (
    FULL,
    Site,
    read_orders,
    run_power,
    serve_charger,
    write_settings,
)
from tests.bench.reaction import WeakPlant
from tests.waiting import wait_until


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.fill()
    site.write_systemctl()
    return site


@pytest.mark.processes
def test_orders_are_given_while_somebody_holds_the_lock_of_the_database_and_rows_come_later(
    site: Site,
) -> None:
    plant = WeakPlant(Settings(), datetime(2026, 4, 15, tzinfo=UTC))
    plant.values = FULL
    with closing(Store(site.database, SystemClock())) as store:
        before = len(store.rows(PowerReading))
        with serve_charger(plant) as port, run_power(site, write_settings(site, port)):
            with Path(f"{site.database}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                wait_until(lambda: bool(read_orders(site)), "the first orders")
                assert len(store.rows(PowerReading)) == before
            wait_until(lambda: len(store.rows(PowerReading)) > before, "the first rows")
        assert {fault.source for fault in store.rows(Fault)} <= {"power"}


@pytest.mark.processes
def test_a_pipe_in_place_of_the_database_and_of_the_boot_record_holds_up_no_order(
    site: Site,
) -> None:
    plant = WeakPlant(Settings(), datetime(2026, 4, 15, tzinfo=UTC))
    plant.values = FULL
    for path in (site.database, site.data / "boots.json"):
        path.unlink()
        os.mkfifo(path)
    with serve_charger(plant) as port, run_power(site, write_settings(site, port)):
        wait_until(lambda: bool(read_orders(site)), "the first orders")


@pytest.mark.processes
def test_with_a_settings_file_that_was_broken_meanwhile_the_guard_still_gives_its_orders(
    site: Site,
) -> None:
    plant = WeakPlant(Settings(), datetime(2026, 4, 15, tzinfo=UTC))
    plant.values = FULL
    with serve_charger(plant) as port:
        settings = write_settings(site, port)
        kept = site.data / "power.settings.toml"
        with run_power(site, settings):
            wait_until(lambda: bool(read_orders(site)) and kept.exists(), "the first orders")
        before = len(read_orders(site))
        settings.write_text(settings.read_text() + "[energy\n")
        with run_power(site, settings):
            wait_until(lambda: len(read_orders(site)) > before, "orders of the second start")
            with closing(Store(site.database, SystemClock())) as store:
                wait_until(
                    lambda: any(one.code == "settings" for one in store.list_open_faults()),
                    "the fault",
                )
