"""The unit of real_unit.py whose releases a DDI server paces: the real face, cycle and rows.

    unit = DdiUnit(files, world=world, assigned="2", server=server.address)
    unit.check_in()                      # one whole check-in, which asks; the sentence of it

Reads and writes: `files`; rows in a database.
Never: keeps anything of the server in Python from one check-in to the next.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from appliance.log import SentenceLog
from appliance.model import EnergyBudget, Stamp
from appliance.store.store import Store
from ota.checkin.cycle import CheckInCycle
from ota.checkin.rows import UpdateRows
from ota.ddi.action_file import NAME, DdiFile, Kept
from ota.ddi.asking import Asking
from ota.ddi.connection import Connection
from ota.ddi.face import DdiFace
from ota.ddi.memory import DdiMemory
from ota.ddi.ports import PacedTrust
from ota.ddi.talk import Talk
from ota.ddi.telling import Telling
from ota.machine.engine import Engine
from ota.machine.gate import GateFacts
from ota.machine.orders import OrdersFile
from ota.machine.ports import Trust
from ota.push.heard import HintFiles
from ota.trust.client import TrustClient
from tests.stand_ins.ddi_server import TENANT, UNIT
from tests.stand_ins.real_unit import RealUnit
from tests.stand_ins.update_unit import HOME, RestartError


@dataclass
class UnitClock:
    """The unit's own time, as its services see it; what is waited for passes at once."""

    unit: "DdiUnit"

    def stamp(self) -> Stamp:
        return self.unit.stamp()

    def age_s(self, stamp: Stamp) -> float | None:
        return self.unit.age_s(stamp)

    def is_synchronized(self) -> bool:
        return True

    def wait(self, seconds: float, stop: Event) -> bool:
        self.unit.uptime_s += seconds
        return stop.is_set()

    def media_s(self) -> float:
        return self.unit.uptime_s

    def wait_media(self, seconds: float, stop: Event) -> bool:
        return self.wait(seconds, stop)


@dataclass
class DdiUnit(RealUnit):
    """`server`: its address, `token`: what is shown to it. `hold`: who at the unit holds updates,
    `stick`: the name of a mirror that a technician has brought.
    """

    server: str = ""
    database: Path = Path()
    token: str = ""
    hold: str = ""
    stick: str = ""
    read_token: Callable[[], str] | None = None
    face: DdiFace | None = field(default=None, init=False)

    @property
    def clock(self) -> UnitClock:
        return UnitClock(self)

    def pass_time(self, **span: float) -> None:
        self.uptime_s += timedelta(**span).total_seconds()

    @property
    def kept(self) -> Kept:
        return DdiFile(self.files, HOME / NAME).read()

    def give_budget(self, budget: EnergyBudget) -> None:
        """What the power service says."""
        store = Store(self.database, self.clock, "power")
        store.add(budget)
        store.close()

    def open_face(self) -> DdiFace:
        log = SentenceLog("checkin")
        read = self.read_token or (lambda: self.token)
        connection = Connection(self.server, TENANT, UNIT, read)
        memory = DdiMemory(DdiFile(self.files, HOME / NAME), log)
        talk = Talk(connection, lambda: self.stamp().utc, log)
        attributes = {"hw_boardname": "unit-x86-64", "hw_revision": "default"}
        telling = Telling(memory, talk, attributes, "unit", lambda: self.hold)
        return DdiFace(memory, Asking(memory, talk, telling), telling)

    def need_face(self) -> DdiFace:
        assert self.face is not None
        return self.face

    def make_trust(self) -> Trust:
        trust = super().make_trust()
        assert isinstance(trust, TrustClient)
        return PacedTrust(trust, self.need_face(), self.stick)

    def read_facts(self) -> GateFacts:
        return replace(self.facts, hold=self.hold or self.need_face().find_hold())

    def make_engine(self) -> Engine:
        engine = super().make_engine()
        face = self.need_face()
        face.progress = lambda: engine.progress
        engine.on_record = lambda record: face.hear(engine.progress, record)
        return engine

    def make_asking_engine(self, *, asks: bool) -> Engine:
        engine = self.make_engine()
        engine.asks = asks
        return engine

    def check_in(self, *, now: bool = True) -> Any:
        """One check-in, and those after the restarts that it orders."""
        while True:
            store = Store(self.database, self.clock, "checkin")
            try:
                return self.make_cycle(store, now=now).run()
            except RestartError:
                self.power_on()
            finally:
                store.close()

    def make_cycle(self, store: Store, *, now: bool) -> CheckInCycle:
        self.face = self.open_face()
        return CheckInCycle(
            clock=self.clock,
            stop=Event(),
            rows=UpdateRows(store, SentenceLog("checkin")),
            orders=OrdersFile(self.files, HOME),
            hints=HintFiles(self.files, HOME / "push.json", HOME / "hint-obeyed.json"),
            unit="u1",
            make_engine=self.make_asking_engine,
            find_received=lambda: ("a mirror", 0),
            now=now,
            server=self.face,
        )
