"""A unit's directory, and `unitctl energy` typed at it.

Reads: standard output and standard error of the command. Writes: a settings file, a database.
Never: runs a service.
"""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.__main__ import main
from appliance.clock import SystemClock
from appliance.model import Stamp
from appliance.store.store import Store

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


class Unit:
    """A unit's directory, and `unitctl energy` to type at it. `now` is when the test began."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], database: Path) -> None:
        self.settings = directory / "unit.toml"
        self.settings.write_text(SETTINGS)
        self.database = directory / "data" / "unit.db"
        self._capsys = capsys
        self._stores: dict[str, Store] = {}
        self.database.parent.mkdir()
        shutil.copy(database, self.database)
        stamp = SystemClock().stamp()
        self.now = stamp.utc.replace(microsecond=0)
        self.stamp = replace(stamp, utc=self.now)

    def open_as(self, writer: str) -> Store:
        if writer not in self._stores:
            self._stores[writer] = Store(self.database, SystemClock(), writer)
        return self._stores[writer]

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def ago(self, back: timedelta) -> Stamp:
        return replace(
            self.stamp, utc=self.now - back, uptime_s=self.stamp.uptime_s - back.total_seconds()
        )

    def type(self, *words: str, command: str = "energy") -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `unitctl COMMAND WORDS`."""
        with pytest.raises(SystemExit) as left:
            main([command, *words, "--settings", str(self.settings)])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json")[1])
