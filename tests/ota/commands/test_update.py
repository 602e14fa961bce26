"""`unitctl update` as it is typed, with a stand-in for PID 1 that runs what is ordered."""

import re
from datetime import timedelta

import pytest

from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from ota.disk import Disk
from ota.machine.journal import Journal
from ota.machine.orders import Orders, OrdersFile
from ota.machine.progress import Record
from tests.appliance.commands.typed_unit import Unit

MIRROR = 'mirrors = ["https://mirror.test/"]'


@pytest.fixture
def unit(unit: Unit) -> Unit:
    write_settings(unit, MIRROR)
    return unit


def write_settings(unit: Unit, update_keys: str, code: int = 0) -> None:
    program = unit.directory / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{unit.directory}/heard"\nexit {code}\n')
    program.chmod(0o755)
    own = f'[host]\nsystemctl = "{program}"\n[update]\ndir = "ota"\n{update_keys}\n'
    unit.settings.write_text(unit.settings.read_text().partition("[host]")[0] + own)


def read_orders(unit: Unit) -> Orders:
    return OrdersFile(Disk(), unit.directory / "ota").read()


def tell(unit: Unit, step: UpdateStep, reason: str, waits_for: str = "") -> None:
    store = unit.open_as("checkin")
    store.add(UpdateState(store.clock.stamp(), step, "2", "1", reason, waits_for))


def test_status_tells_what_runs_and_what_it_waits_for(unit: Unit) -> None:
    tell(unit, UpdateStep.GATE, "the update waits: 31 % charge, needs 40 %", "energy")
    store = unit.open_as("checkin")
    now = store.clock.stamp()
    store.add(CheckIn(now, "https://mirror.test", "waits", now.utc + timedelta(hours=4)))
    code, out, _ = unit.type("update")
    assert code == 0
    for text in ("1", "2 waits to be installed", "31 % charge, needs 40 %", "asks next"):
        assert text in out
    assert unit.type("update", "status")[1] == out


def test_what_needs_a_person_is_the_exit_code(unit: Unit) -> None:
    tell(unit, UpdateStep.IDLE, "release 2 failed here", "operator")
    assert unit.type("update", "status")[0] == 1


def test_history_and_why_list_the_steps_newest_first(unit: Unit) -> None:
    tell(unit, UpdateStep.OFFERED, "release 2 is meant for this unit")
    tell(unit, UpdateStep.PLAN, "looks what is here")
    out = unit.type("update", "history")[1]
    assert out.index("plan:") < out.index("offered:")
    assert len(unit.json("update", "history", "--count", "1")) == 1
    assert "offered:" in unit.type("update", "why")[1]
    assert [row["step"] for row in unit.json("update", "why")] == ["plan", "offered"]


def test_a_unit_that_was_never_updated_says_so(unit: Unit) -> None:
    assert "no update yet" in unit.type("update", "history")[1]
    assert unit.type("update", "why")[0] == 0


def test_a_hold_is_written_with_who_and_until_when_and_ended(unit: Unit) -> None:
    code, out, _ = unit.type("update", "hold", "--for", "2h", "--reason", "harvest")
    assert (code, "harvest" in out) == (0, True)
    orders = read_orders(unit)
    assert orders.hold.endswith(": harvest")
    assert orders.hold_until
    assert orders.hold_row == 0
    unit.type("update", "hold", "--off")
    assert read_orders(unit) == Orders()


def test_check_orders_pid_1_to_check_in(unit: Unit) -> None:
    assert unit.type("update", "check")[0] == 0
    assert read_orders(unit).asked_at
    assert "start appliance-checkin.service" in (unit.directory / "heard").read_text()


def test_check_without_a_mirror_says_what_to_set(unit: Unit) -> None:
    write_settings(unit, "")
    code, _, err = unit.type("update", "check")
    assert (code, "names no mirror" in err) == (2, True)


def test_a_check_in_that_fails_is_told(unit: Unit) -> None:
    write_settings(unit, MIRROR, code=1)
    code, _, err = unit.type("update", "check")
    assert (code, "journalctl -u appliance-checkin" in err) == (1, True)
    assert read_orders(unit).asked_at, "the order stands"


def test_a_stick_is_taken_with_the_technician_who_typed_it(unit: Unit) -> None:
    for name in ("image", "director"):
        (unit.directory / "stick" / name / "metadata").mkdir(parents=True)
    assert unit.type("update", "from-usb", "stick")[0] == 0
    orders = read_orders(unit)
    assert orders.stick == str(unit.directory / "stick")
    assert orders.technician
    assert orders.has_technician(unit.open_as("checkin").clock.stamp().utc)


def test_a_directory_without_releases_is_no_stick(unit: Unit) -> None:
    code, _, err = unit.type("update", "from-usb", str(unit.directory))
    assert (code, "image/metadata is missing" in err) == (2, True)


def test_a_stick_that_is_not_mounted_or_named_one_too_high_is_told(unit: Unit) -> None:
    place = unit.directory / "media"
    assert "mount the stick there" in unit.type("update", "from-usb", str(place))[2]
    place.mkdir()
    assert "it is empty: mount the stick there" in unit.type("update", "from-usb", str(place))[2]
    for name in ("image", "director"):
        (place / "updates" / name / "metadata").mkdir(parents=True)
    text = unit.type("update", "from-usb", str(place))[2]
    assert f"the releases are in {place}/updates: name that" in text


def test_status_tells_what_is_ordered_already(unit: Unit) -> None:
    assert "held" not in unit.type("update", "status")[1]
    out = unit.type("update", "hold", "--for", "2h", "--reason", "harvest")[1]
    assert not re.search(r"[0-9]T[0-9]", out), "a time of the site"
    assert "harvest, until" in unit.type("update", "status")[1]
    for name in ("image", "director"):
        (unit.directory / "stick" / name / "metadata").mkdir(parents=True)
    unit.type("update", "from-usb", "stick")
    assert f"{unit.directory}/stick, " in unit.type("update", "status")[1]


def test_retry_takes_only_what_has_failed(unit: Unit) -> None:
    code, _, err = unit.type("update", "retry", "2")
    assert (code, "has not failed here (failed: none)" in err) == (2, True)
    stamp = unit.open_as("checkin").clock.stamp()
    (unit.directory / "ota").mkdir(exist_ok=True)
    record = Record(stamp, UpdateStep.REPORT, "2", "ab" * 32, "it failed", {"failed": 2})
    Journal(Disk(), unit.directory / "ota/journal.jsonl").append(record)
    assert unit.type("update", "retry", "2")[0] == 0
    assert read_orders(unit).retry == ("2",)
    assert "failed: 2" in unit.type("update", "retry", "3")[2]
