"""A unit that is updated, on a disk in memory: the real state machine, journal and layers, with
stand-ins for what is around them.

    unit = UpdatedUnit(files, offers=[good("2")])
    unit.run()                     # check-ins, restarts and all, until nothing more happens

Everything that a power cut leaves is in `files`: the update directory, and what the mainboard
keeps (the boot order). Reads and writes: `files`.
Never: keeps state of the unit in Python, but for the number of the boot.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from appliance.model import Stamp
from appliance.sections.network import UpdateSettings
from ota.errors import LinkError, SlotError
from ota.files import Files, replace
from ota.layers.layers import Layers
from ota.machine.engine import Engine
from ota.machine.gate import GateFacts
from ota.machine.journal import Journal
from ota.machine.offer_file import OfferFile
from ota.machine.ports import Payloads, Ports, Trust
from ota.machine.progress import Progress
from ota.machine.result import Wait
from ota.manifest import Layer, LayerKind, ReleaseManifest, format_manifest
from ota.offer import Offer
from ota.slots.slots import OnProgress, SlotsReport, SlotState, SlotStatus
from tests.stand_ins.simple_payloads import SimplePayloads

HOME = Path("/ota")
BOARD = Path("/board")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOST_RUNS = 400
TRIES = 3
FULL_BATTERY = GateFacts(
    local_time=time(12),
    soc_pct=80.0,
    charging_pct_per_h=0.0,
    energy_wh=800.0,
    reserve_wh=100.0,
    temperature_c=30.0,
    hold="",
    clock_trusted=True,
)


class RestartError(BaseException):
    """The computer restarts: the process is gone."""


def make_offer(
    release: str,
    *,
    sequence: int,
    kinds: tuple[LayerKind, ...] = (LayerKind.APP,),
    system: Layer | None = None,
) -> Offer:
    """An offer of a release with a layer of each kind; its content is its name. `system`: that of
    another release as well.
    """
    layers = tuple(make_layer(kind, release) for kind in kinds)
    layers += (system,) if system else ()
    manifest = ReleaseManifest(
        release=release,
        sequence=sequence,
        issued=NOON,
        machines=(),
        min_os=0,
        data_schema=9999,
        energy_wh=2.0,
        notes="",
        layers=layers,
    )
    data = format_manifest(manifest)
    return Offer(
        manifest=manifest,
        manifest_bytes=data,
        manifest_sha256=sha256(data).hexdigest(),
        wave="",
        until=None,
        allow_downgrade=False,
        source="a mirror",
    )


def make_layer(kind: LayerKind, release: str) -> Layer:
    digest = sha256(f"{kind.value} {release}".encode()).hexdigest()
    name = "people" if kind is LayerKind.MODEL else ""
    return Layer(kind, name, release, digest, 8, ())


@dataclass
class Board:
    """Two operating system slots and a boot loader that counts tries, kept in a file."""

    files: Files
    dead: frozenset[str] = frozenset()  # releases whose operating system does not come up

    def read(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.files.read(BOARD / "state", most_bytes=4096))
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        replace(self.files, BOARD / "state", json.dumps(state).encode())

    def begin(self, release: str) -> None:
        self.files.make_directory(BOARD)
        slots = {"a": release, "b": ""}
        self.write({"slots": slots, "booted": "a", "primary": "a", "tries": 0, "good": ["a"]})
        self.files.sync_directory(BOARD.parent)

    def boot(self) -> None:
        """What the firmware does: the tries of a slot on trial are counted down first."""
        state = self.read()
        chosen = state["primary"]
        while chosen not in state["good"]:
            if state["tries"] == 0 or not state["slots"][chosen]:
                chosen = state["good"][0]
                break
            state["tries"] -= 1
            if state["slots"][chosen] not in self.dead:
                break
        self.write({**state, "booted": chosen, "primary": chosen})

    # --- Slots ---------------------------------------------------------------------------------

    def examine(self) -> SlotsReport:
        state = self.read()
        slots = {name: self._describe(state, name) for name in state["slots"]}
        return SlotsReport(state["booted"], state["primary"], slots)

    def _describe(self, state: Mapping[str, Any], name: str) -> SlotStatus:
        release = state["slots"][name]
        if not release:
            return SlotStatus("", SlotState.EMPTY)
        trying = SlotState.TRYING if state["tries"] else SlotState.BAD
        return SlotStatus(release, SlotState.GOOD if name in state["good"] else trying)

    def check(self) -> None:
        """Nothing stands against it."""

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:
        if self.files.measure(image) is None:
            raise SlotError(f"{image} is missing", "image-missing")
        state = self.read()
        other = "b" if state["booted"] == "a" else "a"
        good = [one for one in state["good"] if one != other]
        slots = {**state["slots"], other: ""}
        self.write({**state, "slots": slots, "good": good})
        self.write({**self.read(), "slots": {**slots, other: release}})

    def arm(self) -> None:
        state = self.read()
        other = "b" if state["booted"] == "a" else "a"
        self.write({**state, "primary": other, "tries": TRIES})

    def commit(self) -> None:
        state = self.read()
        good = sorted({*state["good"], state["booted"]})
        self.write({**state, "good": good, "primary": state["booted"], "tries": 0})

    def fall_back(self) -> None:
        """The other one, as the protocol says: wrong where the old one runs already."""
        state = self.read()
        other = "b" if state["booted"] == "a" else "a"
        good = [one for one in state["good"] if one != state["booted"]]
        self.write({**state, "primary": other, "tries": 0, "good": good})


@dataclass
class SimpleTrust:
    """Gives the last of the offers that the link lets through; the ratchet is a file."""

    files: Files
    offers: list[Offer]
    linked: bool = True
    passed_over: str = ""
    paused: str = ""

    def ask(self, *, technician: bool = False) -> Offer | None:
        if not self.linked:
            raise LinkError("no mirror answers", "no-mirror")
        offer = self.offers[-1] if self.offers else None
        if offer is not None and offer.manifest.sequence < self.read_ratchet():
            return None
        return offer

    def commit(self, manifest: ReleaseManifest) -> None:
        sequence = max(manifest.sequence, self.read_ratchet())
        replace(self.files, HOME / "ratchet", str(sequence).encode())

    def read_ratchet(self) -> int:
        if self.files.measure(HOME / "ratchet") is None:
            return 0
        return int(self.files.read(HOME / "ratchet", most_bytes=20))


@dataclass
class UpdatedUnit:
    """`sick`: releases with which a service does not come up."""

    files: Files
    offers: list[Offer] = field(default_factory=list)
    sick: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    facts: GateFacts = FULL_BATTERY
    boot: int = 0
    uptime_s: float = 60.0
    linked: bool = True
    power_lost: bool = False
    restarts: int = 0
    heard: list[str] = field(default_factory=list)

    @property
    def layers(self) -> Layers:
        return Layers(HOME, self.files)

    @property
    def board(self) -> Board:
        return Board(self.files, self.dead)

    def begin(self, release: str = "1") -> None:
        """A unit that runs and has never been updated."""
        self.files.make_directory(HOME)
        self.board.begin(release)
        self.files.sync_directory(Path("/"))

    def make_trust(self) -> Trust:
        return SimpleTrust(self.files, self.offers, self.linked)

    def make_payloads(self) -> Payloads:
        return SimplePayloads(self.files, HOME)

    def make_engine(self) -> Engine:
        """What a check-in makes, anew each time."""
        ports = Ports(
            trust=self.make_trust(),
            payloads=self.make_payloads(),
            layers=self.layers,
            slots=self.board,
            health=self,
            unit=self,
            may_go_on=lambda: True,
        )
        journal = Journal(self.files, HOME / "journal.jsonl")
        offers = OfferFile(self.files, HOME / "offer.json")
        return Engine(ports, journal, offers, UpdateSettings())

    def check_in(self) -> Wait:
        """One check-in; a restart of the computer is one as well."""
        try:
            wait = self.make_engine().run()
        except RestartError:
            self.power_on()
            wait = Wait("restarted", again_s=1.0)
        self.uptime_s += wait.again_s or 1.0
        self.heard.append(wait.reason)
        return wait

    def run(self) -> Wait:
        """Check-ins until nothing more is to be expected."""
        engine = None
        for _ in range(MOST_RUNS):
            before = self.files_seen()
            try:
                engine = engine or self.make_engine()
                wait = engine.run()
            except RestartError:
                self.power_on()
                engine = None
                continue
            self.heard.append(wait.reason)
            self.uptime_s += 60.0 if wait.again_s else 1.0
            if wait.again_s is None and self.files_seen() == before:
                return wait
            engine = engine if wait.again_s else None
        raise AssertionError(f"it does not come to rest: {self.heard[-3:]}")

    def files_seen(self) -> bytes:
        path = HOME / "journal.jsonl"
        if self.files.measure(path) is None:
            return b""
        return self.files.read(path, most_bytes=10**8)

    def power_on(self) -> None:
        """A boot, after whatever ended the one before."""
        self.boot += 1
        self.uptime_s = 60.0
        self.board.boot()

    @property
    def progress(self) -> Progress:
        return Progress.fold(Journal(self.files, HOME / "journal.jsonl").read())

    @property
    def app(self) -> str:
        """The release of the app that services run now; "" for the installed one."""
        found = [one for one in self.layers.examine() if one.key.kind is LayerKind.APP]
        return self._name(found[0].current) if found else ""

    @property
    def committed_app(self) -> str:
        found = [one for one in self.layers.examine() if one.key.kind is LayerKind.APP]
        return self._name(found[0].committed) if found else ""

    def _name(self, digest: str) -> str:
        file = HOME / "content" / digest / "file"
        return self.files.read(file, most_bytes=99).decode() if digest else ""

    @property
    def system(self) -> str:
        """The release of the operating system that runs."""
        report = self.board.examine()
        return report.slots[report.booted].release

    @property
    def ratchet(self) -> int:
        return SimpleTrust(self.files, []).read_ratchet()

    # --- Unit and Health -------------------------------------------------------------------------

    def stamp(self) -> Stamp:
        utc = NOON + timedelta(days=self.boot, seconds=self.uptime_s)
        return Stamp(utc, f"{self.boot:08x}", self.uptime_s)

    def age_s(self, stamp: Stamp) -> float | None:
        return self.uptime_s - stamp.uptime_s if stamp.boot_id == f"{self.boot:08x}" else None

    def read_facts(self) -> GateFacts:
        return self.facts

    def find_refusal(self, manifest: ReleaseManifest) -> str:
        return ""

    def lost_power(self) -> bool:
        return self.power_lost

    def has_carrier(self) -> bool:
        return True

    def restart_services(self) -> None:
        self.restarts += 1

    def reboot(self) -> None:
        raise RestartError

    def measure(self) -> Mapping[str, Any]:
        return {"items": {"service power": ""}}

    def judge(self, baseline: Mapping[str, Any], began: Stamp) -> str:
        if self.app in self.sick or self.system in self.sick:
            return "not as before: service power (appliance-power.service does not report)"
        return ""
