"""The page is served under the unit's own names and addresses, and under no stranger's."""

from dataclasses import replace

import pytest

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.sections.network import WebSettings
from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.connections import LOCAL_ADDRESS
from appliance.web.hosts import AllowedHosts
from tests.stand_ins.fakes import FakeClock

HERE = "192.168.1.20"


@pytest.mark.parametrize(
    "host",
    [
        "",  # a program that names none
        "localhost",
        "localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        HERE,
        f"{HERE}:8080",
        "unit-7",
        "UNIT-7.local:8080",
        "unit-7.local.",
        "unit-7.lan",
        "unit-7.farm.example",
        "page.example:443",
    ],
)
def test_own_names_and_addresses_are_answered(host: str) -> None:
    hosts = AllowedHosts(["page.example"], own="unit-7.farm.example")
    assert hosts.find_refusal(host, HERE) is None


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("evil.example", "does not answer for 'evil.example'"),
        ("unit-7.evil.example", "add it to `hosts` under [web]"),
        ("localhost.evil.example", "does not answer"),
        ("192.168.1.21", "does not answer"),
        ("127.0.0.1.evil.example:8080", "does not answer"),
        ("localhost:99999", "is no name and no address"),
        ("a b", "is no name and no address"),
        ("localhost/x", "is no name and no address"),
        ("x" * 5000, "is no name and no address"),
        ("\udcff", "is no name and no address"),
    ],
)
def test_other_names_are_refused_in_one_line(host: str, words: str) -> None:
    refusal = AllowedHosts(own="unit-7").find_refusal(host, HERE)
    assert refusal is not None
    assert words in refusal
    assert refusal.isprintable()
    assert len(refusal) < 250


def test_an_ipv4_address_that_came_through_an_ipv6_socket_is_our_own() -> None:
    hosts = AllowedHosts(own="unit-7")
    assert hosts.find_refusal(HERE, f"::ffff:{HERE}") is None
    assert hosts.find_refusal("[fe80::5]", "fe80::5%eth0") is None
    assert hosts.find_refusal(HERE, "") is not None


@pytest.mark.parametrize("path", ["/", "/api/status", "/metrics", "/healthz", "/static/shell.js"])
def test_no_route_answers_a_strange_host(settings: Settings, clock: FakeClock, path: str) -> None:
    client = create_app(settings, clock).test_client()
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "evil.example" in answer.text


def test_a_name_in_the_settings_is_answered(settings: Settings, clock: FakeClock) -> None:
    web = WebSettings(hosts=("page.example",), plain_viewing=True)
    named = replace(settings, web=web)
    client = create_app(named, clock).test_client()
    assert client.get("/", headers={"Host": "page.example"}).status_code == 200
    there = {LOCAL_ADDRESS: HERE}
    assert client.get("/", headers={"Host": HERE}, environ_overrides=there).status_code == 200


def test_a_wrong_name_in_the_settings_is_refused(settings: Settings) -> None:
    settings.path.parent.mkdir(exist_ok=True)
    settings.path.write_text("[web]\nhosts = ['page.example', 'http://x/']\n")
    with pytest.raises(SettingsError, match=r"toml:2: web.hosts has a wrong entry: 'http://x/'"):
        settings_file.load_settings(settings.path)
