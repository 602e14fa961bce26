"""The description of the API: current, whole, and what each address really answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from appliance.settings import Settings
from appliance.web.app import API_FILE, create_app
from appliance.web.openapi import OPERATIONS, build_paths, format_document
from tests.appliance.web.test_web import client
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture

DOCUMENT = json.loads(API_FILE.read_text())
WITHOUT_DATA = (
    "openapi.json",
    "/person",
    "/settings/history",
    "/{proposal}",
    "/timelapse",
    "/commissioning",
    "/about",
    "/licences",
)
PLACES = {"{span}": "days", "{event_id}": "20260415T020000Z-demo-1"}


def test_the_file_is_current() -> None:
    assert API_FILE.read_text() == format_document(), "run: make docs"


def test_each_route_of_the_api_is_in_it_and_each_that_is_in_it_is_a_route(
    settings: Settings, clock: FakeClock
) -> None:
    app = create_app(settings, clock)
    routes = {
        (app_rule.rule.split("<")[0], method.lower())
        for app_rule in app.url_map.iter_rules()
        for method in (app_rule.methods or set()) - {"HEAD", "OPTIONS"}
        if app_rule.rule.startswith("/api")
    }
    described = {
        (path.split("{")[0], method) for path, item in DOCUMENT["paths"].items() for method in item
    }
    assert described == routes


def test_a_route_that_is_not_explained_is_an_error(settings: Settings, clock: FakeClock) -> None:
    app = create_app(settings, clock)
    app.add_url_rule("/api/new", "new", lambda: "")
    with pytest.raises(LookupError, match="new"):
        build_paths(app)


def list_addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        if "get" in item:
            for place, value in PLACES.items():
                path = path.replace(place, value)  # noqa: PLW2901
            yield path, item["get"]["responses"]


def validate(value: Any, response: dict[str, Any]) -> None:
    schema = response["content"]["application/json"]["schema"]
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_each_address_answers_what_is_described(
    client: FlaskClient, settings: Settings, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    data_dir = settings.unit.data_dir
    settings.path.write_text(f'[unit]\nname = "test"\ndata_dir = "{data_dir}"\n')  # for commands
    for address, responses in list_addresses():
        for query in ("", "?limit=0", "?days=x", "?wait_s=x"):
            answer = client.get(address + query, buffered=True)
            assert str(answer.status_code) in responses, address + query
            if answer.is_json:
                validate(answer.json, responses[str(answer.status_code)])
            else:
                assert answer.mimetype in responses[str(answer.status_code)]["content"]
        assert client.get(address, buffered=True).status_code in (200, 404), address


def test_what_cannot_be_answered_is_described_too(client: FlaskClient) -> None:
    for address, responses in list_addresses():
        answer = client.get(address, headers={"Host": "evil.example"})
        assert answer.status_code == 421
        validate(answer.json, responses["421"])
        if not address.endswith(WITHOUT_DATA):
            absent = client.get(address)
            assert absent.status_code == 503
            validate(absent.json, responses["503"])


def test_a_method_that_is_not_there_is_refused_with_those_that_are(client: FlaskClient) -> None:
    answer = client.delete("/api/status")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (
        405,
        {"GET", "HEAD", "OPTIONS"},
    )


def test_every_object_that_is_described_here_is_closed() -> None:
    open_ones = [
        name
        for name, schema in DOCUMENT["components"]["schemas"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    ]
    assert open_ones == ["document"]
    assert len(OPERATIONS) > 10
