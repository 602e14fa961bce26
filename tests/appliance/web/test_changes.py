"""`/api/changes`: what programs are told, how they wait, and what a wrong position is answered."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.clock import SystemClock
from appliance.errors import CameraError
from appliance.model import EnergyLevel
from appliance.sections.network import WebSettings
from appliance.store.store import Store
from appliance.web.changes import MOST_WAIT_S, find_most_wait_s
from appliance.web.connections import has_client_gone
from appliance.web.waiting import MOST_OF_CLIENT, MOST_WAITING
from tests.appliance.web.conftest import port, power, server
from tests.appliance.web.test_web import (
    ask,
    client,
    event,
    free_port,
    read_until,
    settings_text,
    start,
)
from tests.conftest import ROOT, OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.waiting import wait_until

__all__ = ["client", "port", "power", "server"]  # fixtures


def get(client: FlaskClient, **asked: Any) -> Any:
    answer = client.get("/api/changes", query_string=asked)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_all_kinds_are_told_in_the_order_of_time(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    power, camera, inference = open_store("power"), open_store("camera"), open_store("inference")
    power.add(filled.budget(clock.stamp()))
    filled.break_camera(open_store)
    first = get(client)
    assert (first["changes"], first["has_more"]) == ([], False)
    assert get(client, after=first["position"]) == first
    clock.advance(60)
    began = clock.stamp()
    clock.advance(60)
    camera.clear_faults("camera@demo")
    clock.advance(60)
    power.add(filled.budget(clock.stamp(), EnergyLevel.ECO))
    clock.advance(60)
    power.raise_fault("power", CameraError("the charger is silent"))
    clock.advance(60)
    inference.add(replace(event(began, 1), last_seen=clock.utc, reason=filled.SECRET_URL))
    found = get(client, after=first["position"])
    over, level, fault, seen = found["changes"]
    assert [one["kind"] for one in found["changes"]] == ["fault-over", "level", "fault", "event"]
    assert over["fault"]["since"] == "2026-04-15T02:00:00.000Z"
    assert (level["before"], level["level"]) == ("FULL", "ECO")
    assert level["reason"] == filled.budget(began).reason
    assert fault["fault"] == get_status(client)["faults"][0]
    assert seen["event"] == get_status(client)["events"]["newest"]
    assert "hunter2" not in json.dumps(found)
    assert get(client, after=found["position"])["changes"] == []


def get_status(client: FlaskClient) -> Any:
    return client.get("/api/status").json


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("after=17", "after: "),
        ("after=", "leave `after` out"),
        ("after=" + "9" * 5000, "no position"),
        ("wait_s=61", "no whole number from 0 to 60"),
        ("wait_s=-1", "wait_s: "),
        ("wait_s=1.5", "wait_s: "),
        ("since=1d", "there is no argument"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    client: FlaskClient, open_store: OpenStore, asked: str, words: str
) -> None:
    open_store()
    answer = client.get(f"/api/changes?{asked}")
    assert answer.status_code == 400
    assert words in answer.json["reason"]  # type: ignore[index]


def test_a_lost_position_is_answered_with_the_one_of_now(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    open_store("inference").add(event(clock.stamp(), 1))
    database, *others = get(client)["position"].split(".")
    answer = client.get("/api/changes", query_string={"after": ".".join(("0" * 8, *others))})
    assert answer.status_code == 410
    assert "another database" in answer.json["reason"]  # type: ignore[index]
    assert answer.json["position"] == ".".join((database, *others))  # type: ignore[index]


def test_without_a_database_it_is_503(client: FlaskClient) -> None:
    assert client.get("/api/changes").status_code == 503


@pytest.mark.parametrize(("idle_exit_s", "wait_s"), [(5, 2.5), (119, 59.5), (120, 60), (1e4, 60)])
def test_a_wait_is_half_of_what_the_idle_page_is_given_and_a_minute_at_most(
    idle_exit_s: float, wait_s: float
) -> None:
    assert find_most_wait_s(WebSettings(idle_exit_s=idle_exit_s)) == wait_s


# --- a real server --------------------------------------------------------------------------------


def fetch(port: int, client: str = "127.0.0.1", **asked: Any) -> tuple[int, Any]:
    """The server's answer, whenever it comes."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    source = (client, 0)
    connection = HTTPConnection("127.0.0.1", port, timeout=MOST_WAIT_S + 60, source_address=source)
    connection.request("GET", f"/api/changes?{query}")
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def wait_for_change(port: int, client: str, position: str) -> tuple[int, Any]:
    """The answer after a wait, as soon as there is a place for it."""
    found = fetch(port, client, after=position, wait_s=60)
    return wait_for_change(port, client, position) if found[0] == 503 else found


