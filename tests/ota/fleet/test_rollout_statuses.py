"""What rollouts are told of units: by the clock of the server, and a doubted one is no success."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ota.errors import RefusedError
from ota.fleet.registry.changes import revoke_unit
from ota.fleet.rollouts import read_statuses
from tests.ota.fleet.conftest import MakeUnit, ServerClock
from tests.stand_ins.fleet_unit import Application, copy_unit


def test_a_unit_is_told_as_it_reported_by_the_servers_clock(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    unit = make_unit("field-7", group="hills")
    unit.now -= timedelta(days=400)
    unit.report(failed_releases=["2026.12"], waits_for="energy")
    (status,) = read_statuses(engine).values()
    assert (status.name, status.group, status.running_release) == ("field-7", "hills", "2026.11")
    assert (status.failed_releases, status.waits_for) == (("2026.12",), "energy")
    assert status.reported_at == clock()


def test_a_unit_of_which_there_are_two_is_no_success(
    engine: Engine, make_unit: MakeUnit, server: Application, tmp_path: Path
) -> None:
    first = make_unit("field-7")
    first.report()
    second = copy_unit(first, tmp_path / "clone", server.post)
    first.report()
    second.now += timedelta(minutes=7)
    with pytest.raises(RefusedError):
        second.report()
    assert read_statuses(engine)["field-7"].running_release == ""


def test_a_unit_that_was_taken_out_is_in_no_rollout(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    make_unit("field-7").report()
    revoke_unit(engine, "field-7", "sold", clock())
    assert read_statuses(engine) == {}
