"""What becomes nginx, and the oneshot before it: on a unit whose settings they may not read."""

import socket
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.actuators.usual_settings import choose_or_usual
from appliance.model import Fault
from appliance.proxy.errors import ProxyError
from appliance.proxy.names import Names
from appliance.proxy.nginx import Proxy, format_proxy
from appliance.proxy.prepared import Unit, prepare
from appliance.proxy.shown import read_shown
from appliance.proxy.start import describe_socket, make_proxy, read_web
from appliance.sections.network import WebSettings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.conftest import ROOT
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def web(tmp_path: Path) -> WebSettings:
    made = WebSettings(tls_dir=tmp_path / "tls", page_socket=tmp_path / "page.sock")
    prepare(made, Unit("barn", Names(("barn",), ()), datetime.now(UTC)))
    return made


def test_without_a_certificate_it_says_who_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ProxyError, match=r"appliance-certificate\.service makes one"):
        make_proxy(WebSettings(tls_dir=tmp_path), [], ())


def test_without_a_port_it_says_so(web: WebSettings) -> None:
    with pytest.raises(ProxyError, match="https_port"):
        make_proxy(web, [], ())


def test_settings_that_may_not_be_read_are_the_usual(tmp_path: Path) -> None:
    assert read_web(tmp_path / "nothing.toml") == WebSettings()
    (tmp_path / "wrong.toml").write_text("[web]\nport = 'x'\n")
    assert read_web(tmp_path / "wrong.toml") == WebSettings()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_socket_is_described_as_nginx_compares_it(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server((host, 0), family=family) as one:
        port = one.getsockname()[1]
        text = f"[::1]:{port} ipv6only=on" if ":" in host else f"127.0.0.1:{port}"
        assert describe_socket(one) == text


@pytest.mark.parametrize(
    ("version", "expected"),
    [((1, 22, 1), "listen 0.0.0.0:443 ssl http2;"), ((1, 26, 3), "http2 on;"), ((), "ssl http2;")],
)
def test_http_2_is_asked_for_as_the_version_wants_it(
    web: WebSettings, version: tuple[int, ...], expected: str
) -> None:
    proxy = Proxy(web.tls_dir, web.tls_dir, web.page_socket, ("0.0.0.0:443",), (), version)
    assert expected in format_proxy(proxy)


def test_a_link_to_https_names_the_port_only_where_it_must(web: WebSettings) -> None:
    def find_link(*secure: str) -> bool:
        proxy = Proxy(web.tls_dir, web.tls_dir, web.page_socket, secure, ("0.0.0.0:80",))
        return "return 307 https://$host:8443$request_uri" in format_proxy(proxy)

    assert find_link("[::]:8443 ipv6only=off")
    assert not find_link("[::]:8443 ipv6only=off", "[::]:443 ipv6only=off")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The settings file of a unit with a database, and a systemctl that writes down its orders."""
    orders = tmp_path / "systemctl"
    orders.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/orders\n')
    orders.chmod(0o755)
    (tmp_path / "data").mkdir()
    prepare_database(tmp_path / "data/unit.db")
    settings = tmp_path / "unit.toml"
    settings.write_text(
        f'[unit]\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}"\n'
        f'[host]\nsystemctl = "{orders}"\n[web]\ntls_dir = "{tmp_path}/tls"\n'
    )
    return settings


def renew(settings: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.actuators.certificate", "--settings", str(settings)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def read_faults(unit: Path) -> list[Fault]:
    with closing(Store(unit.parent / "data/unit.db", FakeClock())) as store:
        return [one for one in store.rows(Fault) if one.cleared is None]


@pytest.mark.processes
def test_the_proxy_reads_a_new_certificate_and_is_left_alone_where_there_is_none(
    unit: Path,
) -> None:
    done = renew(unit)
    assert done.returncode == 0, done.stderr
    assert "a new certificate was made: there was none" in done.stderr
    orders = unit.parent / "orders"
    expected = "--no-block try-reload-or-restart appliance-proxy.service\n"
    assert orders.read_text() == expected
    assert renew(unit).returncode == 0
    assert orders.read_text() == expected


@pytest.mark.processes
def test_an_owners_certificate_that_cannot_be_used_is_a_fault_until_it_can(unit: Path) -> None:
    good = unit.read_text()
    unit.write_text(f'{good}certificate_file = "/nowhere/a.pem"\nkey_file = "/nowhere/a.key"\n')
    assert renew(unit).returncode == 1
    (fault,) = read_faults(unit)
    assert (fault.code, fault.source) == ("certificate", "certificate")
    assert "/nowhere/a.key cannot be read" in fault.text or "/nowhere/a.pem" in fault.text
    assert read_shown(unit.parent / "tls") is not None, "https is served all the same"
    unit.write_text(good)
    assert renew(unit).returncode == 0
    assert read_faults(unit) == []


def test_settings_that_cannot_be_used_keep_no_certificate_away(tmp_path: Path) -> None:
    wrong = tmp_path / "unit.toml"
    wrong.write_text("[web]\nport = 'x'\n")
    chosen = choose_or_usual(wrong)
    assert chosen.refused is not None
    assert chosen.settings.web == WebSettings()
