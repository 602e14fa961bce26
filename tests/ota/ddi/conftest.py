"""A unit before a DDI server and a mirror on which releases 2 and 3 are published."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ota.manifest import LayerKind
from tests.stand_ins.ddi_server import DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.real_unit import make_world
from tests.stand_ins.recording_files import RecordingFiles

MakeUnit = Callable[..., DdiUnit]


@pytest.fixture
def server() -> Iterator[DdiServer]:
    with DdiServer() as one:
        yield one


@pytest.fixture
def make_unit(server: DdiServer, tmp_path: Path, prepared_database: Path) -> MakeUnit:
    """Makes a unit to which the director assigns release 2, with such layers; or one on a disk."""

    def make(
        kinds: tuple[LayerKind, ...] = (LayerKind.APP,), files: RecordingFiles | None = None
    ) -> DdiUnit:
        database = tmp_path / "unit.db"
        shutil.copy(prepared_database, database)
        world = make_world(kinds, ("2", "3"))
        unit = DdiUnit(
            files or RecordingFiles(),
            world=world,
            assigned="2",
            server=server.address,
            database=database,
        )
        if files is None:
            unit.begin()
        return unit

    return make


@pytest.fixture
def unit(make_unit: MakeUnit) -> DdiUnit:
    return make_unit()
