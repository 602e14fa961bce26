"""The sender beside a process that is killed, hangs, ends or answers nonsense."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.alarms.answer_files import read_ended
from appliance.alarms.channels import apprise_channel
from appliance.alarms.channels.requests import (
    SendAnswer,
    SendRequest,
    format_line,
    parse_answer,
)
from appliance.alarms.channels.sender import LIMIT_S, Sender
from tests.appliance.alarms.channels.requests_of_tests import ask, make_channel, send
from tests.stand_ins.mail_server import run_mail_server
from tests.stand_ins.webhook_server import WebhookServer
from tests.waiting import wait_until

OTHER = format_line(
    SendAnswer("other", sent=True, refused=False, text="sent", size_bytes=1)
).strip()
ECHO = "import sys; sys.stdin.readline(); "


@pytest.fixture
def request_(tmp_path: Path) -> SendRequest:
    return ask(make_channel(tmp_path, "json://127.0.0.1:9/alarms"))


def list_children() -> list[int]:
    """Processes of this one that send."""
    text = Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in text.split()}
    return [pid for pid, line in lines.items() if b"appliance.alarms.channels" in line]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print('{')", "answers nonsense"),
        ("print('x' * 1000000)", "answers nonsense"),
        ("print('[' * 60000)", "answers nonsense"),
        ("any(sys.stdout.write('x' * 65536) and 0 for _ in iter(int, 1))", "answers nonsense"),
        ("print('{\"delivery_id\": 7}')", "answers nonsense"),
        ("raise SystemExit(3)", "ended (exit code 3)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended (SIGKILL)"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
        (f"print({OTHER!r})", "answers another request"),
    ],
)
def test_whatever_the_process_does_the_message_can_be_tried_again(
    request_: SendRequest, program: str, expected: str
) -> None:
    with Sender(1.0, (sys.executable, "-c", ECHO + program)) as sender:
        answer = sender.send(request_)
    assert (answer.sent, answer.refused, answer.unsure) == (False, False, True)
    assert answer.delivery_id == request_.delivery_id
    assert expected in answer.text


def test_a_process_that_cannot_be_started_is_said(request_: SendRequest) -> None:
    with Sender(1.0, ("/nowhere/python",)) as sender:
        answer = sender.send(request_)
    assert (answer.sent, answer.unsure) == (False, False)
    assert "No such file or directory" in answer.text


def test_a_process_that_is_killed_under_way_fails_its_message_and_no_other(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(30.0) as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        server.hangs = True

        def kill() -> None:
            wait_until(lambda: bool(server.received), "the message", 20.0)
            for pid in list_children():
                os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        answer = sender.send(request)
        killer.join()
    assert "ended (SIGKILL)" in answer.text
    with WebhookServer() as server, Sender(30.0) as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        assert sender.send(request).sent


def test_a_batch_is_cancelled_in_the_middle_and_leaves_no_process(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(60.0) as sender:
        server.hangs = True
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))

        def cancel() -> None:
            wait_until(lambda: bool(server.received), "the message", 20.0)
            sender.cancel()

        thread = threading.Thread(target=cancel)
        began_s = time.monotonic()
        thread.start()
        answer = sender.send(request)
        thread.join()
        assert time.monotonic() - began_s < 20.0
        assert "the service is ended" in answer.text
        assert sender.find_trouble("any other") == "the service is ended: it is tried again"
        assert not sender.send(request).sent
    assert list_children() == []


def test_many_messages_go_through_one_process(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(30.0) as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        assert sender.send(request).sent
        children = list_children()
        for _ in range(100):
            assert sender.send(request).sent
        assert list_children() == children
        assert len(children) == 1
        status = Path(f"/proc/{children[0]}/status").read_text()
    assert len(server.received) == 101
    memory_kb = int(status.partition("VmRSS:")[2].split()[0])
    assert memory_kb < 80_000


def test_ten_thousand_messages_to_a_server_that_hangs_cost_one_limit(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(limit_s=2.0) as sender:
        server.hangs = True
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        began_s = time.monotonic()
        answers = [sender.send(replace(request, delivery_id=f"{n}")) for n in range(10_000)]
        assert time.monotonic() - began_s < 10.0
    assert len(server.received) == 1
    assert [one.delivery_id for one in answers] == [str(n) for n in range(10_000)]
    assert not any(one.sent or one.refused for one in answers)


def test_a_message_without_an_end_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    channel = make_channel(tmp_path, "json://127.0.0.1:9/alarms")
    with Sender(5.0) as sender:
        answer = sender.send(ask(channel, body="x" * 70_000))
    assert answer.refused
    assert "more than 65536 bytes" in answer.text


def test_only_the_plugin_of_the_address_is_loaded(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(30.0) as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        assert sender.send(request).sent
        (child,) = list_children()
        assert "onnxruntime" not in Path(f"/proc/{child}/maps").read_text()
        memory_kb = int(Path(f"/proc/{child}/status").read_text().partition("VmRSS:")[2].split()[0])
    assert memory_kb < 60_000


SERVICE = """
import sys
from pathlib import Path
from appliance.alarms.channels.requests import parse_request
from appliance.alarms.channels.sender import LIMIT_S, Sender
with Sender(answers=Path(sys.argv[1])) as sender:
    print(sender.send(parse_request(sys.argv[2].encode())).text, flush=True)
