"""How the fleet's page and its JSON are served: for whom, how small, and described by OpenAPI."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import Engine

from ota.fleet.operator.app import API_FILE, STATIC, create_operator_app
from ota.fleet.operator.openapi import EXPLAINED, format_document
from ota.fleet.registry.changes import revoke_unit
from tests.ota.fleet.conftest import ServerClock
from tests.scenes.fleet_rows import HOSTILE, fill, fill_hostile

DOCUMENT = json.loads(API_FILE.read_text())
TAKES_GZIP = {"Accept-Encoding": "gzip"}
EVIL = {"Host": "evil.example"}


@pytest.fixture
def client(engine: Engine, clock: ServerClock) -> FlaskClient:
    """The page of 300 units and of those with hostile names."""
    fill(engine, 300, clock())
    fill_hostile(engine, clock())
    return create_operator_app(engine, clock).test_client()


def test_the_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(
    client: FlaskClient,
) -> None:
    answer = client.get("/")
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", answer.text) == []
    assert re.findall(r'(?:src|href)="(?!/static/|/api/|#)', answer.text) == []
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    for path in re.findall(r'"(/static/[^"]+)"', answer.text):
        part = client.get(path)
        assert (part.status_code, "immutable" in part.headers["Cache-Control"]) == (200, True)


def test_the_outlines_are_packed_once(client: FlaskClient) -> None:
    path = "/static/vendor/world-atlas-2.0.2/countries-50m.json"
    answer = client.get(path, headers=TAKES_GZIP)
    plain = (STATIC / path.removeprefix("/static/")).read_bytes()
    assert gzip.decompress(answer.get_data()) == plain
    again = client.get(path, headers={**TAKES_GZIP, "If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_files_from_others_are_what_their_table_says() -> None:
    vendor = STATIC / "vendor"
    sums = re.findall(r"^([0-9a-f]{64})  (\S+)$", (vendor / "README.md").read_text(), re.MULTILINE)
    present = {str(path.relative_to(vendor)) for path in vendor.glob("*/**/*") if path.is_file()}
    assert {name for _, name in sums} == present
    for digest, name in sums:
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("path", ["/", "/api/v1/units", "/api/openapi.json", "/static/fleet.js"])
def test_a_stranger_s_name_that_leads_here_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers=EVIL)
    assert answer.status_code == 421
    assert "does not answer for 'evil.example'" in answer.get_json()["reason"]


def test_a_name_that_a_proxy_hands_on_is_answered(engine: Engine, clock: ServerClock) -> None:
    client = create_operator_app(engine, clock, ["fleet.example.org"]).test_client()
    assert client.get("/", headers={"Host": "fleet.example.org"}).status_code == 200
    assert client.get("/", headers={"Host": "127.0.0.1:8090"}).status_code == 200


def test_what_has_not_changed_is_not_sent_again(
    client: FlaskClient, engine: Engine, clock: ServerClock
) -> None:
    first = client.get("/api/v1/places?state=fine", headers=TAKES_GZIP)
    assert (first.headers["Content-Encoding"], first.headers["Cache-Control"]) == (
        "gzip",
        "no-store",
    )
    places = json.loads(gzip.decompress(first.get_data()))["places"]
    assert {state for *_, state in places} == {"fine"}
    tag = {"If-None-Match": first.headers["ETag"]}
    again = client.get("/api/v1/places?state=fine", headers={**TAKES_GZIP, **tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    revoke_unit(engine, places[0][0], "sold", clock())
    assert client.get("/api/v1/places?state=fine", headers=tag).status_code == 200


def test_places_take_what_narrows_and_no_pages(client: FlaskClient) -> None:
    everything = client.get("/api/v1/places").get_json()["places"]
    hills = client.get("/api/v1/places?group=hills").get_json()["places"]
    assert 0 < len(hills) < len(everything)
    answer = client.get("/api/v1/places?limit=5")
    assert (answer.status_code, "limit" in answer.get_json()["reason"]) == (400, True)


def test_a_name_with_a_nul_is_the_name_of_nobody(client: FlaskClient) -> None:
    assert client.get("/api/v1/units/field%00").status_code == 404


@pytest.mark.parametrize("name", HOSTILE)
def test_a_unit_of_any_name_has_an_address(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/v1/units/{quote(name, safe='')}")
    assert (answer.status_code, answer.get_json()["name"]) == (200, name)


def test_faults_of_units_that_were_taken_out_are_not_counted(
    client: FlaskClient, engine: Engine, clock: ServerClock
) -> None:
    before = client.get("/api/v1/fleet").get_json()["faults"]
    revoke_unit(engine, HOSTILE[1], "sold", clock())
    after = client.get("/api/v1/fleet").get_json()["faults"]
    assert before.keys() - after.keys() == {HOSTILE[1]}


def test_the_most_frequent_is_counted_first(client: FlaskClient) -> None:
    releases = client.get("/api/v1/fleet").get_json()["releases"]
    assert list(releases.values()) == sorted(releases.values(), reverse=True)


def test_the_description_is_current() -> None:
    assert API_FILE.read_text() == format_document(), "run: make docs"


def test_each_route_is_described_and_each_description_has_a_route(client: FlaskClient) -> None:
    routes = {rule.endpoint for rule in client.application.url_map.iter_rules()}
    assert set(EXPLAINED.operations) == routes - {"page", "send"}


def list_addresses() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        yield path.replace("{name}", quote(HOSTILE[0], safe="")), item["get"]["responses"]


def validate(value: Any, response: dict[str, Any]) -> None:
    schema = response["content"]["application/json"]["schema"]
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def test_each_address_answers_what_is_described(client: FlaskClient) -> None:
    for address, responses in list_addresses():
        for query in ("", "?limit=0", "?state=lost"):
            answer = client.get(address + query)
            assert str(answer.status_code) in responses, address + query
            validate(answer.json, responses[str(answer.status_code)])
        assert client.get(address).status_code == 200, address
        validate(client.get(address, headers=EVIL).json, responses["421"])


def test_a_database_that_is_away_is_described_too(
    client: FlaskClient, engine: Engine, address: str, tmp_path: Path
) -> None:
    if not address.startswith("sqlite"):
        pytest.skip("the server of the other tests stays")
    engine.dispose()
    (tmp_path / "fleet.db").write_bytes(b"damaged" * 1000)
    for path, responses in list_addresses():
        if "openapi" not in path:
            answer = client.get(path)
            assert answer.status_code == 503
            validate(answer.json, responses["503"])


def test_every_object_is_closed_but_copies_of_what_is_signed() -> None:
    def find_open(schema: Any, name: str) -> Iterator[str]:
        if isinstance(schema, dict):
            if "object" in schema.get("type", "") and "additionalProperties" not in schema:
                yield name
            for key, one in schema.items():
                yield from find_open(one, key)

    found = sorted(find_open(DOCUMENT["components"]["schemas"], ""))
    assert found == ["counts", "definition", "document", "report"]
