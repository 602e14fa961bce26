"""Where nobody is to be told the hourly timer starts no alarm service; a datagram always does."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.systemd.unit_text import file_of, values

TIMER = "appliance-alarm.timer"
SETTINGS = "/etc/appliance/unit.toml"
NOBODY = '[unit]\nname = "gate"\n'


def may_start(trigger: str | None, settings: Path) -> bool:
    """As PID 1 runs the condition: `$$` is a dollar, quotes are its own."""
    (condition,) = values(file_of("appliance-alarm.service"), "ExecCondition")
    assert SETTINGS in condition
    words = shlex.split(condition.replace("$$", "$").replace(SETTINGS, str(settings)))
    environment = {"PATH": os.environ["PATH"]} | ({"TRIGGER_UNIT": trigger} if trigger else {})
    return subprocess.run(words, env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NOBODY, False),
        (NOBODY + "# [recipient.owner] tells somebody\n", False),
        ("", False),
        (NOBODY + '[recipient.owner]\nchannels = ["mail"]\n', True),
        (NOBODY + '  [ recipient . "owner" ]\n', True),
        ('recipient = {owner = {channels = ["mail"]}}\n', True),
        ('recipient.owner.channels = ["mail"]  # me\n', True),
    ],
)
def test_the_timer_starts_it_only_where_the_settings_name_a_recipient(
    tmp_path: Path, text: str, expected: bool
) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(text)
    assert may_start(TIMER, file) is expected


@pytest.mark.parametrize("trigger", [None, "appliance-alarm.socket"])
def test_whoever_rings_is_heard_also_where_nobody_is_named(
    tmp_path: Path, trigger: str | None
) -> None:
    file = tmp_path / "unit.toml"
    file.write_text(NOBODY)
    assert may_start(trigger, file)


@pytest.mark.parametrize("name", ["trailer.toml", "container.toml"])
def test_the_settings_of_the_examples_name_nobody(name: str) -> None:
    assert not may_start(TIMER, ROOT / "docs/examples" / name)
