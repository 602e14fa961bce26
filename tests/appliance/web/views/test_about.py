"""About the unit: versions, licences from installed metadata, addresses and their QR code."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.views import about
from appliance.web.views.about import choose_address, find_os, find_serial, list_licences
from tests.appliance.web.test_web import client
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture


def test_the_unit_says_who_it_is_and_what_runs(client: FlaskClient) -> None:
    found = client.get("/api/about").json
    assert found is not None
    assert found["name"] == "test"
    assert found["python"].startswith("3.")
    assert found["certificate"] is None
    assert found["addresses"] == ["http://localhost/"]


def test_the_fingerprint_of_the_certificate_is_the_one_that_the_proxy_uses(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    shown = {
        "fingerprint": "AA:BB",
        "names": ["unit.local"],
        "begins": "2026-01-01T00:00:00+00:00",
        "ends": "2027-01-01T00:00:00+00:00",
        "issuer": "CN=unit",
        "is_owners": False,
        "authority_fingerprint": "CC:DD",
    }
    (tmp_path / "shown.json").write_text(json.dumps(shown))
    with_tls = replace(settings, web=replace(settings.web, tls_dir=tmp_path))
    found = create_app(with_tls, clock).test_client().get("/api/about").json
    assert found is not None
    assert found["certificate"]["fingerprint"] == "AA:BB"


def test_each_library_has_its_licence_and_so_has_what_is_bundled() -> None:
    found = {one["name"].lower(): one["licence"] for one in list_licences()}
    assert found["flask"].startswith("BSD")
    assert "MIT" in found["uplot"]
    assert found["neural-energy-appliance"] == "Apache-2.0"
    assert len(found) > 20
    assert all(len(licence) <= about.LONGEST * 4 for licence in found.values())


@pytest.mark.parametrize(
    ("here", "hosts", "page", "chosen"),
    [
        ("http://192.168.1.7:8080/", (), "", "http://192.168.1.7:8080/"),
        ("http://localhost:8080/", ("hill.lan",), "", "https://hill.lan/"),
        ("http://127.0.0.1/", (), "https://unit.example/", "https://unit.example/"),
        ("http://localhost:8080/", (), "", "http://localhost:8080/"),
    ],
)
def test_the_code_leads_another_device_to_the_unit_not_to_itself(
    settings: Settings, here: str, hosts: tuple[str, ...], page: str, chosen: str
) -> None:
    named = replace(
        settings,
        web=replace(settings.web, hosts=hosts),
        alarms=replace(settings.alarms, page=page),
    )
    assert choose_address(named, here) == chosen


def test_the_code_is_a_picture_without_a_style_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/about/address.svg")
    assert answer.mimetype == "image/svg+xml"
    text = answer.get_data(as_text=True)
    assert "<svg" in text
    assert "style" not in text
    assert "<script" not in text


def test_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert find_serial((tmp_path / "none",)) is None
    board = tmp_path / "serial"
    board.write_bytes(b"100000004a2f\0")
    assert find_serial((tmp_path / "none", board)) == "100000004a2f"
    assert find_os(tmp_path / "none") is None
    release = tmp_path / "os-release"
    release.write_text('NAME=Debian\nPRETTY_NAME="Debian GNU/Linux 13"\n')
    assert find_os(release) == "Debian GNU/Linux 13"
