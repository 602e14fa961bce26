"""Schemathesis asks the API whatever its description allows, and much that it does not."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance import settings_file
from appliance.access.acts import list_acts
from appliance.access.database import AccessFile
from appliance.access.roles import Role
from appliance.access.tokens import add_token
from appliance.clock import SystemClock
from appliance.web.openapi import build_document
from ota.fleet.database.opening import open_database
from ota.fleet.operator.openapi import build_document as build_fleet_document
from tests.integrations.conftest import run_program
from tests.scenes.fleet_rows import fill, fill_hostile
from tests.stand_ins.fleet_page import fleet_page

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 25


def count_operations(document: dict[str, Any]) -> int:
    """Each path has one; the document's own address is not asked."""
    return len(document["paths"]) - 1


def ask_everything(
    address: str, environment: dict[str, str], directory: Path, count: int, *headers: str
) -> None:
    words = (
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{address}/api/openapi.json", "--max-examples", str(EXAMPLES)),
        *("--workers", "1", "--seed", "1", "--request-timeout", "120"),
        *(word for header in headers for word in ("--header", header)),
    )
    done = run_program(words, environment, directory)
    assert done.returncode == 0, done.stdout[-16000:] + done.stderr[-2000:]
    assert f"Tested: {count}\n" in done.stdout, done.stdout[-3000:]


@pytest.mark.processes
@pytest.mark.slow
def test_the_api_is_as_its_description_says(
    address: str, unit: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """As a technician's script: its orders are carried out."""
    file = AccessFile(settings_file.load_settings(unit).access_file, SystemClock())
    who = f"Authorization: Bearer {add_token(file, 'schemathesis', Role.TECHNICIAN)}"
    ask_everything(address, environment, tmp_path, count_operations(build_document()), who)
    assert {"done", "refused"} <= {one.outcome for one in list_acts(file, 1000)}


@pytest.mark.processes
@pytest.mark.slow
def test_the_json_of_the_fleet_is_as_its_description_says(
    environment: dict[str, str], tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'fleet.db'}"
    engine = open_database(database)
    fill(engine, 50, datetime.now(UTC))
    fill_hostile(engine, datetime.now(UTC))
    engine.dispose()
    with fleet_page(database) as address:
        count = count_operations(build_fleet_document())
        ask_everything(address, environment, tmp_path, count)
