"""The page of a new unit: how whoever sets it up comes in."""

import pytest
from flask import Flask

from appliance.access.accounts import set_pin
from appliance.access.acts import list_acts
from appliance.access.passwords import hash_secret
from appliance.access.roles import Origin
from appliance.access.setup_code import make_code
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import PIN, Visitor, open_access

HERE = "10.0.0.7"


@pytest.fixture
def app(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Flask:
    open_store()
    return create_app(settings, clock)


def outside(app: Flask, origin: Origin = Origin.NETWORK) -> Visitor:
    return Visitor(app, origin, HERE)


def can_act(visitor: Visitor) -> bool:
    return bool(visitor.get("/api/person").get_json().get("can_act"))


def test_the_touchscreen_of_a_new_unit_shows_the_code_and_its_picture(app: Flask) -> None:
    code = make_code(open_access(app))
    visitor = Visitor(app)
    assert code in visitor.get("/setup").get_data(as_text=True)
    assert b"<svg" in visitor.get("/setup.svg").data


@pytest.mark.parametrize("origin", [Origin.NETWORK, Origin.PLAIN])
def test_nobody_else_is_shown_it(app: Flask, origin: Origin) -> None:
    code = make_code(open_access(app))
    visitor = outside(app, origin)
    assert code not in visitor.get("/setup").get_data(as_text=True)
    assert visitor.get("/setup.svg").status_code == 404


def test_at_the_touchscreen_of_a_new_unit_one_press_is_enough(app: Flask) -> None:
    make_code(open_access(app))
    visitor = Visitor(app)
    answer = visitor.post_bare("/setup", data={"next": "/settings"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")
    assert can_act(visitor)


def test_from_the_network_the_code_lets_in_and_is_recorded(app: Flask) -> None:
    code = make_code(open_access(app))
    visitor = outside(app)
    assert visitor.post_bare("/setup", data={"code": "WRONG-WRONG"}).status_code == 401
    assert not can_act(visitor)
    assert visitor.post_bare("/setup", data={"code": code}).status_code == 303
    assert can_act(visitor)
    assert "setup" in {one.target for one in list_acts(open_access(app), 10)}


def test_from_the_network_a_press_without_the_code_is_refused(app: Flask) -> None:
    make_code(open_access(app))
    visitor = outside(app)
    assert visitor.post_bare("/setup", data={}).status_code == 401
    assert not can_act(visitor)


def test_once_the_unit_is_set_up_the_touchscreen_lets_nobody_in_by_a_press(app: Flask) -> None:
    code = make_code(open_access(app))
    set_pin(open_access(app), hash_secret(PIN))
    visitor = Visitor(app)
    assert code not in visitor.get("/setup").get_data(as_text=True)
    assert visitor.get("/setup.svg").status_code == 404
    assert visitor.post_bare("/setup", data={}).status_code == 401
    assert visitor.post_bare("/setup", data={"code": code}).status_code == 401
    assert not can_act(visitor)


def test_a_unit_that_never_had_a_code_is_not_new(app: Flask) -> None:
    visitor = Visitor(app)
    assert visitor.post_bare("/setup", data={}).status_code == 401
    assert "is set up" in visitor.get("/setup").get_data(as_text=True)


def test_another_site_presses_nothing(app: Flask) -> None:
    make_code(open_access(app))
    visitor = Visitor(app)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert visitor.post_bare("/setup", data={}, headers=headers).status_code == 403
    assert not can_act(visitor)


def test_the_first_view_of_a_new_unit_leads_to_the_set_up_and_on_to_its_steps(app: Flask) -> None:
    make_code(open_access(app))
    visitor = Visitor(app)
    assert visitor.get("/").headers["Location"] == "/setup"
    assert visitor.post_bare("/setup", data={}).status_code == 303
    assert visitor.get("/setup").headers["Location"] == "/commissioning"
    assert visitor.get("/commissioning").status_code == 200
    set_pin(open_access(app), hash_secret(PIN))
    assert visitor.get("/").status_code == 200
