"""A unit's directory, and `unitctl` as it is typed there."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from appliance.__main__ import main
from appliance.clock import SystemClock
from appliance.store.store import Store
from tests.conftest import CLIP
from tests.scenes import filled

SETTINGS = f"""
[unit]
name = "hill 7"
data_dir = "data"
run_dir = "run"

[camera.demo]
source = "{CLIP}"

[camera.gate]
source = "{filled.SECRET_URL}"
"""


class Unit:
    """A unit's directory with settings and database, and `unitctl` to type at it."""

    def __init__(
        self,
        directory: Path,
        capsys: pytest.CaptureFixture[str],
        prepared_database: Path,
        settings_text: str = SETTINGS,
    ) -> None:
        self.directory = directory
        self.settings = directory / "unit.toml"
        self.settings.write_text(settings_text)
        self.database = directory / "data" / "unit.db"
        self._capsys = capsys
        self._stores: dict[str, Store] = {}
        self.database.parent.mkdir()
        shutil.copy(prepared_database, self.database)

    def open_as(self, writer: str) -> Store:
        if writer not in self._stores:
            self._stores[writer] = Store(self.database, SystemClock(), writer)
        return self._stores[writer]

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def type(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `unitctl WORDS`."""
        with pytest.raises(SystemExit) as left:
            main([*words, "--settings", str(self.settings)])
        out, err = self._capsys.readouterr()
        return int(left.value.code or 0), out, err

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json")[1])
