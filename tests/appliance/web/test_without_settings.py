"""A unit whose settings are missing or wrong: the page says so, and is there once they are good."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from appliance.web import without_settings
from tests.appliance.web.test_web import free_port, settings_text
from tests.conftest import ROOT
from tests.waiting import wait_until

ACTIVATE = "systemd-socket-activate"
WRONG = "[unit]\nnmae = 'x'\n"
needs_activation = pytest.mark.skipif(
    shutil.which(ACTIVATE) is None, reason=f"needs {ACTIVATE} (Debian package systemd)"
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def page(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The service, started by the first visitor again and again as by PID 1."""
    loop = f'while true; do {ACTIVATE} -l 127.0.0.1:{port} "$@"; done'
    service = (sys.executable, "-m", "appliance.web", "--settings", str(tmp_path / "unit.toml"))
    with subprocess.Popen(
        ["bash", "-c", loop, "bash", *service],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        subprocess.run(["kill", "-TERM", "--", f"-{process.pid}"], check=True)


def ask(port: int, path: str = "/") -> tuple[int, str]:
    """Status and text; (0, "") while nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()


def answers(port: int, status: int, words: str) -> bool:
    found, text = ask(port)
    return found == status and words in text


@needs_activation
@pytest.mark.processes
@pytest.mark.usefixtures("page")
def test_the_page_waits_for_settings_and_is_there_once_they_are(tmp_path: Path, port: int) -> None:
    file = tmp_path / "unit.toml"
    none_yet = "This unit has no settings yet"
    wait_until(lambda: answers(port, 503, none_yet), "the page without settings")
    assert str(file) in ask(port)[1]
    assert ask(port, "/api/status")[0] == 503
    file.write_text(WRONG)
    wait_until(lambda: answers(port, 503, "unit.toml:2: unit.nmae is not a known key"), "the fault")
    file.write_text(settings_text(tmp_path, port))
    wait_until(lambda: answers(port, 200, "<title>test</title>"), "the page")


@needs_activation
@pytest.mark.processes
@pytest.mark.usefixtures("page")
def test_with_wrong_settings_the_page_goes_on_with_those_of_the_guard(
    tmp_path: Path, port: int
) -> None:
    good = settings_text(tmp_path, port)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/power.settings.toml").write_text(good)
    (tmp_path / "unit.toml").write_text(good.replace("idle_exit_s", "idle_exits"))
    wait_until(lambda: answers(port, 200, "<title>test</title>"), "the page")


@needs_activation
@pytest.mark.processes
@pytest.mark.usefixtures("page")
def test_while_a_unit_is_set_up_the_page_begins_anew_with_each_change_of_the_settings(
    tmp_path: Path, port: int
) -> None:
    """Also while somebody looks all the time: it never becomes idle."""
    file, part = tmp_path / "unit.toml", tmp_path / "part"
    text = settings_text(tmp_path, port, idle_exit_s=600)
    file.write_text(text)
    wait_until(lambda: answers(port, 200, "<title>test</title>"), "the page")
    part.write_text(text.replace('name = "test"', 'name = "Hut 12"'))
    part.replace(file)
    wait_until(lambda: answers(port, 200, "<title>Hut 12</title>"), "the page of the new name")


def test_a_stranger_s_name_is_refused_and_no_markup_of_the_file_gets_into_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[float] = []
    monkeypatch.setattr(signal, "setitimer", lambda _, seconds: timers.append(seconds))
    file = tmp_path / "unit.toml"
    file.write_text("[unit]\nname = '<b>'\n'<script>' = 1\n")
    client = without_settings.create_app(file).test_client()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
    answer = client.get("/")
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert timers == []


def test_the_page_says_which_settings_of_the_first_partition_were_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tmp_path / "provision-refused"
    refused.write_text("unit.toml: provision/unit.toml:3: charger is missing\nx<b>.txt: renamed\n")
    monkeypatch.setattr(without_settings, "PROVISION_REFUSED", refused)
    text = without_settings.create_app(tmp_path / "unit.toml").test_client().get("/").text
    assert "provision/unit.toml:3: charger is missing; x&lt;b&gt;.txt: renamed." in text
    refused.unlink()
    assert "Not taken" not in without_settings.find_sentence(tmp_path / "unit.toml")
