"""What is answered in place of what was asked for: pages and JSON of ours, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.errors import StoreError
from appliance.settings import Settings
from appliance.web import without_settings
from appliance.web.app import create_app
from appliance.wording.sentence import say
from tests.stand_ins.fakes import FakeClock

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
PICTURE = "image/avif,image/webp,*/*;q=0.8"
WERKZEUG = ("The requested URL", "Not Found", "Method Not Allowed", "Internal Server Error")
NOTHING = {
    "en": "there is nothing at this address",
    "ro": "la această adresă nu este nimic",
}


@pytest.fixture
def app(settings: Settings, clock: FakeClock) -> Flask:
    settings.unit.data_dir.mkdir(parents=True, exist_ok=True)
    made = create_app(settings, clock)

    @made.get("/broken")
    def break_() -> str:
        raise ZeroDivisionError

    @made.get("/busy")
    def be_busy() -> str:
        raise StoreError(say("the database {path} cannot be read: {why}", path="x", why="y"))

    return made


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made


@pytest.mark.parametrize("language", ["en", "ro"])
@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/nowhere", 404), ("DELETE", "/energy", 405), ("GET", "/broken", 500)],
)
def test_a_person_gets_a_page_of_ours_in_his_language(
    client: FlaskClient, language: str, method: str, path: str, code: int
) -> None:
    headers = {"Accept": BROWSER, "Cookie": f"language={language}"}
    answer = client.open(f"{path}?lang={language}", method=method, headers=headers)
    assert answer.status_code == code
    assert f'<html lang="{language}"' in answer.text
    assert "</nav>" in answer.text, "the layout, so that the person gets on"
    assert not [one for one in WERKZEUG if one in answer.text]
    if code == 404:
        assert NOTHING[language] in answer.text


@pytest.mark.parametrize("language", ["en", "ro"])
@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/nowhere", 404),
        ("DELETE", "/api/status", 405),
        ("POST", "/api/status", 405),
    ],
)
def test_a_program_gets_json_with_a_reason(
    client: FlaskClient, language: str, method: str, path: str, code: int
) -> None:
    answer = client.open(f"{path}?lang={language}", method=method, headers={"Accept": BROWSER})
    assert answer.status_code == code
    assert answer.json is not None
    reason = answer.json["reason"]
    assert ("nu " in reason) == (language == "ro")
    assert not [one for one in WERKZEUG if one in reason]
    if code == 405:
        assert "GET" in answer.headers["Allow"]


def test_a_picture_that_is_gone_makes_no_page(client: FlaskClient) -> None:
    answer = client.get("/thumbnails/none.jpg", headers={"Accept": PICTURE})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_a_database_that_cannot_be_read_is_a_page_for_a_person_and_json_for_a_program(
    client: FlaskClient,
) -> None:
    page = client.get("/busy?lang=ro", headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "baza de date x nu se poate citi: y" in page.text
    data = client.get("/busy?lang=ro", headers={"Accept": "application/json"})
    assert data.json == {"reason": "baza de date x nu se poate citi: y"}


def test_a_stranger_s_name_gets_a_page_that_shows_nothing_of_the_unit(
    client: FlaskClient, settings: Settings
) -> None:
    headers = {"Host": "evil.example", "Accept": BROWSER}
    answer = client.get("/?lang=ro", headers=headers)
    assert answer.status_code == 421
    assert "această unitate nu răspunde pentru" in answer.text
    assert settings.site.timezone not in answer.text
    assert "nav" not in answer.text


def test_without_settings_each_address_says_so_in_the_language_that_is_asked_for(
    tmp_path: Path,
) -> None:
    client = without_settings.create_app(tmp_path / "unit.toml").test_client()
    for method in ("GET", "POST"):
        page = client.open("/energy", method=method, headers={"Accept-Language": "ro,en;q=0.5"})
        assert (page.status_code, page.mimetype) == (503, "text/html")
        assert '<html lang="ro">' in page.text
        assert "Această unitate nu are încă setări" in page.text
    assert "has no settings yet" in client.get("/?lang=en").text
    assert find_reason(client, "?lang=ro").startswith("Această unitate nu are încă setări")
    assert find_reason(client, "").startswith("This unit has no settings yet")


def find_reason(client: FlaskClient, query: str) -> str:
    return str(client.get(f"/api/status{query}").get_json()["reason"])
