"""Keeps the committed release whole: finds what was damaged in place, tells it, fetches it again.

    rows.damage = upkeep.run()               # None: all is as it was signed

Reads: pointers, content, the offer of the release that runs. Writes: content, file by file.
Never: touches a pointer, works beside an update, or fetches without energy.
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.log import SentenceLog
from appliance.model_updates import UpdateStep
from appliance.wording.sentence import say
from ota.checkin.inspection import Inspection
from ota.checkin.payloads import DayPayloads
from ota.errors import DamageError, UpdateError
from ota.layers.layers import Layers
from ota.machine.fetch_again import spoils
from ota.machine.offer_file import OfferFile
from ota.machine.progress import Progress
from ota.manifest import Layer


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`offers`: where the offer of the release that runs may be."""

    inspection: Inspection
    payloads: DayPayloads
    layers: Layers
    offers: tuple[OfferFile, ...]
    progress: Progress
    may_go_on: Callable[[], bool]
    log: SentenceLog

    def run(self) -> DamageError | None:
        """What is damaged and could not be repaired now. Raises `OSError`."""
        if self.progress.step is not UpdateStep.IDLE:
            return None
        used = {one.current: str(one.key) for one in self.layers.examine() if one.current}
        texts = [
            say(
                "the {used} in use ({sha256}) is damaged on the disk: {wrong}; {left}",
                used=used[sha256],
                sha256=sha256[:12],
                wrong=wrong,
                left=left,
            )
            for sha256, wrong in self.inspection.find_damage(used).items()
            if (left := self._repair(sha256, used[sha256]))
        ]
        return DamageError("; ".join(texts), "content-damaged") if texts else None

    def _repair(self, sha256: str, name: str) -> str:
        """Why it is not repaired, and what to do; "" where it is."""
        layer = self._find_layer(sha256)
        if layer is None:
            return say(
                "no manifest of it is here: assign a release that has it, or install it again"
            )
        if not self.may_go_on():
            return say("it is fetched again when there is energy")
        if not self.inspection.may_repair(sha256):
            return say("it was fetched again and is damaged anew: look at the disk (`dmesg`)")
        try:
            self.payloads.repair(layer, self.may_go_on)
        except UpdateError as error:
            if spoils(error):
                self.inspection.note_repair(sha256)
            return say("it cannot be fetched again now ({error})", error=error)
        self.inspection.note_repair(sha256)
        if wrong := self.inspection.look(sha256):
            return say(
                "fetching it again did not help ({wrong}): look at the disk (`dmesg`)", wrong=wrong
            )
        self.log.warning(
            say("the {name} in use was damaged on the disk and was fetched again", name=name)
        )
        return ""

    def _find_layer(self, sha256: str) -> Layer | None:
        running = self.progress.running.sha256 if self.progress.running else ""
        for offers in self.offers:
            offer = offers.read(running)
            found = offer.manifest.layers if offer else ()
            for layer in found:
                if layer.sha256 == sha256:
                    return layer
        return None
