"""Webhooks and ntfy through the real sending process to a real server that fails and comes back."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.alarms.channels.apprise_plugins import (
    MODULES,
    find_in_all,
    has_scheme,
    import_plugin,
)
from appliance.alarms.channels.secret_files import hide
from appliance.alarms.channels.sender import Sender
from provisioning.free_ports import find_free_port
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send
from tests.stand_ins.certificates import make_certificate
from tests.stand_ins.webhook_server import WebhookServer

TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"


def test_a_webhook_gets_the_text_and_what_knows_a_repetition(tmp_path: Path) -> None:
    with WebhookServer() as server:
        channel = make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")
        answer = send(ask(channel))
    assert answer.sent, answer.text
    (received,) = server.received
    assert received.path.rstrip("/") == "/alarms"
    assert json.loads(received.body)["message"] == "a person at the gate, 03:10"
    assert received.headers["X-Alarm-Delivery"] == "b007b007-7.1.ada.mail"


def test_ntfy_gets_the_picture_and_a_login_by_token(tmp_path: Path) -> None:
    picture = tmp_path / "gate.jpg"
    picture.write_bytes(b"\xff\xd8 a picture \xff\xd9")
    with WebhookServer() as server:
        server.body, server.body_bytes = b"{}", 2
        channel = make_channel(tmp_path, f"ntfy://{TOKEN}@127.0.0.1:{server.port}/gate")
        answer = send(ask(channel, picture=picture))
    assert answer.sent, answer.text
    assert any(b"a picture" in one.body for one in server.received)
    assert all(one.headers["Authorization"] == f"Bearer {TOKEN}" for one in server.received)


@pytest.mark.parametrize(
    ("status", "refused", "expected"),
    [
        (401, True, "does not accept token or password"),
        (403, True, "does not accept token or password"),
        (404, True, "does not know that place"),
        (413, True, "refuses the message"),
        (429, False, "cannot take it now"),
        (503, False, "cannot take it now"),
    ],
)
def test_what_a_server_answers_is_told_apart(
    tmp_path: Path, status: int, refused: bool, expected: str
) -> None:
    with WebhookServer() as server:
        server.status = status
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")))
    assert (answer.sent, answer.refused) == (False, refused)
    assert expected in answer.text
    assert str(status) in answer.text


def test_a_server_that_comes_back_gets_the_message(tmp_path: Path) -> None:
    with WebhookServer() as server:
        port = server.port
    request = ask(make_channel(tmp_path, f"json://127.0.0.1:{port}/alarms"))
    away = send(request)
    assert (away.sent, away.refused) == (False, False)
    assert "is not reached" in away.text
    with WebhookServer(port=port) as server:
        assert send(request).sent
    assert len(server.received) == 1


def test_a_server_that_hangs_costs_its_limit_and_the_batch_goes_on(tmp_path: Path) -> None:
    (tmp_path / "well").mkdir()
    with WebhookServer() as hanging, WebhookServer() as well, Sender(limit_s=2.0) as sender:
        hanging.hangs = True
        slow = ask(make_channel(tmp_path, f"json://127.0.0.1:{hanging.port}/alarms"))
        answer = sender.send(slow)
        assert (answer.sent, answer.refused) == (False, False)
        assert "no answer within 2 s" in answer.text
        assert sender.find_trouble("mail") == answer.text
        assert sender.send(slow).text == answer.text
        assert len(hanging.received) == 1  # not tried again in this batch
        good = make_channel(tmp_path / "well", f"json://127.0.0.1:{well.port}/alarms")
        other = sender.send(replace(ask(good), channel="phone"))
        assert other.sent, other.text


def test_a_server_that_answers_without_an_end_costs_no_more_than_the_process(
    tmp_path: Path,
) -> None:
    with WebhookServer() as server:
        server.body, server.body_bytes = bytes(1 << 20), 1 << 40
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")), 60.0)
    assert (answer.sent, answer.refused) == (False, False)
    assert "without an end" in answer.text or "a fault of the program or its memory" in answer.text


def test_an_address_of_this_computer_is_refused_unless_allowed(tmp_path: Path) -> None:
    with WebhookServer() as server:
        address = f"json://127.0.0.1:{server.port}/alarms"
        answer = send(ask(make_channel(tmp_path, address, allow_local=False)))
    assert answer.refused
    assert "this computer itself" in answer.text
    assert "`allow_local`" in answer.text
    assert server.received == []


def test_half_an_address_is_refused_without_repeating_it(tmp_path: Path) -> None:
    for address in ("mailtos://", "hunter2://secret@host", "secret-without-a-kind", "dbus://"):
        answer = send(ask(make_channel(tmp_path, address)))
        assert answer.refused, answer.text
        assert "address" in answer.text
        assert "secret" not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "json://ada:{secret}@127.0.0.1:{port}/path-{secret}",
        "ntfy://ada:{secret}@127.0.0.1:{port}/topic-{secret}",
        "gotify://127.0.0.1:{port}/path-{secret}/AAAAAAAAAA{secret}",
        "mailto://ada:{secret}@127.0.0.1:{port}?to=x-{secret}@example.org&from=y@example.org",
        "tgram://123456789:{secret}/-100123/",
        "slack://T1JJ3T3L2/{secret}/#general",
    ],
)
@pytest.mark.parametrize("status", [0, 401, 500])
def test_no_part_of_an_address_is_in_an_answer(tmp_path: Path, address: str, status: int) -> None:
    """The server is away, or answers with what it was sent."""
    secret = "Hx7Pq9zWb"
    with WebhookServer() as server:
        server.status = status
        server.body = f'{{"error": "no {secret}", "message": "no {secret}"}}'.encode()
        server.body_bytes = len(server.body)
        port = server.port if status else find_free_port()
        answer = send(ask(make_channel(tmp_path, address.format(secret=secret, port=port))), 10.0)
    assert not answer.sent
    assert secret.lower() not in answer.text.lower()
    assert answer.text.isprintable()


def test_all_forms_of_a_secret_are_hidden() -> None:
    address = "mailtos://ada:Hx%2F7%20Pq@mail.example.org:587?to=eve@example.org"
    for said in ("Hx%2F7%20Pq", "Hx/7 Pq", "hx%2f7%20pq", "eve", "mail.example.org", address):
        assert said.lower() not in hide(f"the server says: {said}!", address).lower()
    assert hide("error=401", address) == "error=401"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read"),
        (b"", "must hold one line"),
        (b"\xff\xfe", "must hold one line"),
        (b"json://a\njson://b\n", "must hold one line"),
        (b"x" * 5000, "cannot be read"),
    ],
)
def test_an_address_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    channel = make_channel(tmp_path, "json://127.0.0.1:9")
    file = tmp_path / "address"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    answer = send(ask(channel))
    assert answer.refused
    assert expected in answer.text
    assert str(file) in answer.text


def test_a_webhook_is_checked_by_the_certificates_of_this_computer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    with WebhookServer(certificate) as server:
        request = ask(make_channel(tmp_path, f"jsons://localhost:{server.port}/alarms"))
        answer = send(request)
        assert answer.refused
        assert "is not one that this computer trusts" in answer.text
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        answer = send(request)
    assert answer.sent, answer.text
    assert len(server.received) == 1


def test_a_webhook_with_an_expired_certificate_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = timedelta(days=1)
    certificate = make_certificate(tmp_path, begins=-2 * day, ends=-day)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with WebhookServer(certificate) as server:
        answer = send(ask(make_channel(tmp_path, f"jsons://localhost:{server.port}/alarms")))
    assert answer.refused
    assert "has expired" in answer.text


def test_each_kind_of_address_leads_to_the_part_of_apprise_that_has_it() -> None:
    for scheme, module in MODULES.items():
        found = import_plugin(scheme)
        assert found is not None, scheme
        assert has_scheme(found, scheme)
        assert found.__module__.split(".")[2] == module


def test_a_kind_with_an_unusual_name_is_found_among_all() -> None:
    assert import_plugin("spush") is None
    assert find_in_all("spush") is not None
    assert find_in_all("no-such-kind") is None


def test_only_one_part_of_apprise_is_imported_for_an_address() -> None:
    code = (
        "import sys; from appliance.alarms.channels.apprise_plugins import open_plugin; "
        "open_plugin('ntfys://example.org/topic', 'phone'); "
        "print(*(one for one in sys.modules if one.startswith('apprise.plugins.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"apprise.plugins.base", "apprise.plugins.ntfy"}
