"""The fleet's own broker: a real mosquitto with the configuration that `fleet broker` makes, before
a real authority.

with FleetBroker(directory, engine) as broker:
    broker.enter("field-7", "hills")     # its certificate in a directory of its own
    broker.push("field-7")
"""

import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from ota.fleet.claims.authority import Authority, open_authority
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.push.broker import AUTHORITY, CONFIGURATION, OWN, OWN_KEY, BrokerPlace, tell
from ota.fleet.push.publishing import BrokerAddress, connect
from ota.fleet.receiver.app import create_receiver
from ota.push.hint import Hint, make_serial
from provisioning.free_ports import find_free_port
from tests.stand_ins.fleet_unit import Application, FleetUnit
from tests.stand_ins.mosquitto import listens
from tests.waiting import wait_until

HOST = "127.0.0.1"


@dataclass(slots=True)
class FleetBroker:
    """A context manager; `log`: what the broker says."""

    directory: Path
    engine: Engine
    port: int = field(default_factory=find_free_port)
    authority: Authority = field(init=False)
    place: BrokerPlace = field(init=False)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.authority = open_authority(self.directory / "ca", now())
        self.place = BrokerPlace(
            self.directory / "broker",
            self.authority,
            (HOST, "localhost"),
            self.port,
            HOST,
            "root" if os.geteuid() == 0 else "",
        )
        self.place.prepare(now())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        return self.directory / "broker.log"

    @property
    def address(self) -> BrokerAddress:
        place = self.place.directory
        return BrokerAddress(HOST, place / OWN, place / OWN_KEY, self.port, place / AUTHORITY)

    def start(self) -> None:
        self.refresh()
        with self.log.open("ab") as log:
            command = ["mosquitto", "-c", str(self.place.directory / CONFIGURATION)]
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        wait_until(lambda: listens(self.port), "the broker")

    def stop(self) -> None:
        """A clean end: retained messages are kept."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def refresh(self) -> bool:
        changed = self.place.refresh(self.engine, now())
        if changed and self.process is not None:
            tell(self.process.pid)
        return changed

    def enter(self, name: str, group: str = "all") -> FleetUnit:
        """A unit with its certificate, which the broker knows."""
        application = Application(create_receiver(self.engine, self.authority, now))
        directory = self.directory / "units" / name
        unit = FleetUnit(directory, name, application.post, group=group, now=now())
        unit.claim(make_token(self.engine, Wanted(name, group, unit.serial), now()))
        self.refresh()
        return unit

    def push(self, *topics: str, spread_s: float = 0.0) -> Hint:
        hint = Hint(make_serial(now()), spread_s)
        with connect(self.address) as publisher:
            publisher.publish(topics, hint)
        return hint


def now() -> datetime:
    return datetime.now(UTC)
