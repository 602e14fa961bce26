"""The real service, its real sending process and a real mail server."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.model import EnergyLevel
from appliance.model_alarms import Alarm, DeliveryState
from tests.conftest import ROOT
from tests.scenes import filled
from tests.stand_ins.alarm_process import AlarmProcess
from tests.stand_ins.mail_server import MailServer, run_mail_server
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def server() -> Iterator[MailServer]:
    with run_mail_server() as found:
        yield found


def mailto(server: MailServer) -> str:
    return f"mailto://unit:secret@127.0.0.1:{server.port}?from=unit@example.org&to=ada@example.org"


def test_an_event_is_mailed_with_its_picture_and_a_stop_is_clean(
    tmp_path: Path, server: MailServer
) -> None:
    with AlarmProcess(tmp_path, mailto(server)) as unit:
        picture = unit.settings.snapshots_dir / "2026-04-15/e1.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"\xff\xd8\xff\xe0" + bytes(9000) + b"\xff\xd9")
        with unit.open("power") as store:
            store.add(filled.budget(store.clock.stamp(), EnergyLevel.FULL))
        unit.see("e1", snapshot="snapshots/2026-04-15/e1.jpg")
        unit.wait_for_sent(1)
        (mail,) = server.mails
        assert mail["Subject"] == "gate: person at demo"
        (attached,) = list(mail.iter_attachments())
        assert attached.get_content() == picture.read_bytes()
        (delivery,) = unit.read_deliveries()
        assert 9000 < delivery.size_bytes < 40_000
        assert unit.stop() == 0


def test_what_was_stored_while_it_was_killed_is_sent_and_nothing_twice(
    tmp_path: Path, server: MailServer
) -> None:
    with AlarmProcess(tmp_path, mailto(server)) as unit:
        for number in range(6):
            unit.see(f"e{number}")
            unit.wait_for_sent(number // 2 * 2)
            unit.kill()
            unit.see(f"f{number}")
            unit.start()
        unit.wait_for_sent(12)
        ids = [mail["X-Alarm-Delivery"] for mail in server.mails]
        assert len(set(ids)) == 12
        assert len(ids) == 12


def test_a_server_that_was_away_gets_it_when_it_is_back(tmp_path: Path) -> None:
    with run_mail_server() as away:
        address = mailto(away)
    with AlarmProcess(tmp_path, address) as unit:
        unit.see("e1")

        def has_failed() -> bool:
            return any(one.attempts for one in unit.read_deliveries())

        wait_until(has_failed, "the first failure", 30)
        (delivery,) = unit.read_deliveries()
        assert delivery.state is DeliveryState.WAITING
        assert "secret" not in delivery.reason


def test_what_unitctl_says_is_acknowledged_the_service_has_stored(
    tmp_path: Path, server: MailServer
) -> None:
    with AlarmProcess(tmp_path, mailto(server)) as unit:
        unit.see("e1")
        unit.wait_for_sent(1)
        words = ["appliance", "alarms", "ack", "1", "--settings", str(unit.path)]
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith("alarm 1 is acknowledged by "), done.stderr
        with unit.open() as store:
            assert store.rows(Alarm)[0].acknowledged_by.endswith(" (unitctl)")


@pytest.mark.slow
def test_with_the_socket_of_pid_1_it_leaves_when_nothing_waits_and_comes_again(
    tmp_path: Path, server: MailServer
) -> None:
    unit = AlarmProcess(tmp_path, mailto(server))
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as door:
        door.bind(str(unit.settings.alarm_socket))
        unit.start(door)
        assert unit.process is not None
        unit.see("e1")
        unit.wait_for_sent(1)
        assert unit.process.wait(40) == 0
        unit.see("e2")
        unit.start(door)
        unit.wait_for_sent(2)
    unit.kill()
