"""A house for the tests of each file; skipped where its environment was not made.

Reads: build/home-assistant. Writes: a directory of the tests.
Never: makes the environment: `make test-home-assistant` does.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home_assistant.house import House, list_what_lacks, open_house
from tests.real_pid1.needs import skip_where_missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all where something is missing."""
    skip_where_missing(items, HERE, list_what_lacks())


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened
