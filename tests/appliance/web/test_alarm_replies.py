"""The page behind the link in an alarm: it shows, and a button acknowledges."""

import os
import stat
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from appliance.alarms.reply_links import format_link, make_token, read_or_make_key
from appliance.model_alarms import Alarm, AlarmOrder
from appliance.sections.alarms import AlarmsSettings, RecipientSettings
from appliance.settings import Settings
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.scenes import alarms
from tests.stand_ins.fakes import FakeClock

PAGE = "https://unit.example"


@pytest.fixture
def site(settings: Settings) -> Settings:
    return replace(
        settings,
        alarms=AlarmsSettings(page=PAGE),
        recipient={"owner": RecipientSettings(channels=("mail",))},
    )


@pytest.fixture
def client(site: Settings, clock: FakeClock, open_store: OpenStore) -> FlaskClient:
    store = open_store("alarm")
    store.add(*alarms.make_rows(clock.stamp())[:2])
    return create_app(site, clock).test_client()


def find_path(site: Settings, recipient: str = "owner", alarm_id: str = "a-1") -> str:
    key = read_or_make_key(site.alarm_key_file)
    return format_link(PAGE, alarm_id, recipient=recipient, key=key).removeprefix(PAGE)


def list_orders(open_store: OpenStore) -> list[AlarmOrder]:
    return open_store().rows(AlarmOrder)


def test_opening_the_link_shows_the_alarm_and_acknowledges_nothing(
    client: FlaskClient, site: Settings, open_store: OpenStore
) -> None:
    answer = client.get(find_path(site))
    assert answer.status_code == 200
    assert "a person at demo" in answer.text
    assert "I have seen it (owner)" in answer.text
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert list_orders(open_store) == []


def test_the_button_orders_it_in_the_name_of_whose_link_it_is(
    client: FlaskClient, site: Settings, open_store: OpenStore
) -> None:
    answer = client.post(find_path(site))
    assert "Stored: owner has seen it." in answer.text
    assert "Acknowledged" not in answer.text  # by the service alone
    (order,) = list_orders(open_store)
    assert (order.alarm_id, order.who, order.via) == ("a-1", "owner", "link")


def test_one_that_was_acknowledged_says_by_whom_and_orders_nothing(
    client: FlaskClient, site: Settings, open_store: OpenStore
) -> None:
    store = open_store("alarm")
    (alarm,) = store.rows(Alarm)
    store.add(replace(alarm, acknowledged_by="anna (unitctl)"))
    for answer in (client.get(find_path(site)), client.post(find_path(site))):
        assert "Acknowledged by anna (unitctl)" in answer.text
        assert "<form" not in answer.text
    assert list_orders(open_store) == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_nobody_was_sent_is_refused(
    client: FlaskClient, site: Settings, open_store: OpenStore, method: str
) -> None:
    key = read_or_make_key(site.alarm_key_file)
    of_another = make_token("a-2", "owner", key)
    of_nobody = make_token("a-1", "nobody", key)
    for token in ("", "x", of_another, of_nobody, "é" * 32, "0" * 5000):
        answer = client.open(f"/alarm/a-1/{token}", method=method.upper())
        assert answer.status_code == 404, token
        assert "a person" not in answer.text
    assert client.open(find_path(site, alarm_id="a-9"), method=method.upper()).status_code == 404
    assert list_orders(open_store) == []


def test_without_a_key_no_link_is_valid(client: FlaskClient, site: Settings) -> None:
    path = find_path(site)
    site.alarm_key_file.write_bytes(b"short")
    assert client.get(path).status_code == 404


def test_the_host_of_the_links_is_one_of_the_units_names(
    client: FlaskClient, site: Settings
) -> None:
    path = find_path(site)
    assert client.get(path, headers={"Host": "unit.example"}).status_code == 200
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 421


def test_a_link_that_is_pressed_for_ever_fills_no_disk(
    client: FlaskClient, site: Settings, open_store: OpenStore
) -> None:
    for _ in range(20):
        assert client.post(find_path(site)).status_code == 200
    assert len(list_orders(open_store)) == 5


def test_nobody_but_the_units_services_reads_the_key(site: Settings, open_store: OpenStore) -> None:
    open_store()
    before = os.umask(0)
    try:
        read_or_make_key(site.alarm_key_file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(site.alarm_key_file.stat().st_mode) == 0o640
