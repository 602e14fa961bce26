"""`make fleet-demo`: simulated units, a good and a bad release in waves, the fleet's page live.

Reads: nothing. Writes: build/fleet-demo; a summary in JSON as the last line.
Never: reaches out of this computer.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from appliance.errors import ApplianceError
from appliance.parsing.arguments import PATH
from appliance.sections.network import FleetSettings
from ota.fleet.claims.authority import open_authority
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.database.opening import open_database
from ota.fleet.operator.app import create_operator_app
from ota.fleet.receiver.app import create_receiver
from ota.fleet.rollouts import go_on, read_statuses
from ota.fleet.serve.applications import listening
from ota.mirrors.directory import DirectoryMirror
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR
from ota.release.rollouts.definition import RolloutState
from ota.release.rollouts.entries import find_definition
from ota.reporting.server import FleetServer
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.signing import Engineer
from provisioning.fleet_demo.simulated_unit import SimulatedUnit
from provisioning.fleet_demo.sites import GROUPS, Sites, make_sites
from provisioning.runner import ROOT

BEGIN = datetime(2026, 6, 1, 5, tzinfo=UTC)
FIRST, GOOD, BAD = "2026.6", "2026.7", "2026.8"
BINS = 16
WAVES = ("--waves", "5%,30%,100%", "--success", "90", "--failures", "5", "--soak", "2h")
MOST_DAYS = timedelta(days=12)
HOST, PORT = "127.0.0.1", 8090


@dataclass(slots=True)
class Demo:
    """`said`: what the worker has told."""

    engine: Engine
    engineer: Engineer
    clock: DemoClock
    sites: Sites
    said: list[str] = field(default_factory=list)

    def work(self) -> None:
        """What the worker of the fleet's server does each minute."""
        with self.engineer.opened() as fleet:
            for line in go_on(fleet, self.engine, self.engineer.tree):
                print(f"{self.clock.now:%d %b %H:%M}  {line}", flush=True)
                self.said.append(line)

    def find_state(self, rollout: str) -> RolloutState:
        with self.engineer.opened() as fleet:
            entries = read_entries(fleet.read_state(DIRECTOR))
        return find_definition(entries, rollout).state

    def count(self, release: str) -> int:
        """How many units run it, by what they have reported."""
        statuses = read_statuses(self.engine).values()
        return sum(one.running_release == release for one in statuses)

    def begin(self, rollout: str, *, release: str, group: str) -> None:
        words = ("rollout", "start", rollout, release, "--group", group, *WAVES)
        print(self.engineer.type(*words, "--fleet", self.engineer.directory).strip(), flush=True)

    def has_ended(self, *rollouts: str) -> bool:
        return not any(self.find_state(one).is_live for one in rollouts)


@contextmanager
def begun(directory: Path, count: int, port: int) -> Iterator[Demo]:
    """A fleet whose units have entered and have the first release assigned."""
    shutil.rmtree(directory, ignore_errors=True)
    clock = DemoClock(BEGIN)
    engineer = Engineer(directory / "fleet", clock)
    engineer.begin(BINS)
    engine = open_database(f"sqlite:///{engineer.directory / 'fleet.db'}")
    authority = open_authority(engineer.directory / "ca", clock.now)
    receiver = create_receiver(engine, authority, clock)
    with (
        listening(receiver, host=HOST, port=0) as server,
        listening(create_operator_app(engine, clock), host=HOST, port=port) as page_server,
    ):
        address, page = (f"http://{HOST}:{one.effective_port}" for one in (server, page_server))
        print(f"the fleet's page: {page}/  (API: {page}/api/v1/fleet)", flush=True)
        units = enter(directory, engineer, engine, address, count)
        demo = Demo(engine, engineer, clock, Sites(units, clock, lambda: None))
        demo.sites.go_on = demo.work
        yield demo
    engine.dispose()


def enter(
    directory: Path, engineer: Engineer, engine: Engine, address: str, count: int
) -> list[SimulatedUnit]:
    server, mirror = FleetServer(FleetSettings(server=address)), make_mirror(engineer.tree)
    units = []
    for site in make_sites(count):
        place = directory / "units" / site.name
        unit = SimulatedUnit(site, place, server, mirror, BEGIN, frozenset((BAD,)))
        unit.trust(engineer.directory / "trust")
        wanted = Wanted(site.name, site.group, unit.serial)
        now = engineer.clock.now
        unit.claim(make_token(engine, wanted, now), now)
        units.append(unit)
    return units


def make_mirror(tree: Path) -> DirectoryMirror:
    return DirectoryMirror(tree.absolute().as_uri())


@dataclass(frozen=True, slots=True)
class Summary:
    """`committed`: units that run the good release at the end; `rolled_back`: that took a release
    back; `stopped_by_itself`: each rollout of the bad one.
    """

    units: int
    committed: int
    rolled_back: int
    stopped_by_itself: bool


def show(demo: Demo) -> Summary:
    """Both releases; the summary."""
    engineer = demo.engineer
    engineer.release(FIRST, 6)
    groups = [f"group:{one}" for one in GROUPS]
    engineer.type("assign", *groups, FIRST, "--fleet", engineer.directory)
    demo.sites.run_until(lambda: demo.count(FIRST) == len(demo.sites.units), MOST_DAYS)
    for release, sequence in ((GOOD, 7), (BAD, 8)):
        engineer.release(release, sequence)
        rollouts = [f"{release}-{group}" for group in GROUPS]
        for rollout, group in zip(rollouts, GROUPS, strict=True):
            demo.begin(rollout, release=release, group=group)
        demo.sites.run_until(lambda names=tuple(rollouts): demo.has_ended(*names), MOST_DAYS)  # type: ignore[misc]
    bad = [demo.find_state(f"{BAD}-{group}") for group in GROUPS]
    return Summary(
        units=len(demo.sites.units),
        committed=demo.count(GOOD),
        rolled_back=sum(unit.has_failed for unit in demo.sites.units),
        stopped_by_itself=all(one is RolloutState.STOPPED for one in bad),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="fleet-demo", description=__doc__.partition("\n")[0])
    parser.add_argument("--dir", type=PATH, default=ROOT / "build/fleet-demo")
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--port", type=int, default=PORT, help="of the page; 0 for any")
    parser.add_argument("--stay", action="store_true", help="let the page stay until Ctrl-C")
    options = parser.parse_args()
    try:
        with begun(Path(options.dir), options.units, options.port) as demo:
            summary = show(demo)
            if options.stay:
                print("the page stays until Ctrl-C", flush=True)
                with suppress(KeyboardInterrupt):
                    time.sleep(86_400)
        print(json.dumps(asdict(summary)))
    except ApplianceError as error:
        sys.exit(f"fleet-demo: {error}")


if __name__ == "__main__":
    main()
