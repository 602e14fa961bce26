"""Where nobody is to be told the hourly timer starts no Python and no alarm service."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.systemd.unit_text import file_of, keys, values

HOURLY = "appliance-alarm-hourly.service"
SETTINGS = "/etc/appliance/unit.toml"
NOBODY = '[unit]\nname = "gate"\n'


def run_line(key: str, instead: dict[str, Path]) -> int:
    """A command of the unit as PID 1 runs it, with other paths."""
    (line,) = values(file_of(HOURLY), key)
    for path, other in instead.items():
        line = line.replace(path, str(other))
    return subprocess.run(shlex.split(line), check=False).returncode


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
    assert (run_line("ExecCondition", {SETTINGS: file}) == 0) is expected


@pytest.mark.parametrize("name", ["trailer.toml", "container.toml"])
def test_the_settings_of_the_examples_name_nobody(name: str) -> None:
    assert run_line("ExecCondition", {SETTINGS: ROOT / "docs/examples" / name}) == 1


def test_the_alarm_service_itself_has_no_condition() -> None:
    """A datagram that is not taken because of one would start it again and again."""
    conditions = [key for key in keys(file_of("appliance-alarm.service")) if "Condition" in key]
    assert conditions == []
