"""What a unit fetches when it asks: nothing new, or another release; from a tree of 10,000 units.

Reads and writes: a fleet in a directory of its own, a web server on loopback.
Never: counts what a unit fetches the first time, which happens once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ota.disk import Disk
from ota.mirrors.web import WebMirror
from ota.release.releases.assignments import Assignment, assign
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.signing import Engineer
from tests.stand_ins.range_server import RangeServer

MOST_SINGLE = 2000  # units that have an entry of their own in one signing
UNIT = UnitIdentity("field-0", "all", "x86-64")


@dataclass(frozen=True, slots=True)
class Asked:
    """Bytes of metadata and manifest over HTTP, headers left out."""

    idle_bytes: int
    change_bytes: int


def measure(directory: Path, units: int, bins: int) -> Asked:
    clock = DemoClock(datetime.now(UTC))
    engineer = Engineer(directory / "fleet", clock)
    engineer.begin(bins)
    for release, sequence in (("2026.11", 11), ("2026.12", 12)):
        engineer.release(release, sequence)
    give(engineer, [f"field-{number}" for number in range(units)], "2026.11")
    with RangeServer(engineer.tree) as server:
        client = make_client(directory, engineer, server.address, clock)
        offer = client.ask()
        assert offer is not None
        client.commit(offer.manifest)
        client.ask()
        clock.advance(timedelta(hours=1))
        client.ask()
        idle_bytes = client.received_bytes
        give(engineer, ["field-0"], "2026.12")
        assert client.ask() is not None
        return Asked(idle_bytes, client.received_bytes)


def give(engineer: Engineer, units: list[str], release: str) -> None:
    with engineer.opened() as fleet:
        assign(fleet, units, Assignment(release))


def make_client(directory: Path, engineer: Engineer, address: str, clock: DemoClock) -> TrustClient:
    place = directory / "unit"
    (place / "trust").mkdir(parents=True)
    for root in (engineer.directory / "trust").glob("*-root.json"):
        (place / "trust" / root.name).write_bytes(root.read_bytes())
    return TrustClient(place, Disk(), (WebMirror(address),), UNIT, clock)
