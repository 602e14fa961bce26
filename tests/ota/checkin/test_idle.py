"""A check-in with nothing to do, as a process: what it imports, and what makes it work."""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.log import SentenceLog
from appliance.model import EnergyLevel, Sleep
from appliance.model_updates import CheckIn, UpdateStep
from appliance.process.update_ask import leave_ask
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from ota.checkin.idle import REST, find_rest, has_report_of_today
from ota.disk import Disk
from ota.machine.journal import JOURNAL, Journal
from ota.machine.orders import Orders, OrdersFile
from ota.machine.progress import Record
from tests.conftest import ROOT

HEAVY = ("tuf", "securesystemslib", "cryptography", "zstandard", "urllib3", "jeepney")


@pytest.fixture
def unit_toml(tmp_path: Path) -> Path:
    """A unit that asks a mirror that is not there; its first check-in was made."""
    for name in ("mirror", "ota"):
        (tmp_path / name).mkdir()
    file = tmp_path / "unit.toml"
    file.write_text(
        f'[unit]\nname = "u1"\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}/run"\n'
        f'[update]\ndir = "{tmp_path}/ota"\nmirrors = ["file://{tmp_path}/mirror"]\n'
    )
    prepare_database(load_settings(file).database)
    check_in(file)
    return file


def check_in(file: Path, *words: str) -> str:
    command = [sys.executable, *words, "-m", "ota.checkin", "--settings", str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_an_idle_check_in_imports_nothing_heavy(unit_toml: Path) -> None:
    said = check_in(unit_toml, "-X", "importtime")
    assert REST in said
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "ota.checkin.idle" in imported
    assert imported.isdisjoint(HEAVY)


def test_orders_a_sleep_and_a_lost_report_are_work(unit_toml: Path) -> None:
    settings = load_settings(unit_toml)
    store = Store(settings.database, settings.make_clock(), "checkin")

    def look() -> str:
        return find_rest(settings, store, Disk(), log=SentenceLog("t"))

    assert look() == REST
    orders, now = OrdersFile(Disk(), settings.update.dir), store.clock.stamp()
    for order in (Orders(asked_at="2026-11-29T12:00:00Z"), Orders(retry=("r1",))):
        orders.write(order)
        assert look() == ""
    orders.write(Orders())
    report = settings.update.dir / "report.json"
    data = report.read_bytes()
    for damaged in (b"", b"[]", b"\xff", b'{"expected_at": "2020-01-01T00:00:00Z"}'):
        report.write_bytes(damaged)
        assert look() == ""
    report.write_bytes(data)
    back = now.utc + timedelta(hours=9)
    with closing(Store(settings.database, settings.make_clock(), "power")) as guard:
        guard.add(Sleep(now, EnergyLevel.HIBERNATE, back, "clock", back, 30.0, 2.0, "night"))
    assert look() == ""
    store.close()


def test_an_update_under_way_and_a_damaged_pointer_are_work(unit_toml: Path) -> None:
    settings = load_settings(unit_toml)
    directory = settings.update.dir
    with closing(Store(settings.database, settings.make_clock(), "checkin")) as store:
        pointers = directory / "pointers/app"
        pointers.mkdir(parents=True)
        (pointers / "current").symlink_to("../../content/nothing")
        assert find_rest(settings, store, Disk(), log=SentenceLog("t")) == ""
        (pointers / "current").unlink()
        assert find_rest(settings, store, Disk(), log=SentenceLog("t")) == REST
        record = Record(store.clock.stamp(), UpdateStep.GATE, "r1", "ab", "waits")
        Journal(Disk(), directory / JOURNAL).append(record)
        assert find_rest(settings, store, Disk(), log=SentenceLog("t")) == ""


def test_a_unit_that_takes_no_updates_reports_once_a_day_and_asks_for_none(unit_toml: Path) -> None:
    unit_toml.write_text(unit_toml.read_text().partition("mirrors")[0])
    directory = load_settings(unit_toml).update.dir
    for name in ("report.json", "report.json.sig"):
        (directory / name).unlink()
    assert "takes no updates" in check_in(unit_toml)
    report = json.loads((directory / "report.json").read_bytes())
    assert (report["unit"], report["running_release"], report["expected_at"]) == ("u1", "", None)
    assert (directory / "report.json.sig").exists()
    again = check_in(unit_toml, "-X", "importtime")
    imported = {line.rpartition("|")[2].strip() for line in again.splitlines()}
    assert imported.isdisjoint(HEAVY)
    old = {**report, "at": "2020-01-01T00:00:00.000Z"}
    (directory / "report.json").write_text(json.dumps(old))
    check_in(unit_toml)
    assert json.loads((directory / "report.json").read_bytes())["at"] > "2020-01-02"


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}", b'{"at": 5, "expected_at": null}'])
def test_a_damaged_report_is_written_anew(unit_toml: Path, data: bytes) -> None:
    settings = load_settings(unit_toml)
    (settings.update.dir / "report.json").write_bytes(data)
    with closing(Store(settings.database, settings.make_clock(), "checkin")) as store:
        assert not has_report_of_today(Disk(), settings.update.dir, store)


def test_who_asks_at_the_page_has_the_mirrors_asked_before_their_time_once(unit_toml: Path) -> None:
    settings = load_settings(unit_toml)
    with closing(Store(settings.database, settings.make_clock())) as store:
        before = store.rows(CheckIn)
        leave_ask(settings.unit.run_dir, store.clock.stamp().utc)
        assert find_rest(settings, store, Disk(), log=SentenceLog("t")) == ""
        check_in(unit_toml)
        assert len(store.rows(CheckIn)) == len(before) + 1, "it asked"
        assert find_rest(settings, store, Disk(), log=SentenceLog("t")) == REST
