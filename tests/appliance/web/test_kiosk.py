"""The page on the unit's own screen: where it begins, and when it is black."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.sections.kiosk import KioskSettings
from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.origins import ORIGIN, Origin
from tests.stand_ins.fakes import FakeClock


def make(settings: Settings, kiosk: KioskSettings) -> Flask:
    web = replace(settings.web, open_viewing=True)
    return create_app(replace(settings, kiosk=kiosk, web=web), FakeClock())


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    return make(settings, KioskSettings(enabled=True, home="/energy")).test_client()


def test_it_begins_with_the_view_of_the_settings(client: FlaskClient) -> None:
    found = client.get("/kiosk")
    assert (found.status_code, found.headers["Location"]) == (302, "/energy")


def test_a_screen_that_is_left_alone_becomes_black(client: FlaskClient) -> None:
    text = client.get("/").text
    assert '<meta name="blank-after-s" content="300.0">' in text
    assert "/blank.js" in text


def test_the_black_page_asks_for_nothing_of_the_unit(client: FlaskClient) -> None:
    text = client.get("/kiosk/black").text
    assert "black.js" in text
    assert "link.js" not in text
    assert "/views/" not in text


def test_a_person_in_the_network_sees_no_screen_go_black(client: FlaskClient) -> None:
    text = client.get("/", environ_overrides={ORIGIN: Origin.NETWORK}).text
    assert "blank" not in text


@pytest.mark.parametrize("kiosk", [KioskSettings(), KioskSettings(enabled=True, blank_after_s=0)])
def test_without_a_touchscreen_or_a_time_nothing_goes_black(
    settings: Settings, kiosk: KioskSettings
) -> None:
    assert "blank" not in make(settings, kiosk).test_client().get("/").text


@pytest.mark.parametrize(("hour", "outside"), [(1, "dark"), (10, "light")])
def test_the_units_own_screen_is_dark_while_the_sun_is_down(
    settings: Settings, hour: int, outside: str
) -> None:
    clock = FakeClock(datetime(2026, 4, 15, hour, tzinfo=UTC))
    app = create_app(replace(settings, kiosk=KioskSettings(enabled=True)), clock)
    assert f'data-outside="{outside}"' in app.test_client().get("/").text


def test_any_other_screen_follows_its_own_wish(settings: Settings) -> None:
    assert "data-outside" not in make(settings, KioskSettings()).test_client().get("/").text