"""


@contextmanager
def run_service(request: SendRequest, answers: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that sends one message, as the service does."""
    words = (sys.executable, "-c", SERVICE, str(answers), format_line(request))
    with subprocess.Popen(words, stdout=subprocess.PIPE) as service:
        yield service
        service.kill()


def read_whole(answers: Path) -> list[SendAnswer]:
    """The answers, once no process has a message in hand."""
    with answers.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return [parse_answer(line) for line in file if line.strip()]


def test_what_was_sent_is_known_after_a_kill_of_the_service(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    with WebhookServer() as server:
        server.hangs = True
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        with run_service(request, answers) as service:
            wait_until(lambda: bool(server.received), "the message", 20.0)
            service.kill()
            service.wait()
        server.released.set()
        (answer,) = read_whole(answers)
    assert answer.sent
    assert answer.delivery_id == request.delivery_id
    assert len(server.received) == 1


def test_a_message_in_hand_is_finished_when_the_sending_process_is_told_to_end(
    tmp_path: Path,
) -> None:
    answers = tmp_path / "answers"
    with WebhookServer() as server, Sender(30.0, answers=answers) as sender:
        server.hangs = True
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))

        def cancel() -> None:
            wait_until(lambda: bool(server.received), "the message", 20.0)
            sender.cancel()
            server.released.set()

        thread = threading.Thread(target=cancel)
        thread.start()
        answer = sender.send(request)
        thread.join()
        assert answer.sent, answer.text
        assert not sender.send(request).sent
    assert read_whole(answers) == [answer]
    assert len(server.received) == 1


def test_an_idle_sending_process_ends_at_once_when_it_is_told_to(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(30.0, answers=tmp_path / "answers") as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        assert sender.send(request).sent
        sender.cancel()
        wait_until(lambda: list_children() == [], "the end of the process", 10.0)


def test_answers_are_given_also_where_they_cannot_be_kept(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "answers"
    for answers in (nowhere, Path("/dev/full"), tmp_path):
        with WebhookServer() as server, Sender(30.0, answers=answers) as sender:
            request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
            assert sender.send(request).sent


def test_a_request_that_cannot_be_read_is_refused_and_the_next_one_sent(tmp_path: Path) -> None:
    with WebhookServer() as server, Sender(30.0) as sender:
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        broken = sender.send(replace(request, body="half a sign: \ud83d", channel="other"))
        assert broken.refused
        assert broken.delivery_id == request.delivery_id
        assert "the request is wrong" in broken.text
        assert sender.send(request).sent


def test_a_sending_process_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home))
    with run_mail_server() as mail, WebhookServer() as server, Sender(30.0) as sender:
        address = f"mailto://u:secret@127.0.0.1:{mail.port}?from=u@example.org&to=a@example.org"
        assert sender.send(ask(make_channel(tmp_path, address))).sent
        request = ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms"))
        assert sender.send(request).sent
    assert list(home.iterdir()) == []


def test_the_sending_process_runs_the_code_of_its_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update: the path leads to another release."""
    other = tmp_path / "other" / "appliance"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit(9)\n")
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    monkeypatch.chdir(tmp_path)
    with WebhookServer() as server:
        answer = send(ask(make_channel(tmp_path, f"json://127.0.0.1:{server.port}/alarms")))
    assert answer.sent, answer.text


def test_a_process_holds_the_lock_before_it_runs_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "own.answers"
    command = (sys.executable, "-c", "import sys; sys.stdin.read()")
    with Sender(command=command, answers=file) as sender:
        sender._start()
        assert read_ended(file) is None
    assert read_ended(file) == []


def test_a_server_has_a_minute_to_say_that_it_has_taken_a_mail() -> None:
    assert apprise_channel.READ_S >= 60.0
    assert apprise_channel.CONNECT_S + apprise_channel.READ_S < LIMIT_S
