"""A unit's directory, and `unitctl energy` typed at it.

Reads: standard output and standard error of the command. Writes: a settings file, a database.
Never: runs a service.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.model import Stamp
from tests.appliance.commands import typed_unit

SETTINGS = """
[unit]
name = "hill 7"
data_dir = "data"
run_dir = "run"

[site]
longitude_deg = 0.0
timezone = "Europe/Berlin"

[panels]
peak_w = 60
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Unit(typed_unit.Unit):
    """A unit's directory, and `unitctl energy` to type at it. `now` is when the test began."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], database: Path) -> None:
        super().__init__(directory, capsys, database, SETTINGS)
        stamp = SystemClock().stamp()
        self.now = stamp.utc.replace(microsecond=0)
        self.stamp = replace(stamp, utc=self.now)

    def ago(self, back: timedelta) -> Stamp:
        return replace(
            self.stamp, utc=self.now - back, uptime_s=self.stamp.uptime_s - back.total_seconds()
        )

    def type(self, *words: str, command: str = "energy") -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `unitctl COMMAND WORDS`."""
        return super().type(command, *words)
