"""The unit that `unitctl energy` and `unitctl battery` are typed at."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from appliance.commands import GROUP
from tests.power.commands.energy_unit import Unit
from tests.power.plan.site_days import plain_sky


@pytest.fixture
def unit(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    prepared_database: Path,
) -> Iterator[Unit]:
    plugged = [EntryPoint(name, f"power.commands.{name}", GROUP) for name in ("energy", "battery")]
    monkeypatch.setattr("appliance.commands.list_plugins", lambda _: plugged)
    monkeypatch.setattr("power.commands.what_if.compute_clear_sky_w", plain_sky)
    made = Unit(tmp_path, capsys, prepared_database)
    yield made
    made.close()
