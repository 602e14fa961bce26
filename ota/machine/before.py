"""The states of an update before anything is changed: from the offer to the gate.

    IDLE -> OFFERED -> PLAN -> DOWNLOAD -> VERIFY -> GATE

Reads: the offer, mirrors, what is here already, rows of the energy. Writes: the offer's file;
content, through ports.
Never: goes on with an offer that was withdrawn, or tries a release that failed twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.model_updates import UpdateStep
from appliance.sections.network import UpdateSettings
from appliance.wording.sentence import join_sentences, say
from ota.errors import LinkError, SlotError, SpaceError, TrustError, UpdateError
from ota.machine.download_share import DownloadShare
from ota.machine.fetch_again import find_pause, spoils
from ota.machine.gate import Verdict, judge
from ota.machine.offer_file import COMMITTED, OfferFile
from ota.machine.ports import Ports
from ota.machine.progress import MOST_FAILURES, Progress
from ota.machine.result import Go, Result, Wait
from ota.machine.telling import (
    find_running_sha256,
    tell_dropped,
    tell_failures,
    tell_lost_offer,
    tell_pause,
    tell_refused_stick,
    tell_rest,
)
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.offer import Offer
from ota.slots.none import NO_SLOTS

ASKED_AGAIN = frozenset(
    (
        UpdateStep.OFFERED,
        UpdateStep.PLAN,
        UpdateStep.DOWNLOAD,
        UpdateStep.VERIFY,
        UpdateStep.GATE,
        UpdateStep.INSTALL,
        UpdateStep.ARM,
        UpdateStep.GATE2,
    )
)
MB = 1e6


def ignore_share(_percent: float) -> None:
    """A download that nobody watches."""


@dataclass(slots=True)
class Before:
    """`technician`: one is present and has ordered this run. `fetched`: layers (hash) that came
    out damaged. `left_bytes`: what PLAN has found missing. Both: in this process. `on_share` hears
    how far a download is, in percent.
    """

    ports: Ports
    offers: OfferFile
    own: UpdateSettings
    technician: bool = False
    fetched: set[str] = field(default_factory=set)
    left_bytes: dict[str, int] = field(default_factory=dict)
    on_share: Callable[[float], None] = ignore_share

    # --- is there one? --------------------------------------------------------------------------

    def idle(self, progress: Progress) -> Result:
        try:
            offer = self.ports.trust.ask(technician=self.technician)
        except UpdateError as error:
            return wait_for(error)
        if offer is None or offer.manifest_sha256 == find_running_sha256(progress):
            refused = self.ports.trust.passed_over if self.technician else ""
            return Wait(join_sentences("", [self.tell_idle(progress), tell_refused_stick(refused)]))
        if failed := tell_failures(progress, offer):
            return Wait(failed, "operator")
        hold = self.ports.unit.read_facts().hold
        if hold:
            return Wait(
                say(
                    "release {release} is offered; updates are held: {hold}",
                    release=offer.manifest.release,
                    hold=hold,
                ),
                "hold",
            )
        return self._accept(offer)

    def tell_idle(self, progress: Progress) -> str:
        """What is so while nothing is asked."""
        return tell_rest(progress, self.ports.trust.paused)

    def ask_again(self, progress: Progress) -> Result | None:
        """Whether the offer still stands; None: go on with it. An offer that was verified stays
        while no mirror answers; what a mirror gives that is not genuine stops it.
        """
        try:
            offer = self.ports.trust.ask(technician=self.technician)
        except UpdateError as error:
            is_old_news = isinstance(error, LinkError) or "expired" in error.reason_code
            return None if is_old_news else wait_for(error)
        if offer is not None and offer.manifest_sha256 == progress.sha256:
            self.offers.follow(offer)
            return None
        if offer is None or offer.manifest_sha256 == find_running_sha256(progress):
            return tell_dropped(progress, self.ports.trust.paused)
        return Go(
            UpdateStep.IDLE,
            say(
                "release {release} is meant for this unit, not {other}",
                release=offer.manifest.release,
                other=progress.release,
            ),
        )

    def _accept(self, offer: Offer) -> Result:
        self.offers.write(offer)
        manifest = offer.manifest
        wave = say(", wave {wave}", wave=offer.wave) if offer.wave else ""
        return Go(
            UpdateStep.OFFERED,
            say(
                "release {release}{wave} is meant for this unit, by {source}",
                release=manifest.release,
                wave=wave,
                source=offer.source,
            ),
            {"release": manifest.release, "sha256": offer.manifest_sha256},
        )

    # --- have it here ---------------------------------------------------------------------------

    def offered(self, progress: Progress) -> Result:
        manifest = self.read_manifest(progress)
        if manifest is None:
            return tell_lost_offer(progress)
        return Go(
            UpdateStep.PLAN,
            say("looks what of release {release} is here already", release=manifest.release),
        )

    def plan(self, progress: Progress) -> Result:
        manifest = self.read_manifest(progress)
        if manifest is None:
            return tell_lost_offer(progress)
        if refusal := self.ports.unit.find_refusal(manifest):
            return fail(
                say(
                    "release {release} cannot run here: {refusal}",
                    release=manifest.release,
                    refusal=refusal,
                ),
                MOST_FAILURES,
            )
        try:
            self._check_slots(manifest)
            missing_bytes = self._count_missing(progress, manifest)
        except UpdateError as error:
            is_final = error.reason_code == NO_SLOTS
            return fail(str(error), MOST_FAILURES) if is_final else wait_for(error)
        return Go(
            UpdateStep.DOWNLOAD,
            say(
                "fetches {missing_mb:.1f} MB of release {release}",
                missing_mb=missing_bytes / MB,
                release=manifest.release,
            ),
            {"missing_bytes": missing_bytes},
        )

    def _check_slots(self, manifest: ReleaseManifest) -> None:
        """Before anything comes over the link. Raises `SlotError`."""
        if manifest.find_layer(LayerKind.OS) is not None:
            self.ports.slots.check()

    def _count_missing(self, progress: Progress, manifest: ReleaseManifest) -> int:
        """What still has to come, bytes: mirrors are asked once in a process."""
        if progress.sha256 not in self.left_bytes:
            self.left_bytes[progress.sha256] = self.ports.payloads.plan(manifest).missing_bytes
        return self.left_bytes[progress.sha256]

    def download(self, progress: Progress) -> Result:
        manifest = self.read_manifest(progress)
        if manifest is None:
            return tell_lost_offer(progress)
        if pause := self._find_pause(progress, manifest):
            return Wait(pause, "operator")
        try:
            share = self._make_share(progress, manifest)
        except UpdateError as error:
            return wait_for(error)
        for layer in manifest.layers:
            try:
                self._fetch(layer, share)
            except UpdateError as error:
                return self._tell_stop(manifest, layer, error)
        return Go(
            UpdateStep.VERIFY, say("release {release} is here; checks it", release=manifest.release)
        )

    def _find_pause(self, progress: Progress, manifest: ReleaseManifest) -> str:
        """A stick costs no volume: with a technician present nothing waits."""
        now = self.ports.unit.stamp().utc
        return "" if self.technician else find_pause(progress, manifest, now)

    def _fetch(self, layer: Layer, share: DownloadShare) -> None:
        self.ports.payloads.fetch(layer, may_go_on=self.ports.may_go_on, progress=share.add)

    def _tell_stop(self, manifest: ReleaseManifest, layer: Layer, error: UpdateError) -> Result:
        """Why a download stops; bytes that came for nothing are counted."""
        if isinstance(error, LinkError) and not self.ports.may_go_on():
            return tell_pause(manifest)
        return self._tell_spoiled([layer], str(error)) if spoils(error) else wait_for(error)

    def _tell_spoiled(self, layers: list[Layer], text: str) -> Result:
        """They are fetched anew, and it is counted: DOWNLOAD says when."""
        spoiled = [layer.sha256 for layer in layers]
        if self.technician and self.fetched.intersection(spoiled):
            return Wait(
                say("{text}; twice in a row: check the disk, and the stick", text=text), "space"
            )
        self.fetched.update(spoiled)
        return Go(
            UpdateStep.DOWNLOAD, say("{text}; fetches it anew", text=text), {"spoiled": spoiled}
        )

    def _make_share(self, progress: Progress, manifest: ReleaseManifest) -> DownloadShare:
        left_bytes = self._count_missing(progress, manifest)
        self.left_bytes.pop(progress.sha256)  # counted anew where the download goes on
        facts = progress.entered.facts if progress.entered else {}
        planned = facts.get("missing_bytes", 0)
        total_bytes = planned if isinstance(planned, int) else 0
        return DownloadShare(total_bytes, left_bytes, self.on_share)

    def verify(self, progress: Progress) -> Result:
        manifest = self.read_manifest(progress)
        if manifest is None:
            return tell_lost_offer(progress)
        damaged = [layer for layer in manifest.layers if not self.ports.payloads.verify(layer)]
        for layer in damaged:
            self.ports.payloads.discard(layer)
        if not damaged:
            return Go(
                UpdateStep.GATE,
                say("release {release} is here and whole", release=manifest.release),
            )
        text = say(
            "{kind} of release {release} was damaged on the disk",
            kind=damaged[0].kind,
            release=manifest.release,
        )
        return self._tell_spoiled(damaged, text)

    # --- may it? --------------------------------------------------------------------------------

    def gate(self, progress: Progress) -> Result:
        verdict = self.ask_gate(progress)
        if not isinstance(verdict, Verdict):
            return verdict
        return Go(
            UpdateStep.INSTALL,
            say(
                "installs release {release}: {reason}",
                release=progress.release,
                reason=verdict.reason,
            ),
        )

    def ask_gate(self, progress: Progress) -> Result | Verdict:
        """The open gate's verdict; else what is to be done instead."""
        offer = self.offers.read(progress.sha256)
        if offer is None:
            return tell_lost_offer(progress)
        if offer.until and self.ports.unit.stamp().utc >= offer.until:
            return Go(
                UpdateStep.IDLE,
                say("the time for release {release} is over", release=progress.release),
            )
        facts = self.ports.unit.read_facts()
        needs_wh = offer.manifest.energy_wh
        verdict = judge(facts, self.own, needs_wh=needs_wh, window=offer.window)
        return verdict if verdict.is_open else Wait(verdict.reason, verdict.waits_for)

    def keep_offer(self, progress: Progress) -> None:
        """The offer of what is committed, from which a damaged tree is fetched again."""
        if offer := self.offers.read(progress.sha256):
            replace(self.offers, path=self.offers.path.with_name(COMMITTED)).write(offer)

    def read_manifest(self, progress: Progress) -> ReleaseManifest | None:
        """Of the release under way; None where its file is lost."""
        offer = self.offers.read(progress.sha256)
        return offer.manifest if offer else None


def wait_for(error: UpdateError) -> Wait:
    """What an error means for an update: it waits, and says for what."""
    kinds = {LinkError: "link", SpaceError: "space", TrustError: "trust", SlotError: "slot"}
    found = (name for kind, name in kinds.items() if isinstance(error, kind))
    return Wait(str(error), next(found, "operator"))


def fail(reason: str, count: int = 1) -> Go:
    """The end of a release that failed; `count` failures at once."""
    return Go(UpdateStep.REPORT, reason, {"failed": count})
