"""Orders to cameras by the page's address: there, and locked, as long as the page has no logins."""

import pytest
from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.web.app import create_app
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
