"""Schemathesis asks the API whatever its description allows, and much that it does not."""

import sys
from pathlib import Path

import pytest

from appliance.web.openapi import build_document
from tests.integrations.conftest import run_program

CONFIG = Path(__file__).with_name("schemathesis.toml")
OPERATIONS = len(build_document()["paths"]) - 1  # each has one; its own address is not asked
EXAMPLES = 25


@pytest.mark.processes
@pytest.mark.slow
def test_the_api_is_as_its_description_says(
    address: str, environment: dict[str, str], tmp_path: Path
) -> None:
    words = (
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{address}/api/openapi.json", "--max-examples", str(EXAMPLES)),
        *("--workers", "1", "--seed", "1", "--request-timeout", "120"),
    )
    done = run_program(words, environment, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"Tested: {OPERATIONS}\n" in done.stdout, done.stdout[-3000:]
