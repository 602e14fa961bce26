"""Wires one check-in: settings -> trust, payloads, layers, slots, health -> the engine.

Reads: settings, rows, orders. Writes: nothing itself.
Never: holds a rule.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from appliance.errors import ApplianceError, StoreError
from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_updates import CheckIn, LinkState
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.sentence import say
from ota.checkin.cycle import CheckInCycle
from ota.checkin.inspection import Inspection
from ota.checkin.payloads import DayPayloads
from ota.checkin.report import Reporter
from ota.checkin.rows import UpdateRows
from ota.checkin.server import open_server, pace
from ota.checkin.unit import ThisUnit, find_machine, hold_nothing
from ota.checkin.upkeep import Upkeep
from ota.checkin.volume import CountedMirror, Volume, sum_day
from ota.disk import Disk
from ota.errors import SlotError, UpdateError
from ota.health.health import TrialHealth
from ota.layers.layers import Layers
from ota.machine.engine import Engine
from ota.machine.journal import JOURNAL, Journal
from ota.machine.offer_file import COMMITTED, OfferFile
from ota.machine.orders import Orders, OrdersFile
from ota.machine.ports import Ports
from ota.machine.progress import Progress, Record
from ota.mirrors.directory import DirectoryMirror
from ota.mirrors.mirror import Mirror
from ota.mirrors.opening import open_mirror, open_mirrors
from ota.payload.store import ContentStore, Fetcher, Seed
from ota.push.heard import open_files
from ota.reporting.entry import find_certificate
from ota.reporting.file_names import PRIVATE
from ota.reporting.sender import ReportSender
from ota.reporting.sent import SentFile
from ota.reporting.server import FleetServer
from ota.reporting.tpm_tls import prepare_tls
from ota.reserve import RESERVE, Reserve, ReservedFiles
from ota.slots.find import find_slots
from ota.slots.slots import Slots
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient

if TYPE_CHECKING:
    from ota.ddi.face import DdiFace

MOST_ROWS = 5000  # of check-ins in a day: one for each 2 MB, and for each order
MB = 1_000_000
DAY_S = 86_400.0
START_S = 8.0  # real seconds until processes have ended and others have started


@dataclass(slots=True)
class Parts:
    """What one check-in is made of; `trust` is that of the newest engine."""

    settings: Settings
    store: Store
    log: SentenceLog
    stop: Event
    files: ReservedFiles = field(init=False)
    rows: UpdateRows = field(init=False)
    trust: TrustClient = field(init=False)
    volume: Volume = field(init=False)
    face: "DdiFace | None" = field(init=False)

    def __post_init__(self) -> None:
        reserve = Reserve(self.settings.update.dir / RESERVE, Disk())
        self.files = ReservedFiles(reserve.files, reserve)
        self.rows = UpdateRows(self.store, self.log)
        self.volume = Volume(self._note_volume)
        self.face = open_server(self.settings, self.store, self.log, self.files, self.volume.add)

    @property
    def orders(self) -> OrdersFile:
        return OrdersFile(self.files, self.settings.update.dir)

    def make_cycle(self, *, now: bool) -> CheckInCycle:
        """The check-in; `now`: mirrors are asked whether it is time to or not."""
        return CheckInCycle(
            clock=self.store.clock,
            stop=self.stop,
            rows=self.rows,
            orders=self.orders,
            hints=open_files(self.files, self.settings),
            unit=self.settings.unit.name,
            make_engine=self.make_engine,
            find_received=self.find_received,
            now=now,
            run_dir=self.settings.unit.run_dir,
            server=self.face,
        )

    def make_engine(self, *, asks: bool) -> Engine:
        """The engine as of now. Raises `UpdateError`."""
        directory, orders = self.settings.update.dir, self.orders.read()
        is_present = orders.has_technician(self.store.clock.stamp().utc)
        engine = Engine(
            self._make_ports(orders if is_present else Orders(), technician=is_present),
            Journal(self.files, directory / JOURNAL),
            OfferFile(self.files, directory / "offer.json"),
            self.settings.update,
            technician=is_present,
            asks=asks,
            least_real_s=START_S * self.settings.clock.speed,
        )
        engine.on_record = lambda record: self._hear(engine.progress, record)
        if self.face is not None:
            self.face.progress = lambda: engine.progress
        engine.on_share = lambda percent: self.rows.show_share(engine.progress, percent)
        return engine

    def _hear(self, progress: Progress, record: Record) -> None:
        self.rows.follow(progress, record)
        if self.face is not None:
            self.face.hear(progress, record)

    def _make_ports(self, orders: Orders, *, technician: bool) -> Ports:
        directory = self.settings.update.dir
        mirrors = self._open_mirrors(orders)
        self.trust = self._make_trust(mirrors)
        slots = find_slots(directory)
        content = ContentStore(directory, self.files.files)
        fetcher = Fetcher(content, mirrors, seeds=list_seeds(slots))
        return Ports(
            trust=pace(self.trust, self.face, orders.stick),
            payloads=self._make_payloads(fetcher, orders),
            layers=Layers(directory, self.files),
            slots=slots,
            health=TrialHealth(self.settings, self.store, directory / "pointers/app/current"),
            unit=self._make_unit(technician=technician),
            may_go_on=self.may_go_on,
        )

    def mend(self) -> None:
        """Put sound pointers in the place of damaged ones; keep room for the end of an update."""
        self.files.reserve.fill()
        try:
            for fault in Layers(self.settings.update.dir, self.files).mend():
                self.log.warning(fault)
        except OSError as error:
            self.log.warning(f"damaged pointers are not mended: {error}")

    def keep_whole(self) -> None:
        """Look once a day whether the committed release is as it was signed, and repair it."""
        directory, orders = self.settings.update.dir, self.orders.read()
        try:
            self.rows.damage = self._make_upkeep(directory, orders).run()
        except (UpdateError, OSError) as error:
            self.log.warning(f"it is not known whether the release is whole: {error}")

    def _make_upkeep(self, directory: Path, orders: Orders) -> Upkeep:
        content = ContentStore(directory, self.files.files)
        mirrors = self._open_mirrors(orders)
        self.trust = self._make_trust(mirrors)
        fetcher = Fetcher(content, mirrors)
        stamp = self.store.clock.stamp()
        return Upkeep(
            Inspection(self.files.files, directory, content.find_damage, stamp),
            self._make_payloads(fetcher, orders),
            Layers(directory, self.files),
            tuple(OfferFile(self.files, directory / name) for name in (COMMITTED, "offer.json")),
            Progress.fold(Journal(self.files, directory / JOURNAL).read()),
            self.may_go_on,
            self.log,
        )

    def report(self) -> None:
        """Write the signed report; what stands against it is logged, and stops nothing."""
        directory = self.settings.update.dir
        try:
            progress = Progress.fold(Journal(self.files, directory / JOURNAL).read())
            system = find_slots(directory).examine()
            running = system.slots.get(system.booted)
            reporter = Reporter(self.settings, self.store, self.files.files)
            self._send(reporter, progress, running.release if running else "")
        except (ApplianceError, OSError) as error:
            self.log.warning(f"no report is written: {error}")

    def _send(self, reporter: Reporter, progress: Progress, system: str) -> None:
        """Write the report, and send it where a server is set: a link that fails costs a line in
        the journal, a server that refuses the unit is a fault. Raises as `Reporter.write`.
        """
        sender = self._make_sender()
        trouble: UpdateError | None = None
        if sender is not None:
            trouble = find_trouble(sender.send_waiting)
        report = reporter.write(progress, system)
        if sender is not None:
            trouble = find_trouble(lambda: sender.send(report)) or trouble
            self.rows.note_report(trouble)

    def _make_sender(self) -> ReportSender | None:
        own, directory = self.settings.fleet, self.settings.update.dir
        if not own.server:
            return None
        now = self.store.clock.stamp().utc
        certificate = find_certificate(self.files.files, directory, now)
        if certificate and (trouble := prepare_tls(certificate, directory / PRIVATE)):
            self.log.warning(f"{trouble}; the report goes without it, by its signature alone")
            certificate = None
        server = FleetServer(own, certificate, directory / PRIVATE)
        return ReportSender(server, SentFile(self.files.files, directory))

    def may_go_on(self) -> bool:
        """Whether a download goes on: not without a budget, and not while the unit hibernates."""
        if self.stop.is_set():
            return False
        with suppress(StoreError):
            budget = self.store.latest(EnergyBudget)
            return budget is not None and budget.level >= EnergyLevel.SENTINEL
        return False

    def find_received(self) -> tuple[str, int]:
        """The mirror that answered, "" where none did; what came over the link, in bytes, as far as
        it was not noted yet.
        """
        return self.trust.answered_by, self.volume.take_unnoted()

    def _open_mirrors(self, orders: Orders) -> tuple[Mirror, ...]:
        mirrors = tuple(self._count(one) for one in open_mirrors(self.settings.update))
        if not orders.stick:
            return mirrors
        return (open_mirror(Path(orders.stick).as_uri(), self.settings.update), *mirrors)

    def _count(self, mirror: Mirror) -> Mirror:
        is_here = isinstance(mirror, DirectoryMirror)
        return mirror if is_here else CountedMirror(mirror, self.volume)

    def _note_volume(self, received_bytes: int) -> None:
        unit, text = self.settings.unit.name, say("a release is being fetched")
        mirror = self.trust.answered_by
        self.rows.note_check_in(unit, mirror=mirror, text=text, received_bytes=received_bytes)

    def _make_trust(self, mirrors: tuple[Mirror, ...]) -> TrustClient:
        own = self.settings
        identity = UnitIdentity(own.unit.name, own.update.group, find_machine())
        clock = self.store.clock
        return TrustClient(own.update.dir, self.files, mirrors, identity, lambda: clock.stamp().utc)

    def _make_unit(self, *, technician: bool) -> ThisUnit:
        host = Host(self.settings.host.systemctl)
        hold = self.face.find_hold if self.face is not None else hold_nothing
        return ThisUnit(self.settings, self.store, host, self.orders, technician, hold)

    def _make_payloads(self, fetcher: Fetcher, orders: Orders) -> DayPayloads:
        """Nothing comes over a mobile link whose month is used up, but from a stick."""
        used = False
        with suppress(StoreError):
            link = self.store.latest(LinkState, DAY_S)
            used = link is not None and link.waits and not orders.stick
        return DayPayloads(fetcher, self.volume, self._find_allowance(), used)

    def _find_allowance(self) -> int | None:
        """What may still come today over a metered link, bytes; None where it is not metered."""
        own = self.settings.update
        if not own.metered:
            return None
        with suppress(StoreError):
            rows = self.store.rows(CheckIn, limit=MOST_ROWS, newest_first=True)
            came = sum_day(rows, self.store.clock)
            return max(0, int(own.metered_day_mb * MB) - came)
        return 0  # what cannot be counted is not fetched


def find_trouble(act: Callable[[], None]) -> UpdateError | None:
    """What stands against it; None where it is done."""
    try:
        act()
    except UpdateError as error:
        return error
    return None


def list_seeds(slots: Slots) -> tuple[Seed, ...]:
    """The image in the running slot, from which a difference to the next one is applied; none where
    it was not installed by an update.
    """
    try:
        report = slots.examine()
    except SlotError:
        return ()  # told where an installation needs the slots
    own = report.slots.get(report.booted)
    if own is None or not own.sha256 or not own.device or not own.size_bytes:
        return ()
    return (Seed(own.sha256, own.size_bytes, Path(own.device)),)
