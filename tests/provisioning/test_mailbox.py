"""The mailbox of `make run ALARMS=demo`: a real SMTP server, and the page that shows its mails."""

import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from provisioning.alarm_demo import make_demo
from provisioning.command import claim_port
from provisioning.free_ports import find_free_port
from provisioning.laptop import Laptop, RunRequest
from tests.conftest import ROOT
from tests.waiting import wait_until

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


@dataclass
class Running:
    smtp: int
    page: int

    def read(self, path: str = "/") -> bytes:
        with urlopen(f"http://127.0.0.1:{self.page}{path}", timeout=10) as answer:
            data: bytes = answer.read()
            return data

    def is_up(self) -> bool:
        try:
            return bool(self.read())
        except OSError:
            return False


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    ports = Running(find_free_port(), find_free_port())
    demo = make_demo(tmp_path, 8080, smtp_port=ports.smtp, page_port=ports.page)
    process = subprocess.Popen(demo.command, cwd=ROOT)
    try:
        wait_until(ports.is_up, "the mailbox", 30)
        yield ports
    finally:
        process.terminate()
        assert process.wait(20) == 0


def send(port: int, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "unit@demo.example", "owner@demo.example"
    mail.set_content(text)
    mail.add_attachment(JPEG, maintype="image", subtype="jpeg", filename="gate.jpg")
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(mail)


def test_a_mail_is_shown_with_its_picture_and_its_links(mailbox: Running) -> None:
    assert b"Nothing yet" in mailbox.read()
    send(mailbox.smtp, "first", "somebody")
    send(mailbox.smtp, "a person at <demo>", "Look: http://localhost:8080/#event=e1\n")
    page = mailbox.read().decode()
    assert page.index("a person at &lt;demo&gt;") < page.index("first")
    assert '<a href="http://localhost:8080/#event=e1">' in page
    assert mailbox.read("/000002.eml.jpg") == JPEG


@pytest.mark.parametrize("path", ["/000009.eml.jpg", "/../unit.toml", "/000001.eml/../x.jpg"])
def test_nothing_but_its_own_pictures_is_given_out(mailbox: Running, path: str) -> None:
    with pytest.raises(HTTPError, match="404"):
        mailbox.read(path)


def test_the_demonstrations_settings_are_sound_and_only_its_user_reads_the_addresses(
    tmp_path: Path,
) -> None:
    laptop = Laptop(RunRequest(240.0, 8080, tmp_path / "run", alarms=True))
    assert set(laptop.settings.recipient) == {"owner", "neighbour"}
    assert laptop.alarm_demo is not None
    for channel in laptop.settings.channel.values():
        assert channel.address_file is not None
        assert channel.address_file.stat().st_mode & 0o077 == 0
    plain = Laptop(RunRequest(240.0, 8080, tmp_path / "plain"))
    assert plain.settings.recipient == {}


@pytest.mark.processes
def test_the_demonstrations_unit_sends_to_its_mailbox(tmp_path: Path) -> None:
    noon = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
    wish = RunRequest(600, claim_port(0), tmp_path / "run", start=noon, alarms=True)
    with Laptop(wish) as laptop:
        assert laptop.alarm_demo is not None
        box = Running(0, laptop.alarm_demo.page_port)
        wait_until(
            lambda: b"the unit lives" in box.read(), "the first message of the demonstration"
        )
