"""What a DDI server is told of its action, when it is told, and that its end is never lost.

    telling.hear(progress, record)           # at each step
    telling.tell(progress, wait)             # when the engine rests

Reads: the memory. Writes: it, and to the server.
Never: tells an end before it is on the disk, or the same state twice in a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from appliance.model_updates import UpdateStep
from appliance.wording.sentence import say
from ota.ddi.action_file import CANCEL, CONFIRMATION, DEPLOYMENT, ENDED, Action
from ota.ddi.feedback import (
    CLOSED,
    DOWNLOAD,
    DOWNLOADED,
    PROCEEDING,
    SUCCESS,
    Feedback,
    reject,
)
from ota.ddi.judging import find_end, find_state, is_under_way, is_untouched
from ota.ddi.memory import DdiMemory, bind, make_message
from ota.ddi.talk import Talk
from ota.machine.progress import Progress, Record
from ota.machine.result import Wait

MOST_TOLD = 200
TOLD = {
    UpdateStep.OFFERED: PROCEEDING,
    UpdateStep.DOWNLOAD: DOWNLOAD,
    UpdateStep.GATE: DOWNLOADED,
    UpdateStep.INSTALL: PROCEEDING,
    UpdateStep.REBOOT: PROCEEDING,
}


def hold_nothing() -> str:
    """A unit on which nobody holds updates."""
    return ""


@dataclass(slots=True)
class Telling:
    """`attributes`: what the server may know of the unit; `distribution`: its name for what a stick
    brings. `find_own_hold`: who at the unit holds updates, "" for nobody.
    """

    memory: DdiMemory
    talk: Talk
    attributes: Mapping[str, str] = field(default_factory=dict)
    distribution: str = "unit"
    find_own_hold: Callable[[], str] = hold_nothing

    def hear(self, progress: Progress, record: Record) -> None:
        """A step of the action's release."""
        action, execution = self.memory.open_action, TOLD.get(record.step)
        if action is not None and execution is not None and action.sha256 == progress.sha256:
            self._tell_once(action, Feedback(execution, record.step.value, record.reason))

    def tell(self, progress: Progress, wait: Wait) -> bool:
        """All that is to be told now; whether the server is to be asked once more for it."""
        self.settle(progress)
        self.answer_cancel(progress)
        action = self.memory.open_action
        has_confirmed = action is not None and self._tell_state(action, progress, wait)
        self.flush()
        self._tell_installed(progress)
        self.note_pause()
        return has_confirmed

    def note_pause(self) -> None:
        """A busy server is left alone for as long as it wants."""
        pause_s = self.talk.trouble.pause_s if self.talk.trouble else 0.0
        if pause_s:
            until = self.talk.now() + timedelta(seconds=pause_s)
            self.memory.keep(replace(self.memory.kept, busy_until=until))

    def settle(self, progress: Progress) -> None:
        """What the journal says of the action's end, also where a cut kept it from being told."""
        action = self.memory.open_action
        if action is None:
            return
        bound = bind(action, progress)
        self.memory.keep(replace(self.memory.kept, action=bound))
        if end := find_end(bound, progress):
            self._end(bound, end, progress)

    def _tell_state(self, action: Action, progress: Progress, wait: Wait) -> bool:
        found = find_state(action, self.memory.asked, progress, wait)
        if not action.is_confirmed:
            found = found or self._find_yes(action)
            return bool(found and self._tell_once(action, found) and found.execution == PROCEEDING)
        if found and found.is_final:
            self._end(action, found, progress)
        elif found:
            self._tell_once(action, found)
        return False

    def _find_yes(self, action: Action) -> Feedback | None:
        """Whether this unit would take the release: no where somebody at the unit holds updates."""
        if self.memory.asked.offer is None or not action.sha256:
            return None
        if hold := self.find_own_hold():
            return reject("hold", say("updates are held: {hold}", hold=hold))
        release = self.memory.asked.offer.manifest.release
        return Feedback(
            PROCEEDING,
            "confirmed",
            say("release {release} is meant for this unit", release=release),
        )

    def _tell_once(self, action: Action, feedback: Feedback) -> bool:
        """Whether it was told now: the same is not told twice in a row, and a server takes only so
        many states of one action (hawkBit: 1000), of which the last must be its end.
        """
        key = f"{feedback.execution} {feedback.kind}"
        base = DEPLOYMENT if action.is_confirmed else CONFIRMATION
        message = make_message(base, action.number, feedback)
        is_news = key != self.memory.kept.told and action.told_count < MOST_TOLD
        if not is_news or not self.talk.tell(message):
            return False
        counted = replace(action, told_count=action.told_count + 1)
        self.memory.keep(replace(self.memory.kept, action=counted, told=key))
        return True

    def _end(self, action: Action, end: Feedback, progress: Progress) -> None:
        """Kept until the server has acknowledged it, through cuts and weeks without it."""
        ended = replace(action, stage=ENDED)
        is_kept = end.finished == SUCCESS
        installed = progress.running_release if is_kept else self.memory.kept.installed
        kept = replace(self.memory.kept, action=ended, told="", installed=installed)
        self.memory.add(kept, DEPLOYMENT, action.number, end)

    def answer_cancel(self, progress: Progress) -> None:
        """Yes, where nothing of it is under way any more; no, where it is on trial or ended."""
        number, action = self.memory.kept.cancel, self.memory.kept.action
        if not number:
            return
        own = action if action is not None and action.number == number else None
        is_here = own is not None and own.sha256 == progress.sha256 and is_under_way(progress)
        if is_here and is_untouched(progress):
            return  # the engine drops it when it asks next
        kept = replace(self.memory.kept, cancel="")
        if is_here:
            text = say("release {release} is on trial: its end is told", release=progress.release)
            self.memory.add(kept, CANCEL, number, reject("on-trial", text))
        elif own is not None and own.stage == ENDED:
            self.memory.add(kept, CANCEL, number, reject("ended", say("its end was told before")))
        else:
            ended = replace(own, stage=ENDED) if own is not None else action
            done = Feedback(CLOSED, "cancelled", say("nothing of it was installed"), SUCCESS)
            self.memory.add(replace(kept, action=ended), CANCEL, number, done)

    def flush(self) -> None:
        """What the server has not acknowledged yet, in its order."""
        for message in self.memory.kept.messages:
            if self.talk.tell(message):
                left = tuple(one for one in self.memory.kept.messages if one != message)
                self.memory.keep(replace(self.memory.kept, messages=left))

    def _tell_installed(self, progress: Progress) -> None:
        """A release that came by another way, such as a stick."""
        release = progress.running_release
        if not release or release == self.memory.kept.installed or self.memory.kept.messages:
            return
        if self.talk.tell_installed(self.distribution, release) and self.tell_attributes(progress):
            self.memory.keep(replace(self.memory.kept, installed=release))

    def tell_attributes(self, progress: Progress) -> bool:
        """What kind of unit this is, and what it runs."""
        return self.talk.tell_attributes(
            {**self.attributes, "sw_version": progress.running_release}
        )
