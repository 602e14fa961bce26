"""The real page and the real nginx behind sockets: killed, idle, and a certificate that changes."""

import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from appliance.proxy.names import Names
from appliance.web.server import open_page_socket
from tests.appliance.proxy.conftest import HERE, PATIENCE_S, Front, list_workers, needs_nginx
from tests.appliance.web.test_connections import read_all
from tests.stand_ins.socket_units import SocketUnit
from tests.waiting import wait_until

pytestmark = [needs_nginx, pytest.mark.processes]

IDLE_S = 5  # the shortest that the settings allow
MORE = Names(("localhost", "unit.local", "barn.example"), (IPv4Address("127.0.0.1"),))


@pytest.fixture
def page(front: Front, prepared_database: Path) -> Iterator[SocketUnit]:
    """The unit's page, on the proxy's socket and a port of its own."""
    data = front.directory / "data"
    data.mkdir()
    (data / "unit.db").write_bytes(prepared_database.read_bytes())
    settings = front.directory / "page.toml"
    settings.write_text(
        f'[unit]\ndata_dir = "{data}"\nrun_dir = "{front.directory}"\n'
        f"[web]\nidle_exit_s = {IDLE_S}\n"
    )
    with ExitStack() as opened:
        own = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        proxied = opened.enter_context(open_page_socket(front.web.page_socket))
        yield opened.enter_context(SocketUnit("appliance.web", settings, [own, proxied]))


def ask_at_touchscreen(page: SocketUnit) -> int:
    made = HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE_S)
    try:
        made.request("GET", "/healthz")
        return made.getresponse().status
    finally:
        made.close()


def test_a_visitor_starts_both_and_the_page_leaves_when_nobody_looks(
    front: Front, page: SocketUnit
) -> None:
    assert (front.unit.starts, page.starts) == (0, 0)
    assert front.ask("/healthz").status == 200
    assert (front.unit.starts, page.starts) == (1, 1)
    wait_until(lambda: not page.is_running(), "the end of the page", 60)
    assert front.ask("/healthz").status == 200
    assert (front.unit.starts, page.starts) == (1, 2)


def test_a_page_that_was_killed_is_there_for_the_next_visitor(
    front: Front, page: SocketUnit
) -> None:
    assert front.ask("/healthz").status == 200
    page.kill()
    assert front.ask("/healthz").status == 200
    assert page.starts == 2


def test_the_touchscreen_does_not_need_the_proxy(front: Front, page: SocketUnit) -> None:
    assert front.ask("/healthz").status == 200
    os.killpg(front.unit.pid, signal.SIGSTOP)
    try:
        assert ask_at_touchscreen(page) == 200
    finally:
        os.killpg(front.unit.pid, signal.SIGCONT)
    front.unit.kill()
    assert ask_at_touchscreen(page) == 200


def test_a_proxy_that_was_killed_is_there_for_the_next_visitor(
    front: Front, page: SocketUnit
) -> None:
    assert front.ask("/healthz").status == 200
    front.unit.kill()
    assert front.ask("/healthz").status == 200
    assert front.unit.starts == 2


def test_a_worker_that_was_killed_is_replaced(front: Front, page: SocketUnit) -> None:
    assert front.ask("/healthz").status == 200
    (worker,) = list_workers(front.unit.pid)
    os.kill(worker, signal.SIGKILL)
    assert front.ask("/healthz").status == 200
    assert front.unit.starts == 1


def test_a_new_certificate_is_shown_and_open_connections_go_on(
    front: Front, page: SocketUnit
) -> None:
    before = ssl.get_server_certificate(("127.0.0.1", front.secure_port))
    early = front.open_raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
    front.renew_and_reload(MORE)
    assert ssl.get_server_certificate(("127.0.0.1", front.secure_port)) != before
    early.sendall(b"Connection: close\r\n\r\n")
    assert read_all(early).startswith(b"HTTP/1.1 200")
    assert front.ask("/healthz").status == 200, "the authority is another"


def test_nothing_is_read_anew_where_nothing_has_changed(front: Front) -> None:
    assert not front.renew(HERE).is_new


def test_a_proxy_that_nobody_asks_does_not_wake_up(front: Front, page: SocketUnit) -> None:
    assert front.ask("/healthz").status == 200
    pids = [front.unit.pid, *list_workers(front.unit.pid)]
    wait_until(lambda: not page.is_running(), "the end of the page", 60)
    before = [count_switches(pid) for pid in pids]
    page.starts = 0
    assert ask_at_touchscreen(page) == 200  # the page's life is none of the proxy's
    wait_until(lambda: not page.is_running(), "the end of the page once more", 60)
    assert [count_switches(pid) for pid in pids] == before


def count_switches(pid: int) -> int:
    """How often a process has woken up."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith("voluntary_ctxt_switches"))
    return int(found.split()[1])
