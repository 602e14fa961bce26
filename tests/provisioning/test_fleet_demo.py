"""Simulated units with the real updater: a release reaches all of them, a bad one stops itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.sections.network import FleetSettings
from ota.fleet.database.tables import rollout
from ota.fleet.registry.questions import count_fleet, reading
from ota.reporting.server import FleetServer
from provisioning.fleet_demo.__main__ import BAD, GOOD, MOST_DAYS, begun, show
from provisioning.fleet_demo.sites import GROUPS

UNITS = 30
NOWHERE = FleetSettings(server="http://127.0.0.1:9")


@pytest.mark.slow
def test_a_good_release_reaches_all_units_and_a_bad_one_only_the_first_wave(
    tmp_path: Path,
) -> None:
    with begun(tmp_path, UNITS, 0) as demo:
        summary = show(demo)
        tried = [one for one in demo.sites.units if one.has_failed]
        with reading(demo.engine) as connection:
            counts = count_fleet(connection, demo.clock.now)
            rows = connection.execute(select(rollout)).mappings().all()
    assert (summary.units, summary.committed) == (UNITS, UNITS)
    assert summary.stopped_by_itself
    assert [one.site.group for one in tried] != []
    assert len(tried) == summary.rolled_back <= len(GROUPS)  # 5 % of ten is one unit a group
    assert all(one.refusals == [] for one in demo.sites.units)
    assert counts["releases"] == {GOOD: UNITS}
    found = {row["name"]: json.loads(row["definition"]) for row in rows}
    assert {found[f"{GOOD}-{group}"]["state"] for group in GROUPS} == {"done"}
    assert {found[f"{BAD}-{group}"]["state"] for group in GROUPS} == {"stopped"}


def test_units_of_a_dead_fleet_server_go_on_and_are_heard_when_it_is_back(tmp_path: Path) -> None:
    with begun(tmp_path, 6, 0) as demo:
        demo.engineer.release("2026.6", 6)
        groups = [f"group:{one}" for one in GROUPS]
        demo.engineer.type("assign", *groups, "2026.6", "--fleet", demo.engineer.directory)
        servers = [one.server for one in demo.sites.units]
        for unit in demo.sites.units:
            unit.server = FleetServer(NOWHERE)
        demo.sites.run_until(lambda: False, timedelta(days=2))
        assert demo.count("2026.6") == 0
        assert all(one.progress.running_release == "2026.6" for one in demo.sites.units)
        for unit, server in zip(demo.sites.units, servers, strict=True):
            unit.server = server
        assert demo.sites.run_until(lambda: demo.count("2026.6") == 6, MOST_DAYS)
        assert all(one.refusals == [] for one in demo.sites.units)
