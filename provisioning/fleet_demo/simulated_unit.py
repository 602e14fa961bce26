"""One simulated unit: the real updater (trust, engine, journal, layers, downloads) and the real
sender of reports, in a directory of its own. Made up is what is around them: sun, battery, sleep,
and whether a release works.

    unit = SimulatedUnit(site, directory, server, mirror, clock)
    unit.claim(token, clock.now)
    unit.check_in()                     # asks, goes on with an update, reports

Reads: a mirror, the fleet's receiver. Writes: its directory.
Never: decides about a release: the engine does.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.model_updates import UpdateStep
from appliance.sections.network import UpdateSettings
from ota.checkin.payloads import DayPayloads
from ota.checkin.rate import find_next
from ota.checkin.volume import Volume
from ota.disk import Disk
from ota.errors import LinkError, RefusedError
from ota.layers.layers import Layers
from ota.machine.engine import Engine
from ota.machine.journal import JOURNAL, Journal
from ota.machine.offer_file import OfferFile
from ota.machine.ports import Ports
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.mirrors.mirror import Mirror
from ota.payload.store import ContentStore, Fetcher
from ota.reporting.claim import Claim, claim
from ota.reporting.sender import ReportSender
from ota.reporting.sent import SentFile
from ota.reporting.server import FleetServer
from ota.slots.none import NoSlots
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.surroundings import Around, Site, find_sunrise
from provisioning.fleet_demo.unit_report import Told, sign_report

MACHINE = "x86-64"


class UnsyncedDisk(Disk):
    """A disk whose power is never cut: a thousand units on one computer wait for nothing."""

    def sync(self, path: Path) -> None:
        """Nothing to wait for."""

    def sync_directory(self, path: Path) -> None:
        """Nothing to wait for."""


@dataclass(slots=True)
class SimulatedUnit:
    """`server`: None where it reports nothing. `next_at`: when it is at work again."""

    site: Site
    directory: Path
    server: FleetServer
    mirror: Mirror
    next_at: datetime
    broken: frozenset[str] = frozenset()
    progress: Progress = field(default_factory=Progress)
    refusals: list[str] = field(default_factory=list)

    @property
    def serial(self) -> str:
        return f"box-{self.site.name}"

    def trust(self, roots: Path) -> None:
        """What a technician puts there."""
        place = self.directory / "trust"
        place.mkdir(parents=True, exist_ok=True)
        for root in roots.glob("*-root.json"):
            shutil.copy(root, place)

    def claim(self, token: str, now: datetime) -> None:
        request = Claim(token, self.serial)
        claim(self.server, UnsyncedDisk(), self.directory, request, now)

    def check_in(self, now: DemoClock) -> None:
        """One check-in, its report, and when the next one is."""
        clock = now.fork()
        level = self.site.find_level(clock.now)
        sleeps_until = find_sunrise(clock.now) if level is EnergyLevel.HIBERNATE else None
        wait = self._update(clock)
        self._report(Told(self.site, clock, self.progress, wait, sleeps_until))
        self.next_at = sleeps_until or find_next(now.now, level, self.site.name)

    def _update(self, clock: DemoClock) -> Wait:
        around = Around(self.site, clock, self.broken)
        engine = self._make_engine(clock, around)
        while True:
            around.release = engine.progress.release
            try:
                wait = engine.run()
            except LinkError as error:
                wait = Wait(str(error), "link")
            self.progress = engine.progress
            if wait.again_s is None:
                return wait
            clock.advance(timedelta(seconds=wait.again_s))

    def _make_engine(self, clock: DemoClock, around: Around) -> Engine:
        files = UnsyncedDisk()
        identity = UnitIdentity(self.site.name, self.site.group, MACHINE)
        content = ContentStore(self.directory, files)
        ports = Ports(
            trust=TrustClient(self.directory, files, (self.mirror,), identity, clock),
            payloads=DayPayloads(Fetcher(content, (self.mirror,)), Volume(lambda _: None)),
            layers=Layers(self.directory, files),
            slots=NoSlots(),
            health=around,
            unit=around,
            may_go_on=lambda: True,
        )
        offers = OfferFile(files, self.directory / "offer.json")
        engine = Engine(ports, Journal(files, self.directory / JOURNAL), offers, UpdateSettings())

        def follow(_: object) -> None:
            around.release = engine.progress.release

        engine.on_record = follow
        return engine

    def _report(self, told: Told) -> None:
        sender = ReportSender(self.server, SentFile(UnsyncedDisk(), self.directory))
        with suppress(LinkError):
            try:
                sender.send_waiting()
                sender.send(sign_report(UnsyncedDisk(), self.directory, told))
            except RefusedError as error:
                self.refusals.append(error.reason_code)

    @property
    def has_failed(self) -> bool:
        """Whether a release was taken back here."""
        return bool(self.progress.failures)

    @property
    def is_idle(self) -> bool:
        return self.progress.step is UpdateStep.IDLE
