"""Every address that takes orders, found in the application: who may not order is refused."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from appliance.access.acts import list_acts
from appliance.access.roles import Origin, Role
from appliance.access.tokens import add_token
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, log_in, open_access

PLACE = re.compile(r"<(?:any\((?P<first>\w+)[^>]*|[^>]*)>")


@pytest.fixture
def app(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Flask:
    open_store()
    return create_app(settings, clock)


def list_orders(app: Flask) -> Iterator[str]:
    """The addresses, with a word for each place in them."""
    for rule in app.url_map.iter_rules():
        is_order = hasattr(app.view_functions[rule.endpoint], "role")
        if is_order and "POST" in (rule.methods or ()):
            yield PLACE.sub(lambda found: found["first"] or "demo", rule.rule)


def test_the_walk_finds_the_orders(app: Flask) -> None:
    assert len(list(list_orders(app))) >= 10
    assert {"/api/cameras/demo/pause", "/api/events/erase"} <= set(list_orders(app))


def test_a_viewer_a_stranger_and_another_site_order_nothing(app: Flask, settings: Settings) -> None:
    anna, otto = log_in(app, settings), log_in(app, settings, name="otto", role=Role.VIEWER)
    strangers = {Origin.TOUCHSCREEN: 401, Origin.NETWORK: 401, Origin.PLAIN: 403}
    for path in list_orders(app):
        assert otto.post(path, json={}).status_code == 403, path
        for origin, code in strangers.items():
            assert Visitor(app, origin).post_bare(path, json={}).status_code == code, path
        assert anna.post_bare(path, json={}).status_code == 403, path
        for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert anna.post(path, json={}, headers=header).status_code == 403, path
    assert {act.outcome for act in list_acts(open_access(app), 1000)} == {"done", "refused"}
    assert {act.what for act in list_acts(open_access(app), 1000) if act.outcome == "done"} == {
        "logged in"
    }


def test_a_token_of_a_viewer_orders_nothing(app: Flask) -> None:
    token = add_token(open_access(app), "ha", Role.VIEWER)
    script = Visitor(app, Origin.NETWORK, "10.0.0.9")
    for path in list_orders(app):
        answer = script.post_bare(path, json={}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403, path
