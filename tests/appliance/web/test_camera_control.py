"""Orders to cameras by the page's address: there, and locked, as long as the page has no logins."""

import pytest
from flask.testing import FlaskClient

from appliance.model_cameras import CameraCoverage, Watching
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def client(settings: Settings, clock: FakeClock) -> FlaskClient:
    return create_app(settings, clock).test_client()


@pytest.mark.parametrize(("camera", "words"), [("demo", "pause demo"), ("all", "pause --all")])
def test_an_order_is_refused_with_the_command_that_takes_it(
    client: FlaskClient, camera: str, words: str
) -> None:
    refused = client.post(f"/api/cameras/{camera}/pause")
    assert refused.status_code == 403
    assert refused.json is not None
    assert f"`unitctl cameras {words}`" in refused.json["reason"]


def test_only_cameras_of_the_unit_are_known(client: FlaskClient) -> None:
    assert client.post("/api/cameras/nobody/off").status_code == 404
    assert client.get("/api/cameras/demo/pause").status_code == 405


def test_when_nothing_was_watched_is_told_by_day(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    store, now = open_store("camera"), clock.stamp()
    store.add(CameraCoverage(now, "demo", Watching.DEAD, 1800.0, "no route to host"))
    answer = client.get("/api/cameras/coverage?days=2").json
    assert answer is not None
    today, before = answer["days"]
    assert today["hours"]["dead"] == 0.5
    assert today["gaps"][-1]["reason"] == "no route to host"
    assert before["hours"] == {"not known": 24.0}
    assert client.get("/api/cameras/coverage?days=0").status_code == 400
