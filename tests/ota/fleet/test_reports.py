"""Reports of units: stored, or refused with their own reason; on SQLite and on PostgreSQL."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select, update

from ota.errors import LinkError, RefusedError
from ota.fleet.database.tables import report as report_table
from ota.fleet.database.tables import unit as unit_table
from ota.fleet.registry.changes import accept_unit, revoke_unit
from ota.fleet.registry.questions import list_refusals, read_unit, reading
from tests.ota.fleet.conftest import MakeUnit, ServerClock
from tests.stand_ins.fleet_unit import Application, FleetUnit, copy_unit

FAULT = {"code": "camera", "source": "camera@gate", "text": "no", "since": "2026-04-15T07:00:00Z"}


def read(engine: Engine, name: str, clock: ServerClock) -> dict[str, Any]:
    with reading(engine) as connection:
        found = read_unit(connection, name, clock())
    assert found is not None
    return found


def post(server: Application, data: bytes, signature: str) -> tuple[int, dict[str, Any]]:
    status, body = server.post("api/v1/reports", data, {"Report-Signature": signature})
    return status, json.loads(body)


def refuse(unit: FleetUnit, /, **changes: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        unit.report(**changes)
    return caught.value.reason_code


def test_a_report_is_stored_with_all_that_it_tells(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7", group="hills")
    unit.report(
        faults=[FAULT],
        place={"latitude_deg": 45.67, "longitude_deg": 25.1},
        failed_releases=["2026.10"],
        expected_at="2026-04-16T06:00:00Z",
        waits_for="energy",
        reason="the update waits: 31 % charge, needs 40 %",
        state="gate",
    )
    found = read(engine, "field-7", clock)
    assert found["state"] == "fault"
    assert found["group"] == "hills"
    assert found["received_at"] == "2026-04-15T08:00:00Z"
    assert found["expected_at"] == "2026-04-16T06:00:00Z"
    assert found["failed_releases"] == ["2026.10"]
    assert found["charge_pct"] == 71.0
    assert found["faults"] == [FAULT]
    assert found["reason"].startswith("the update waits")
    assert found["report"]["place"] == {"latitude_deg": 45.67, "longitude_deg": 25.1}


def test_reports_follow_each_other_and_faults_are_those_of_the_newest(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    unit.report(faults=[FAULT])
    for release in ("2026.11", "2026.12"):
        unit.report(running_release=release)
    found = read(engine, "field-7", clock)
    assert (found["running_release"], found["faults"]) == ("2026.12", [])


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_doubted(
    engine: Engine, make_unit: MakeUnit, server: Application, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    unit.report()
    server.loses_answers = True
    with pytest.raises(LinkError):
        unit.report(running_release="2026.12")
    with pytest.raises(LinkError):
        unit.report(running_release="2026.12")
    server.loses_answers = False
    unit.report(running_release="2026.13")
    found = read(engine, "field-7", clock)
    assert (found["running_release"], found["doubt"]) == ("2026.13", "")


@pytest.mark.parametrize("days", [30, 90])
def test_a_server_that_was_dead_for_weeks_gets_the_first_and_the_newest_report(
    engine: Engine, make_unit: MakeUnit, server: Application, clock: ServerClock, days: int
) -> None:
    unit = make_unit("field-7")
    unit.report()
    server.is_down = True
    for _ in range(days):
        unit.now += timedelta(days=1)
        with pytest.raises(LinkError):
            unit.report()
    server.is_down = False
    clock.advance(days=days)
    assert read(engine, "field-7", clock)["state"] == "silent"
    unit.report(running_release="2026.12")
    found = read(engine, "field-7", clock)
    assert (found["state"], found["running_release"]) == ("fine", "2026.12")


def test_a_forged_report_is_refused(make_unit: MakeUnit, server: Application) -> None:
    unit = make_unit("field-7")
    report = unit.sign()
    forged = report.data.replace(b"2026.11", b"2026.99")
    assert post(server, forged, report.signature)[1]["reason_code"] == "signature-wrong"
    assert post(server, report.data, "")[1]["reason_code"] == "signature-wrong"
    assert post(server, report.data, "%%%")[1]["reason_code"] == "signature-wrong"


def test_a_report_signed_by_another_unit_of_the_fleet_is_refused(
    engine: Engine, make_unit: MakeUnit, server: Application, clock: ServerClock
) -> None:
    victim, thief = make_unit("field-7"), make_unit("field-8")
    assert refuse(thief, unit="field-7") == "other-unit"
    with_key = json.loads(victim.sign().data)["key"]
    assert refuse(thief, unit="field-7", key=with_key) == "signature-wrong"
    assert read(engine, "field-7", clock)["state"] == "never"


def test_a_unit_that_never_entered_is_refused(make_unit: MakeUnit) -> None:
    assert refuse(make_unit("field-7", enters=False)) == "unit-unknown"


def test_a_unit_with_a_new_key_of_its_own_is_told_so(
    make_unit: MakeUnit, tmp_path: Path, server: Application
) -> None:
    make_unit("field-7")
    assert refuse(FleetUnit(tmp_path / "other", "field-7", server.post)) == "key-unknown"


def test_a_unit_that_was_taken_out_is_refused_with_the_reason(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    unit.report()
    revoke_unit(engine, "field-7", "stolen on 14 April", clock())
    with pytest.raises(RefusedError, match="stolen on 14 April") as caught:
        unit.report()
    assert caught.value.reason_code == "unit-revoked"
    assert read(engine, "field-7", clock)["state"] == "revoked"


def test_a_report_that_is_sent_again_later_is_refused_as_a_replay(
    engine: Engine, make_unit: MakeUnit, server: Application, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    old = unit.report()
    unit.report(running_release="2026.12")
    assert post(server, old.data, old.signature)[1]["reason_code"] == "replayed"
    assert read(engine, "field-7", clock)["running_release"] == "2026.12"
    assert read(engine, "field-7", clock)["doubt"] == ""


def test_a_replay_of_a_report_whose_hash_was_forgotten_is_still_a_replay(
    engine: Engine, make_unit: MakeUnit, server: Application, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    old = unit.report()
    for _ in range(60):
        unit.report()
    assert post(server, old.data, old.signature)[1]["reason_code"] == "replayed"
    assert read(engine, "field-7", clock)["doubt"] == ""


def test_two_boxes_with_one_identity_are_told(
    engine: Engine, make_unit: MakeUnit, server: Application, tmp_path: Path, clock: ServerClock
) -> None:
    first = make_unit("field-7")
    first.report()
    second = copy_unit(first, tmp_path / "clone", server.post)
    first.report()
    second.now += timedelta(minutes=7)
    assert refuse(second) == "cloned"
    found = read(engine, "field-7", clock)
    assert found["state"] == "doubted"
    assert "two boxes have this identity" in found["doubt"]
    first.report()  # the first one goes on
    assert read(engine, "field-7", clock)["state"] == "doubted"


def test_a_unit_that_was_put_back_from_a_backup_goes_on_once_it_is_accepted(
    engine: Engine, make_unit: MakeUnit, server: Application, tmp_path: Path, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    unit.report()
    restored = copy_unit(unit, tmp_path / "restored", server.post)
    unit.report()
    restored.now = unit.now
    assert refuse(restored) == "cloned"
    accept_unit(engine, "field-7")
    restored.report(running_release="2026.12")
    restored.report()
    assert read(engine, "field-7", clock)["state"] == "fine"


def test_the_client_certificate_of_another_box_is_refused(
    make_unit: MakeUnit, server: Application
) -> None:
    unit = make_unit("field-7")
    server.headers["X-Client-Serial"] = unit.serial
    unit.report()
    server.headers["X-Client-Serial"] = "box-field-8"
    assert refuse(unit) == "wrong-certificate"


def test_a_report_of_a_newer_unit_with_more_fields_is_taken(make_unit: MakeUnit) -> None:
    make_unit("field-7").report(future={"deep": [1, {"a": 2}]})


def test_a_huge_report_is_refused_before_it_is_read(server: Application) -> None:
    status, answer = post(server, b" " * (256 * 1024 + 1), "")
    assert (status, answer["reason_code"]) == (413, "request-invalid")


def test_refusals_are_counted_one_row_for_each_reason(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-9", enters=False)
    for _ in range(3):
        refuse(unit)
        clock.advance(hours=1)
    with reading(engine) as connection:
        (found,) = list_refusals(connection)
    assert (found["unit_name"], found["reason_code"], found["count"]) == (
        "field-9",
        "unit-unknown",
        3,
    )
    assert (found["first_at"], found["last_at"]) == ("2026-04-15T08:00:00Z", "2026-04-15T10:00:00Z")


def test_strangers_cannot_fill_the_disk_with_refusals(
    engine: Engine, server: Application, monkeypatch: pytest.MonkeyPatch, clock: ServerClock
) -> None:
    monkeypatch.setattr("ota.fleet.receiver.refused.MOST_ROWS", 10)
    for number in range(40):
        clock.advance(seconds=1)
        post(server, json.dumps({"unit": f"stranger-{number}"}).encode(), "")
    with reading(engine) as connection:
        found = list_refusals(connection)
    assert [one["unit_name"] for one in found][:2] == ["stranger-39", "stranger-38"]
    assert len(found) == 10


def test_a_unit_with_a_wrong_clock_is_expected_by_ours(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    night = {"at": "1970-01-01T20:00:00Z", "expected_at": "1970-01-02T06:00:00Z"}
    unit.report(**night, clock_confirmed=False)
    assert read(engine, "field-7", clock)["expected_at"] == "2026-04-15T18:00:00Z"


def test_nobody_sleeps_for_years(engine: Engine, make_unit: MakeUnit, clock: ServerClock) -> None:
    make_unit("field-7").report(expected_at="9998-01-01T00:00:00Z")
    clock.advance(days=201)
    assert read(engine, "field-7", clock)["state"] == "silent"


def test_a_fleet_whose_database_was_put_back_believes_its_units(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7")
    unit.report()
    with engine.connect() as connection:
        backup = connection.execute(select(unit_table)).mappings().one()
    unit.report()
    unit.report()
    with engine.begin() as connection:
        connection.execute(update(unit_table).values(**backup))
        newest = select(func.min(report_table.c.id)).scalar_subquery()
        connection.execute(delete(report_table).where(report_table.c.id > newest))
    unit.report(running_release="2026.12")
    unit.report(running_release="2026.13")
    found = read(engine, "field-7", clock)
    assert (found["doubt"], found["running_release"]) == ("", "2026.13")


def test_a_clone_whose_reports_were_long_forgotten_is_told(
    engine: Engine, make_unit: MakeUnit, server: Application, tmp_path: Path, clock: ServerClock
) -> None:
    first = make_unit("field-7")
    first.report()
    second = copy_unit(first, tmp_path / "clone", server.post)
    for _ in range(60):
        first.report()
    second.now = first.now
    assert refuse(second) == "cloned"
    assert read(engine, "field-7", clock)["state"] == "doubted"
