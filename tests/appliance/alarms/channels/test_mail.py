"""Mail through the real sending process to aiosmtpd: what arrives, and what is said where not."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from appliance.alarms.channels.sender import Sender
from provisioning.free_ports import find_free_port
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send
from tests.stand_ins.certificates import Certificate, make_certificate
from tests.stand_ins.mail_server import run_mail_server

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
DAY = timedelta(days=1)


def write_mailto(port: int, scheme: str = "mailto", host: str = "127.0.0.1", rest: str = "") -> str:
    return f"{scheme}://unit:secret@{host}:{port}?from=unit@example.org&to=ada@example.org{rest}"


def find_attachment(mail: EmailMessage) -> EmailMessage:
    (found,) = list(mail.iter_attachments())
    return found


def trust(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a technician does who adds it to the system's certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))


def test_a_mail_arrives_with_its_picture_and_the_headers_of_its_alarm(tmp_path: Path) -> None:
    picture = tmp_path / "gate.jpg"
    picture.write_bytes(JPEG)
    with run_mail_server() as server:
        channel = make_channel(tmp_path, write_mailto(server.port))
        answer = send(ask(channel, picture=picture))
    assert answer.sent, answer.text
    (mail,) = server.mails
    assert mail["Subject"] == "Gate: person"
    assert server.recipients == [["ada@example.org"]]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "a person at the gate, 03:10" in body.get_content()
    assert find_attachment(mail).get_content() == JPEG
    assert mail["X-Alarm-Delivery"] == "b007b007-7.1.ada.mail"
    assert mail["X-Alarm-Sequence"] == "7"
    assert mail["References"] == "<b007b007-7@alarm.invalid>"
    assert 1.0 < answer.size_bytes / len(JPEG) < 1.5


def test_a_repetition_has_the_same_headers_and_the_same_message_id(tmp_path: Path) -> None:
    with run_mail_server() as server:
        request = ask(make_channel(tmp_path, write_mailto(server.port)))
        assert send(request).sent
        assert send(request).sent
    first, second = server.mails
    assert first["X-Alarm-Delivery"] == second["X-Alarm-Delivery"]
    assert first.get_all("Message-ID") == ["<b007b007-7.1.ada.mail@127.0.0.1>"]
    assert second.get_all("Message-ID") == first.get_all("Message-ID")


def test_a_picture_that_was_deleted_meanwhile_costs_the_picture_and_not_the_mail(
    tmp_path: Path,
) -> None:
    with run_mail_server() as server:
        channel = make_channel(tmp_path, write_mailto(server.port))
        assert send(ask(channel, picture=tmp_path / "gone.jpg")).sent
    assert list(server.mails[0].iter_attachments()) == []


@pytest.mark.parametrize("begins_with_tls", [False, True])
def test_a_mail_goes_over_tls_where_the_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins_with_tls: bool
) -> None:
    certificate = make_certificate(tmp_path)
    trust(certificate, monkeypatch)
    mode = "ssl" if begins_with_tls else "starttls"
    with run_mail_server(certificate, begins_with_tls=begins_with_tls) as server:
        rest = f"&mode={mode}"
        channel = make_channel(tmp_path, write_mailto(server.port, "mailtos", rest=rest))
        answer = send(ask(channel))
    assert answer.sent, answer.text
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("begins", "ends", "refused", "expected"),
    [
        (-2 * DAY, -DAY, True, "certificate has expired"),
        (DAY, 2 * DAY, False, "check the unit's clock"),
    ],
)
def test_a_certificate_out_of_its_time_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begins: timedelta,
    ends: timedelta,
    refused: bool,
    expected: str,
) -> None:
    certificate = make_certificate(tmp_path, begins=begins, ends=ends)
    trust(certificate, monkeypatch)
    with run_mail_server(certificate) as server:
        channel = make_channel(tmp_path, write_mailto(server.port, "mailtos"))
        answer = send(ask(channel))
    assert (answer.sent, answer.refused) == (False, refused)
    assert expected in answer.text
    assert server.mails == []


def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    with run_mail_server(make_certificate(tmp_path)) as server:
        channel = make_channel(tmp_path, write_mailto(server.port, "mailtos"))
        answer = send(ask(channel))
    assert answer.refused
    assert "is not one that this computer trusts" in answer.text


def test_a_wrong_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with run_mail_server(password="another") as server:
        channel = make_channel(tmp_path, write_mailto(server.port))
        answer = send(ask(channel))
    assert answer.refused
    assert "user and password" in answer.text
    assert "535" in answer.text
    assert "secret" not in answer.text


def test_a_recipient_that_the_server_does_not_know_is_refused(tmp_path: Path) -> None:
    with run_mail_server(refused=frozenset({"ada@example.org"})) as server:
        answer = send(ask(make_channel(tmp_path, write_mailto(server.port))))
    assert answer.refused
    assert "check sender and recipient" in answer.text
    assert "550" in answer.text


@pytest.mark.parametrize(
    ("said", "refused"),
    [("451 4.3.0 try again later", False), ("552 5.3.4 the message is too large", True)],
)
def test_a_server_that_takes_no_message_says_whether_to_come_back(
    tmp_path: Path, said: str, refused: bool
) -> None:
    with run_mail_server(answer=said) as server:
        answer = send(ask(make_channel(tmp_path, write_mailto(server.port))))
    assert (answer.sent, answer.refused) == (False, refused)
    assert said[:3] in answer.text


def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    channel = make_channel(tmp_path, write_mailto(find_free_port()))
    answer = send(ask(channel))
    assert (answer.sent, answer.refused) == (False, False)
    assert "is not reached" in answer.text


def test_a_name_that_is_not_found_is_tried_again(tmp_path: Path) -> None:
    channel = make_channel(tmp_path, write_mailto(25, host="mail.invalid"))
    answer = send(ask(channel))
    assert (answer.sent, answer.refused) == (False, False)
    assert "name is not found" in answer.text


def test_a_server_that_takes_logins_over_tls_alone_gets_no_password(tmp_path: Path) -> None:
    with run_mail_server(make_certificate(tmp_path)) as server:
        answer = send(ask(make_channel(tmp_path, write_mailto(server.port))))
    assert answer.refused
    assert "check kind and port" in answer.text


def test_who_has_the_mail_does_not_get_it_again_for_another_who_cannot(tmp_path: Path) -> None:
    with run_mail_server(refused=frozenset({"gone@example.org"})) as server:
        address = write_mailto(server.port, rest="&to=ada@example.org,gone@example.org")
        answer = send(ask(make_channel(tmp_path, address.replace("&to=ada@example.org", "", 1))))
    assert answer.sent
    assert "not to all" in answer.text
    assert "550" in answer.text
    assert server.recipients == [["ada@example.org"]]


def test_two_messages_of_one_process_have_a_message_id_each(tmp_path: Path) -> None:
    with run_mail_server() as server, Sender(30.0) as sender:
        channel = make_channel(tmp_path, write_mailto(server.port))
        for number in range(2):
            assert sender.send(ask(channel, delivery_id=f"b007b007-{number}.1.ada.mail")).sent
    first, second = server.mails
    assert first["Message-ID"] != second["Message-ID"]
