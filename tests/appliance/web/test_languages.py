"""The language of the page: asked for, chosen before, the browser's, the unit's own."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from appliance.model import EnergyBudget, EnergyLevel
from appliance.sections.network import PageLanguage
from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.origins import ORIGIN, Origin
from appliance.wording.sentence import say
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock

WHY = say("zz {celsius:.1f} C", celsius=51.25)
AT_THE_UNIT = {ORIGIN: Origin.TOUCHSCREEN}
OUTSIDE = {ORIGIN: Origin.NETWORK}
Ask = Callable[..., str]


@pytest.fixture
def client(settings: Settings, clock: FakeClock, open_store: OpenStore) -> FlaskClient:
    now = clock.stamp()
    budget = EnergyBudget(now, EnergyLevel.ECO, 9.0, now.utc + timedelta(hours=1), 0.0, WHY)
    open_store("power").add(budget)
    return create_app(let_everybody_look(settings), clock).test_client()


def let_everybody_look(settings: Settings) -> Settings:
    """As a unit whose owner lets the network look without a login."""
    return replace(settings, web=replace(settings.web, open_viewing=True))


def ask_reason(client: FlaskClient, query: str = "", accepts: str = "") -> str:
    headers = {"Accept-Language": accepts} if accepts else {}
    answer = client.get(f"/api/status{query}", headers=headers).get_json()
    return str(answer["energy"]["reason"])


def find_page_language(
    client: FlaskClient, address: str, accepts: str, way: dict[str, Origin]
) -> str:
    headers = {"Accept-Language": accepts} if accepts else {}
    page = client.get(address, headers=headers, environ_overrides=way).get_data(as_text=True)
    return page.split('<html lang="')[1][:2]


def test_json_is_english_unless_another_language_is_asked_for(client: FlaskClient) -> None:
    assert ask_reason(client) == "zz 51.2 C"
    assert ask_reason(client, "?lang=ro") == "zz 51,2 C"
    assert ask_reason(client, accepts="ro-RO,ro;q=0.9,en;q=0.8") == "zz 51,2 C"
    assert ask_reason(client, "?lang=en", accepts="ro") == "zz 51.2 C"
    assert ask_reason(client, accepts="tlh") == "zz 51.2 C"


@pytest.mark.parametrize(
    "address", ["/api/status", "/api/events", "/api/changes", "/api/cameras/coverage", "/api/day"]
)
def test_every_address_takes_a_language_and_refuses_one_that_we_lack(
    client: FlaskClient, address: str
) -> None:
    assert client.get(f"{address}?lang=ro").status_code == 200
    refused = client.get(f"{address}?lang=%3Cb%3E")
    assert refused.status_code == 400
    assert "none of en, ro" in refused.get_json()["reason"]


def test_from_the_network_a_page_has_the_language_of_the_browser(client: FlaskClient) -> None:
    assert find_page_language(client, "/", "ro", OUTSIDE) == "ro"
    assert find_page_language(client, "/", "de,ro;q=0.5", OUTSIDE) == "ro"
    assert find_page_language(client, "/", "de", OUTSIDE) == "en"


def test_at_the_touchscreen_a_page_has_the_units_own_language(
    client: FlaskClient, settings: Settings, clock: FakeClock
) -> None:
    assert find_page_language(client, "/", "ro", AT_THE_UNIT) == "en"
    seen = let_everybody_look(settings)
    own = replace(seen, web=replace(seen.web, language=PageLanguage.ROMANIAN))
    romanian = create_app(own, clock).test_client()
    assert find_page_language(romanian, "/", "en-US,en", AT_THE_UNIT) == "ro"
    assert find_page_language(romanian, "/", "de", OUTSIDE) == "ro"


def test_what_a_person_chose_goes_before_and_stays(client: FlaskClient) -> None:
    assert find_page_language(client, "/?lang=ro", "en", OUTSIDE) == "ro"
    assert find_page_language(client, "/", "en", OUTSIDE) == "ro"
    assert find_page_language(client, "/?lang=en", "en", OUTSIDE) == "en"
    assert find_page_language(client, "/", "ro", OUTSIDE) == "en"


def test_at_the_touchscreen_a_choice_ends_with_the_browser(client: FlaskClient) -> None:
    told = client.get("/?lang=ro", environ_overrides=AT_THE_UNIT).headers["Set-Cookie"]
    assert "language=ro" in told
    assert "Max-Age" not in told
    told = client.get("/?lang=ro", environ_overrides=OUTSIDE).headers["Set-Cookie"]
    assert "Max-Age=31536000" in told
    assert "HttpOnly" in told


@pytest.mark.parametrize("asked", ["tlh", "", "<script>", "ro" * 500])
def test_a_page_in_a_language_that_we_lack_comes_in_the_next_one(
    client: FlaskClient, asked: str
) -> None:
    answer = client.get("/", query_string={"lang": asked}, environ_overrides=OUTSIDE)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    client.set_cookie("language", "tlh")
    assert find_page_language(client, "/", "ro", OUTSIDE) == "ro"


def test_the_status_in_the_page_has_the_language_of_the_page(client: FlaskClient) -> None:
    page = client.get("/?lang=ro").get_data(as_text=True)
    assert "zz 51,2 C" in page
    assert "zz 51.2 C" not in page


def test_who_has_no_login_is_led_to_one_in_the_language_of_the_browser(
    settings: Settings, clock: FakeClock
) -> None:
    strict = create_app(settings, clock).test_client()
    assert find_page_language(strict, "/login", "ro", OUTSIDE) == "ro"


def test_a_catalogue_of_the_scripts_is_packed_once(client: FlaskClient) -> None:
    packed = client.get("/static/catalogues/ro.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    texts = json.loads(gzip.decompress(packed.data))
    assert texts["Fault"] == "Defecțiune"
