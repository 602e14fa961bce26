"""What the hourly timer runs rings where there is somebody to tell."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.alarms import hourly
from appliance.settings import Settings

OWNER = """
[recipient.owner]
channels = ["mail"]
[channel.mail]
address_file = "/etc/appliance/mail"
"""


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as found:
        (tmp_path / "run").mkdir()
        found.bind(str(tmp_path / "run/alarm.sock"))
        found.settimeout(0)
        yield found


def run(directory: Path, text: str) -> None:
    file = directory / "unit.toml"
    file.write_text(f'[unit]\ndata_dir = "data"\nrun_dir = "run"\n{text}')
    hourly.main(file)


def test_it_rings_where_the_settings_name_a_recipient(tmp_path: Path, bell: socket.socket) -> None:
    run(tmp_path, OWNER)
    assert bell.recv(8) == b""


def test_it_does_not_where_they_name_nobody(tmp_path: Path, bell: socket.socket) -> None:
    run(tmp_path, "# a recipient comes later\n")
    with pytest.raises(BlockingIOError):
        bell.recv(8)


def test_a_file_that_cannot_be_used_is_left_to_the_service_which_has_kept_the_last(
    tmp_path: Path, bell: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "alarm_socket", tmp_path / "run/alarm.sock")
    run(tmp_path, "recipient = = =\n")
    assert bell.recv(8) == b""
