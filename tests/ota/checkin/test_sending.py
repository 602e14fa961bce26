"""The reports of a whole unit: sent by its check-in, refused with a fault, kept for the link."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from appliance import log
from appliance.errors import CameraError
from appliance.sections.network import FleetSettings
from appliance.settings import Settings
from appliance.store.store import Store
from ota.checkin.parts import Parts
from ota.fleet.reports.report import parse_report
from ota.reporting.sent import SentFile
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.webhook_server import WebhookServer


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    with WebhookServer() as opened:
        yield opened


@pytest.fixture
def parts(
    settings: Settings, tmp_path: Path, server: WebhookServer, open_store: OpenStore
) -> Parts:
    address = f"http://127.0.0.1:{server.port}"
    settings = replace(
        settings,
        update=replace(settings.update, dir=tmp_path / "ota"),
        fleet=FleetSettings(server=address, tell_place=True),
    )
    filled.fill(open_store)
    open_store("camera").raise_fault("camera@gate", CameraError("no picture"))
    return Parts(settings, open_store("checkin"), log.SentenceLog("checkin"), Event())


def answer(server: WebhookServer, status: int, **tree: str) -> None:
    server.status, server.body = status, json.dumps(tree).encode()
    server.body_bytes = len(server.body)


def list_faults(store: Store) -> dict[str, str]:
    return {one.code: one.text for one in store.list_open_faults() if one.source == "checkin"}


def test_the_report_of_a_whole_unit_is_one_that_the_fleet_takes(
    parts: Parts, server: WebhookServer
) -> None:
    answer(server, 503)
    parts.report()
    report = parse_report(server.received[0].body)
    assert report.unit == "test"
    assert report.charge_pct is not None
    assert report.sun_week_kwh is not None
    assert (report.latitude_deg, report.longitude_deg) == (45.0, 25.0)
    assert [one.code for one in report.faults] == ["camera"]
    assert report.follows is None


def test_a_refusal_is_a_fault_until_a_report_is_taken(parts: Parts, server: WebhookServer) -> None:
    answer(server, 403, reason_code="unit-unknown", text="enter it with a claim token")
    parts.report()
    assert "enter it with a claim token" in list_faults(parts.store)["report-refused"]
    answer(server, 503)
    parts.report()  # the link fails: it is not known whether the fleet still refuses
    assert "report-refused" in list_faults(parts.store)
    waiting = SentFile(parts.files.files, parts.settings.update.dir).read_waiting()
    assert waiting is not None
    answer(server, 200, sha256=waiting.sha256)
    parts.report()
    sent = SentFile(parts.files.files, parts.settings.update.dir)
    assert sent.read_acknowledged().sha256 == waiting.sha256


def test_a_server_that_does_not_answer_is_no_fault(parts: Parts, server: WebhookServer) -> None:
    answer(server, 500)
    parts.report()
    assert "report-refused" not in list_faults(parts.store)
    assert (parts.settings.update.dir / "report.json").exists()


def test_a_unit_without_a_server_sends_nothing(parts: Parts, server: WebhookServer) -> None:
    parts.settings = replace(parts.settings, fleet=FleetSettings())
    parts.report()
    assert server.received == []
    assert (parts.settings.update.dir / "report.json").exists()
