"""`settings --check` knows what the MQTT service would end with."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.mqtt.settings_check import check
from appliance.settings import Settings


def find(settings: Settings, **changes: object) -> list[str]:
    own = replace(settings.mqtt, host="broker", **changes)  # type: ignore[arg-type]
    return [f"{one.where[-1]} {one.text}" for one in check(replace(settings, mqtt=own))]


def test_a_password_that_can_be_read_beside_a_user_is_fine(
    settings: Settings, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    assert find(settings, user="unit", password_file=password) == []
    assert find(settings) == []


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 5000])
def test_a_password_that_cannot_be_used_is_said(
    settings: Settings, tmp_path: Path, content: bytes | None
) -> None:
    password = tmp_path / "password"
    if content is not None:
        password.write_bytes(content)
    (found,) = find(settings, user="unit", password_file=password)
    assert "the password of the MQTT broker cannot be read" in found


def test_a_pipe_is_no_password_and_is_not_waited_for(settings: Settings, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in find(settings, user="unit", password_file=tmp_path / "pipe")[0]


def test_a_password_without_a_user_is_said(settings: Settings, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    assert find(settings, password_file=password) == ["password_file needs a `user` beside it"]
