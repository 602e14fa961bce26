"""Events as a ZIP: what is in it, how much, and that no name of an event does harm."""

import csv
import io
import json
import zipfile
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.web import event_export
from appliance.web.app import create_app
from tests.appliance.web.test_event_erasing import DAY, Unit
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Unit:
    return Unit(settings, clock, open_store("inference"))


@pytest.fixture
def client(unit: Unit) -> FlaskClient:
    return unit.app.test_client()


def unpack(client: FlaskClient, asked: str) -> dict[str, bytes]:
    answer = client.get(f"/api/event-export{asked}")
    assert answer.status_code == 200, answer.data
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_what_a_filter_finds_is_exported_with_pictures_and_clips(
    unit: Unit, client: FlaskClient
) -> None:
    gate = [unit.add(number) for number in range(3)]
    unit.add(3, "yard")
    found = unpack(client, "?camera=gate")
    names = {f"{DAY}/{one}{kind}" for one in gate for kind in (".jpg", ".mp4")}
    assert found.keys() == {"events.json", "events.csv", *names}
    assert found[f"{DAY}/{gate[0]}.jpg"] == b"a face"
    assert [one["event_id"] for one in json.loads(found["events.json"])] == gate[::-1]
    rows = list(csv.DictReader(io.StringIO(found["events.csv"].decode())))
    assert [row["event_id"] for row in rows] == gate[::-1]
    assert rows[0]["energy_j"] == str(json.loads(found["events.json"])[0]["energy_j"])


def test_chosen_events_are_exported_each_once(unit: Unit, client: FlaskClient) -> None:
    first, _ = unit.add(1), unit.add(2)
    found = unpack(client, f"?id={first}&id={first}&id=gone&lang=en")
    assert [one["event_id"] for one in json.loads(found["events.json"])] == [first]
    assert len(found) == 4


def test_a_hostile_event_brings_no_file_of_elsewhere_no_formula_and_no_strange_name(
    unit: Unit, client: FlaskClient
) -> None:
    (unit.settings.unit.data_dir / "unit.toml").write_text("secret")
    event_id = unit.add(1)
    path = unit.settings.snapshots_dir / DAY / f"{event_id}.jpg"
    path.unlink()
    path.symlink_to(unit.settings.unit.data_dir / "unit.toml")
    elsewhere = unit.settings.unit.data_dir / "elsewhere" / DAY / path.name  # a name as ours
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("secret")
    outside = f"elsewhere/{DAY}/{path.name}"
    for number, name in enumerate(
        (outside, "../../unit.toml", "snapshots/../unit.toml", "/etc/passwd")
    ):
        event = filled.event(unit.clock.stamp(), f"../{number}")
        unit.store.add(replace(event, snapshot=name, label='=HYPERLINK("http://evil")', zone="-1"))
    found = unpack(client, "")
    assert found.keys() == {"events.json", "events.csv", f"{DAY}/{event_id}.mp4"}
    assert b"secret" not in b"".join(found.values())
    rows = list(csv.DictReader(io.StringIO(found["events.csv"].decode())))
    assert rows[0]["label"] == '\'=HYPERLINK("http://evil")'
    assert rows[0]["zone"] == "'-1"


def test_an_export_is_bounded_and_says_what_it_lacks(
    unit: Unit, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [unit.add(number) for number in range(4)]
    monkeypatch.setattr(event_export, "MOST_EVENTS", 3)
    monkeypatch.setattr(event_export, "MOST_FILES_BYTES", 30)
    found = unpack(client, "")
    assert len(json.loads(found["events.json"])) == 3
    assert sum(name.startswith(DAY) for name in found) == 5
    assert f"{ids[1]}.mp4" in found["left-out.txt"].decode()
    assert "events that are older" in found["left-out.txt"].decode()


def test_one_export_at_a_time_and_the_next_one_after_it(unit: Unit, client: FlaskClient) -> None:
    unit.add(1)
    first = client.get("/api/event-export", buffered=False)
    busy = client.get("/api/event-export")
    assert busy.status_code == 503
    assert "another export" in busy.get_json()["reason"]
    first.close()
    assert client.get("/api/event-export").status_code == 200


def test_nothing_to_export_and_questions_without_sense_are_told(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store()
    client = create_app(settings, clock).test_client()
    for asked in ("", "?id=gone", "?id=e&camera=gate", f"?{'id=e&' * 201}", "?camra=x"):
        answer = client.get(f"/api/event-export{asked}")
        assert answer.status_code == 400, asked
        assert answer.get_json()["reason"]


def test_a_clip_is_sent_whole_or_in_parts(unit: Unit, client: FlaskClient) -> None:
    event_id = unit.add(1)
    path = f"/clips/{DAY}/{event_id}.mp4"
    whole = client.get(path)
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "video/mp4", b"a face")
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(path, headers={"Range": "bytes=2-3"})
    assert (part.status_code, part.data) == (206, b"fa")
    assert part.headers["Content-Range"] == "bytes 2-3/6"
    assert client.get(path, headers={"Range": "bytes=9-"}).status_code == 416
    for name in (f"{DAY}/{event_id}.jpg", "../unit.db", f"{DAY}/none.mp4"):
        assert client.get(f"/clips/{name}").status_code == 404
