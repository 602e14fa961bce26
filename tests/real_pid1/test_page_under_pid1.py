"""TLS and the page under a real PID 1: sockets, sandboxes, a certificate that changes."""

import json
import re

import pytest

from tests.real_pid1.conftest import SETTINGS, install
from tests.real_pid1.container import Container

AUTHORITY = "/var/lib/appliance-proxy/authority.pem"
USED = "/var/lib/appliance-proxy/used.pem"
PROXY, USUAL = "appliance-proxy.service", "appliance-proxy-usual.socket"
FETCH = """import ssl, sys, urllib.error, urllib.request
address, authority = sys.argv[1:]
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
context = ssl.create_default_context(cafile=authority)
opener = urllib.request.build_opener(Stay, urllib.request.HTTPSHandler(context=context))
try:
    answer = opener.open(address, timeout=60)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.headers.get("Location"), answer.read().decode())
"""
SETTLE_S = 60


@pytest.fixture(autouse=True)
def certificate(unit: Container) -> None:
    """There before the first visitor: 2 min after a boot it is."""
    unit.run("systemctl", "start", "appliance-certificate.service")


def fetch(unit: Container, address: str) -> str:
    return unit.run("python3", "-c", FETCH, address, AUTHORITY).stdout


def read_main_pid(unit: Container) -> str:
    return unit.ask("systemctl", "show", "-P", "MainPID", PROXY)


def test_from_the_network_the_page_is_there_by_tls(unit: Container) -> None:
    assert fetch(unit, "https://localhost:8443/healthz").startswith("200 None")
    assert unit.ask("systemctl", "is-active", PROXY) == "active"


def test_plain_http_leads_there_but_for_this_computer_itself(unit: Container) -> None:
    """127.0.0.2 is no address of the page's own port: it stands for one of the network."""
    found = fetch(unit, "http://127.0.0.2:8080/events")
    assert found.startswith("307 https://127.0.0.2:8443/events")
    assert fetch(unit, "http://127.0.0.1:8080/healthz").startswith("200 None")
    assert fetch(unit, "http://[::1]:8080/healthz").startswith("200 None")


def test_ports_that_another_web_server_has_are_left_to_it_until_they_are_free(
    unit: Container,
) -> None:
    """Lighttpd has port 80 here."""
    assert unit.ask("systemctl", "is-enabled", USUAL) == "disabled"
    unit.run("systemctl", "stop", "lighttpd")
    try:
        assert "nothing listens on its ports" in install(unit, "--check").stdout
        unit.run("systemctl", "stop", PROXY)  # PID 1 adds no port to what runs
        unit.run("systemctl", "start", USUAL)
        assert fetch(unit, "https://localhost/healthz").startswith("200 None")
        assert fetch(unit, "http://127.0.0.2/events").startswith("307 https://127.0.0.2/events")
    finally:
        unit.run("systemctl", "stop", PROXY, USUAL)
        unit.run("systemctl", "start", "lighttpd")


def test_the_proxy_has_no_network_no_privilege_and_nothing_to_read(unit: Container) -> None:
    fetch(unit, "https://localhost:8443/healthz")
    pid = read_main_pid(unit)
    assert unit.ask("stat", "-c", "%U:%G", f"/proc/{pid}") == "appliance-proxy:appliance-proxy"
    shown = unit.run("nsenter", f"--target={pid}", "--net", "cat", "/proc/net/dev").stdout
    assert re.findall(r"^\s*(\w+):", shown, re.MULTILINE) == ["lo"]
    status = unit.ask("cat", f"/proc/{pid}/status")
    assert re.search(r"^CapBnd:\s*0+$", status, re.MULTILINE), status
    inside = ("nsenter", f"--target={pid}", "--mount", "--", "setpriv", "--reuid=appliance-proxy")
    as_proxy = (*inside, "--regid=appliance-proxy", "--clear-groups")
    for path in (SETTINGS, "/var/lib/appliance/unit.db", AUTHORITY.replace(".pem", "-key.pem")):
        assert unit.run("test", "-e", path, check=False).returncode == 0, path
        assert unit.run(*as_proxy, "head", "-c1", path, check=False).returncode != 0, path
    assert unit.run(*as_proxy, "head", "-c1", USED, check=False).returncode == 0


def test_keys_belong_to_root_and_the_one_in_use_is_read_by_the_proxy(unit: Container) -> None:
    directory = "/var/lib/appliance-proxy"
    files = [f"{directory}/{one}" for one in ("authority-key.pem", "used.pem", "shown.json")]
    shown = unit.ask("stat", "-c", "%n %U:%G %a", *files)
    assert shown.splitlines() == [
        f"{directory}/authority-key.pem root:appliance-proxy 600",
        f"{directory}/used.pem root:appliance-proxy 640",
        f"{directory}/shown.json root:appliance-proxy 644",
    ]


def test_a_new_name_in_the_settings_is_in_the_certificate_without_a_restart(
    unit: Container,
) -> None:
    fetch(unit, "https://localhost:8443/healthz")
    before, settings = read_main_pid(unit), unit.path(SETTINGS)
    text = settings.read_text()
    try:
        settings.write_text(f'{text}\n[web]\nhosts = ["barn.example"]\n')

        def has_name() -> bool:
            return (
                "barn.example" in json.loads(unit.ask("unitctl", "certificate", "--json"))["names"]
            )

        unit.wait_for(has_name, SETTLE_S, "the new name")
        assert fetch(unit, "https://localhost:8443/healthz").startswith("200 None")
        assert read_main_pid(unit) == before
    finally:
        settings.write_text(text)


def test_a_proxy_that_is_killed_comes_again(unit: Container) -> None:
    fetch(unit, "https://localhost:8443/healthz")
    unit.run("systemctl", "kill", "--signal=KILL", PROXY)
    assert fetch(unit, "https://localhost:8443/healthz").startswith("200 None")


def test_no_other_service_may_speak_to_the_page_as_the_proxy_does(unit: Container) -> None:
    """Who may speak on the proxy's socket may say who its client is."""
    as_other = ("setpriv", "--reuid=appliance-mqtt", "--regid=appliance", "--clear-groups")
    connect = (
        "import socket; socket.socket(socket.AF_UNIX).connect('/run/appliance-proxy/page.sock')"
    )
    done = unit.run(*as_other, "python3", "-c", connect, check=False)
    assert "PermissionError" in done.stderr
