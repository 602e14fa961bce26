"""Asks the mirrors, in order, which release is meant for this unit: an offer, nothing, or why not.

    client = TrustClient(directory, files, mirrors, unit, now)
    offer = client.ask()                # None: client.answer says why there is nothing to do
    client.commit(offer.manifest)       # only at COMMIT: moves the ratchet

Reads: metadata and one manifest from mirrors, the store. Writes: the store.
Never: trusts a mirror; hands out what the two repositories do not both sign; lets a clock that runs
behind bring an old release back.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from appliance.wording.sentence import join_sentences, say
from ota.errors import LinkError, TrustError, UpdateError
from ota.files import Files
from ota.manifest import ReleaseManifest
from ota.mirrors.mirror import Mirror
from ota.offer import Offer
from ota.trust.assignment import PAUSED, Answer, UnitIdentity
from ota.trust.question import REPOSITORIES, Asker, MirrorQuestion, digest
from ota.trust.ratchet import find_clock_floor, note_commit
from ota.trust.store import TrustStore


class TrustClient:
    """`built_at`: when the running image was built. `monotonic`: seconds, for slow mirrors.

    After `ask`: `answer` says why nothing is to be done, `received_bytes` what came from mirrors,
    `answered_by` whose answer was taken first ("": none; before a trial it is asked once more, only
    whether a mirror is there), `passed_over` why not that of those before it.
    """

    def __init__(
        self,
        directory: Path,
        files: Files,
        mirrors: Sequence[Mirror],
        unit: UnitIdentity,
        now: Callable[[], datetime],
        *,
        built_at: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = TrustStore(directory, files)
        self.mirrors, self.unit, self.now = mirrors, unit, now
        self.built_at, self.monotonic = built_at, monotonic
        self.answer: Answer | None = None
        self.received_bytes = 0
        self.answered_by = ""
        self.passed_over = ""

    @property
    def paused(self) -> str:
        """The sentence why the release that is assigned is not taken now; "" where it is not
        paused.
        """
        return self.answer.text if self.answer and self.answer.reason_code == PAUSED else ""

    def ask(self, *, technician: bool = False) -> Offer | None:
        """The offer of the first mirror whose metadata holds; None where nothing is to be done.

        `technician`: somebody is present, so that the metadata of a stick may be used. Raises
        `TrustError`, `LinkError`, `SpaceError`.
        """
        self.answer, self.received_bytes, self.passed_over = None, 0, ""
        roots = {name: self.store.read_root(name) for name in REPOSITORIES}
        asker = Asker(self.unit, roots, self.now(), self.built_at, technician)
        refusals: list[tuple[Mirror, UpdateError]] = []
        for mirror in self.mirrors:
            memory = self.store.load(technician=technician)
            try:
                offer = self.ask_mirror(MirrorQuestion(asker, memory, mirror, self.monotonic))
            except (TrustError, LinkError) as error:
                refusals.append((mirror, error))
            else:
                self.answered_by = self.answered_by or mirror.name
                self.passed_over = describe(refusals)
                return offer
        raise combine(refusals)

    def ask_mirror(self, question: MirrorQuestion) -> Offer | None:
        """What is verified is stored, also where the mirror then fails."""
        try:
            offer = question.find_offer()
        finally:
            self.received_bytes += question.fetcher.received_bytes
            self.store.save(question.memory)
        self.answer = question.answer
        return offer

    def commit(self, manifest: ReleaseManifest) -> None:
        """The release runs and is kept: from now on none below it is taken. On disk on return."""
        memory = self.store.load(technician=True)
        ratchet = note_commit(memory.ratchet, manifest, digest(manifest))
        self.store.save(replace(memory, ratchet=ratchet))

    def confirm_clock(self, at: datetime, *, technician: bool = False) -> None:
        """The time is certain (from a trusted source): it is never believed to be earlier again.

        A technician may also set it back, after a source was wrong.
        """
        memory = self.store.load(technician=technician)
        known = memory.ratchet.clock
        if technician or known is None or at > known:
            clock = at.astimezone(UTC)
            self.store.save(replace(memory, ratchet=replace(memory.ratchet, clock=clock)))

    def find_clock_floor(self) -> datetime | None:
        """What time it is at least; None where nothing says so yet."""
        return find_clock_floor(self.store.load().ratchet, self.built_at)


def combine(refusals: Sequence[tuple[Mirror, UpdateError]]) -> UpdateError:
    """One error for all mirrors: what is wrong with the signed data comes before a dead link."""
    if not refusals:
        return LinkError(say("no mirror is set: name one in [update] mirrors"), "no-mirror")
    worst = next((e for _, e in refusals if isinstance(e, TrustError)), refusals[0][1])
    if len(refusals) == 1:
        return worst
    return type(worst)(describe(refusals), worst.reason_code)


def describe(refusals: Sequence[tuple[Mirror, UpdateError]]) -> str:
    told = [say("{mirror}: {error}", mirror=mirror.name, error=error) for mirror, error in refusals]
    return join_sentences("; ", told)
