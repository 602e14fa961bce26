"""What the engine sees of a DDI server: a director that says a release later, and a reason to hold.

    trust = PacedTrust(client, face, stick="file:///mnt/updates")
    trust.ask()                          # the offer, once the server has deployed that release

Reads: trust. Writes: nothing itself.
Never: offers what the signed metadata do not.
"""

from dataclasses import dataclass

from ota.ddi.face import DdiFace
from ota.ddi.judging import Asked
from ota.errors import UpdateError
from ota.manifest import ReleaseManifest
from ota.offer import Offer
from ota.trust.client import TrustClient


@dataclass(slots=True)
class PacedTrust:
    """`stick`: the name of the mirror that a technician has brought, "" for none."""

    inner: TrustClient
    face: DdiFace
    stick: str = ""
    withheld: str = ""

    @property
    def passed_over(self) -> str:
        return self.inner.passed_over

    @property
    def paused(self) -> str:
        return self.withheld or self.inner.paused

    def ask(self, *, technician: bool = False) -> Offer | None:
        """As `TrustClient.ask`; nothing where the server has not deployed it."""
        self.withheld = ""
        try:
            offer = self.inner.ask(technician=technician)
        except UpdateError as error:
            self.face.note(Asked(error=error))
            if not self.face.must_drop():
                raise
            self.withheld = self.face.tell_dropped()
            return None
        self.face.note(Asked(offer, self.inner.answer))
        if offer is not None:
            self.withheld = self.face.find_hindrance(offer, self.stick)
        return None if self.withheld else offer

    def commit(self, manifest: ReleaseManifest) -> None:
        self.inner.commit(manifest)
