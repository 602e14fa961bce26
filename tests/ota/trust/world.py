"""One unit before its mirrors: what the tests of trust share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ota.errors import UpdateError
from ota.mirrors.mirror import Mirror
from ota.offer import Offer
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.tuf_repositories import MemoryMirror, TufFleet

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OTA = Path("/var/lib/ota")
UNIT = UnitIdentity("u1", "farm", "x86-64")
OWN = f"units/{UNIT.name}"


class World:
    """`fleet` with releases old (sequence 1), good (2, committed) and new (3, assigned).

    `mirror`: how the unit sees the tree. `clock`: the unit's.
    """

    def __init__(self, *, starts: bool = True) -> None:
        self.clock, self.seconds = NOW, 0.0
        self.fleet = TufFleet(NOW)
        self.files = RecordingFiles()
        self.mirror = MemoryMirror("web", self.fleet.tree)
        put_roots(self.files, self.fleet)
        for sequence, name in enumerate(("old", "good", "new"), 1):
            self.fleet.release(name, sequence)
        self.fleet.assign(OWN, "good")
        self.fleet.publish(NOW)
        if starts:
            self.start()

    def start(self) -> None:
        """The unit has run `good` for a while; a day later `new` is assigned."""
        offer = self.ask()
        assert offer is not None
        self.make_client().commit(offer.manifest)
        self.pass_time(days=1)
        self.fleet.assign(OWN, "new")
        self.fleet.publish(self.clock)

    def pass_time(self, **span: float) -> None:
        self.clock += timedelta(**span)

    def make_client(self, mirrors: Sequence[Mirror] | None = None) -> TrustClient:
        return TrustClient(
            OTA,
            self.files,
            [self.mirror] if mirrors is None else mirrors,
            UNIT,
            lambda: self.clock,
            monotonic=lambda: self.seconds,
        )

    def ask(
        self, *, technician: bool = False, mirrors: Sequence[Mirror] | None = None
    ) -> Offer | None:
        return self.make_client(mirrors).ask(technician=technician)

    def refuse(self, *, technician: bool = False, mirrors: Sequence[Mirror] | None = None) -> str:
        """The reason code of the refusal, or what was accepted."""
        try:
            offer = self.ask(technician=technician, mirrors=mirrors)
        except UpdateError as error:
            return error.reason_code
        return f"accepted {offer.manifest.release}" if offer else "nothing"


def put_roots(files: RecordingFiles, fleet: TufFleet) -> None:
    """As a technician does."""
    files.make_directory(OTA / "trust")
    for name, data in fleet.roots.items():
        files.write(OTA / "trust" / f"{name}-root.json", data)
        files.sync(OTA / "trust" / f"{name}-root.json")
    for path in (OTA / "trust", OTA, *OTA.parents):
        files.sync_directory(path)