Ask = Callable[..., Any]


@pytest.fixture
def patient(tmp_path: Path, port: int) -> Iterator[None]:
    """A server whose requests may wait for a minute."""
    file = tmp_path / "patient.toml"
    file.write_text(settings_text(tmp_path, port, idle_exit_s=2 * MOST_WAIT_S))
    words = [sys.executable, "-m", "appliance.web", "--settings", str(file)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        read_until(process, "the page is on")
        yield
        process.kill()


@pytest.fixture
def in_background() -> Iterator[Ask]:
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


@pytest.mark.processes
def test_who_waits_is_told_as_soon_as_it_is_stored_and_the_page_is_answered_meanwhile(
    power: Store, port: int, patient: None, in_background: Ask
) -> None:
    position = fetch(port)[1]["position"]
    clients = ("127.0.0.1", "127.0.0.2") * MOST_OF_CLIENT
    assert len(clients) == MOST_WAITING
    waiting = [in_background(wait_for_change, port, one, position) for one in clients]
    wait_until(
        lambda: fetch(port, after=position, wait_s=1)[0] == 503, "two of this client that wait"
    )
    wait_until(
        lambda: fetch(port, "127.0.0.3", after=position, wait_s=1)[0] == 503, "four that wait"
    )
    status, refused = fetch(port, after=position, wait_s=60)
    assert (status, "wait already" in refused["reason"]) == (503, True)
    assert fetch(port, after=position) == (
        200,
        {"position": position, "has_more": False, "changes": []},
    )
    assert [ask(port, path) for path in ("/", "/api/status", "/metrics")] == [200] * 3
    power.raise_fault("power", CameraError("the charger is silent"))
    for one in waiting:
        status, found = one.result()
        assert (status, [change["kind"] for change in found["changes"]]) == (200, ["fault"])


@pytest.mark.processes
def test_a_wait_is_not_longer_than_the_idle_exit_allows_and_ends_with_the_server(
    power: Store, port: int, server: subprocess.Popen[str], in_background: Ask
) -> None:
    """The settings of these tests say 5 s."""
    position = fetch(port)[1]["position"]
    begun = SystemClock().stamp().uptime_s
    assert fetch(port, after=position, wait_s=60)[1]["changes"] == []
    assert 2 <= SystemClock().stamp().uptime_s - begun < 30
    waiting = in_background(fetch, port, after=position, wait_s=60)
    wait_until(lambda: count_established(port) >= 1, "the connection")
    server.send_signal(signal.SIGTERM)
    server.wait(30)
    waiting.exception()
    assert server.returncode == 0


@pytest.mark.processes
@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="needs systemd-socket-activate (Debian package systemd)",
)
def test_who_has_waited_does_not_keep_the_page_that_pid_1_started(
    power: Store, port: int, tmp_path: Path
) -> None:
    activate = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}"]
    process = start(activate, tmp_path, free_port())
    read_until(process, "Listening on")
    position = fetch(port)[1]["position"]
    assert fetch(port, after=position, wait_s=60)[1]["changes"] == []
    _, message = process.communicate(timeout=120)
    assert process.returncode == 0, message


def count_established(port: int) -> int:
    """Connections to the server, by the kernel."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for one in lines if one.split()[1].endswith(wanted) and one.split()[3] == "01")


@pytest.mark.processes
def test_the_place_of_a_client_that_has_gone_is_free_again(
    power: Store, port: int, patient: None
) -> None:
    position = fetch(port)[1]["position"]
    for _ in range(3 * MOST_WAITING):
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(f"GET /api/changes?after={position}&wait_s=60 HTTP/1.1\r\n\r\n".encode())
    wait_until(lambda: fetch(port, after=position, wait_s=1)[0] == 200, "a place", 30)


def test_a_client_is_gone_when_it_has_closed_and_not_while_it_is_silent_or_sends() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        assert not has_client_gone(ours)
        theirs.sendall(b"GET / HTTP/1.1\r\n")
        assert not has_client_gone(ours)
        assert ours.recv(3) == b"GET"
        ours.recv(100)
        theirs.close()
        assert has_client_gone(ours)
    assert has_client_gone(ours)
    assert has_client_gone(None)
