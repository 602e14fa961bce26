"""The DDI face of a check-in: what the engine may take now, and what the server hears of it.

    face.contact(progress, now=False)    # before the engine runs, where it is time to ask
    face.hear(progress, record)          # at each step
    again = face.tell(progress, wait)    # when the engine rests; True: ask the server once more

Reads: the memory. Writes: it, through asking and telling.
Never: starts or stops anything itself: the engine asks `find_hindrance` and `find_hold`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.wording.sentence import say
from ota.ddi.asking import Asking
from ota.ddi.judging import Asked, is_under_way, is_untouched, names
from ota.ddi.memory import DdiMemory
from ota.ddi.telling import Telling
from ota.machine.progress import Progress, Record
from ota.machine.result import Wait
from ota.offer import Offer


@dataclass(slots=True)
class DdiFace:
    """`progress`: that of the engine."""

    memory: DdiMemory
    asking: Asking
    telling: Telling
    progress: Callable[[], Progress] = Progress

    def __post_init__(self) -> None:
        self.asking.talk.leave_alone(self.memory.kept.busy_until)

    @property
    def server(self) -> str:
        """Its name in a sentence."""
        return self.asking.talk.name

    def contact(self, progress: Progress, *, now: bool) -> None:
        """Ask the server, where it is time to; `now`: in any case."""
        self.asking.contact(progress, now=now)

    def hear(self, progress: Progress, record: Record) -> None:
        """A step of the engine."""
        self.telling.hear(progress, record)

    def tell(self, progress: Progress, wait: Wait) -> bool:
        """All that is to be told now; whether the server is to be asked once more for it."""
        return self.telling.tell(progress, wait)

    def note(self, asked: Asked) -> None:
        """What the signed metadata say."""
        self.memory.asked = asked

    def find_hindrance(self, offer: Offer, stick: str) -> str:
        """Why the signed offer is not taken now; "" where it is. `stick`: as in `PacedTrust`."""
        release, sha256 = offer.manifest.release, offer.manifest_sha256
        if stick and offer.source == stick:
            self.memory.keep(replace(self.memory.kept, from_stick=sha256))
        if sha256 == self.memory.kept.from_stick:
            return ""
        action = self.memory.open_action
        if action is None:
            trouble = (
                say(" ({trouble})", trouble=self.asking.talk.trouble)
                if self.asking.talk.trouble
                else ""
            )
            return say(
                "The server {server} has not deployed release {release}{trouble}",
                server=self.server,
                release=release,
                trouble=trouble,
            )
        if not names(action, release, sha256):
            named = ", ".join(action.deployment.releases)
            return say(
                "The server {server} deploys {named}, not this release {release}",
                server=self.server,
                named=named,
                release=release,
            )
        if action.sha256 != sha256:
            failures = self.progress().count_failures(sha256)
            bound = replace(action, sha256=sha256, failures=failures)
            self.memory.keep(replace(self.memory.kept, action=bound))
        if not action.is_confirmed:
            return say(
                "The server {server} waits for a yes to release {release}",
                server=self.server,
                release=release,
            )
        return ""

    def must_drop(self) -> bool:
        """Whether what is under way is not wanted any more, and can be dropped."""
        progress, action = self.progress(), self.memory.open_action
        if not (is_under_way(progress) and is_untouched(progress)):
            return False
        own = action.sha256 if action and action.is_confirmed else ""
        return progress.sha256 not in (own, self.memory.kept.from_stick)

    def tell_dropped(self) -> str:
        """Why it is dropped."""
        return say("The server {server} does not deploy it any more", server=self.server)

    def find_hold(self) -> str:
        """What of the present step the server does not want yet; "" where it wants it."""
        action, progress = self.memory.open_action, self.progress()
        offer = self.memory.asked.offer
        sha256 = progress.sha256 or (offer.manifest_sha256 if offer else "")
        if action is None or not sha256 or action.sha256 != sha256:
            return ""
        if not is_under_way(progress) and action.deployment.download == "skip":
            return say("by the server {server}: not to be downloaded yet", server=self.server)
        if is_under_way(progress) and action.deployment.update == "skip":
            return say(
                "by the server {server}: to be downloaded, not installed yet", server=self.server
            )
        return ""
