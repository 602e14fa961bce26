"""Asking a DDI server what it wants: an action is taken, followed, or dropped.

    asking.contact(progress, now=False)      # before the engine runs, where it is time to ask

Reads: the server. Writes: the memory.
Never: asks more often than the server says, or lets a new action hide the end of one on trial.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from ota.ddi.action_file import CONFIRMATION, DEPLOYMENT, DROPPED, ENDED, Action
from ota.ddi.judging import is_under_way, is_untouched
from ota.ddi.memory import DdiMemory, bind
from ota.ddi.messages import LONGEST_SLEEP_S, Link, Poll
from ota.ddi.talk import Talk
from ota.ddi.telling import Telling
from ota.machine.progress import Progress

EARLY = timedelta(seconds=300)  # a timer that comes a little early counts
SPAN = timedelta(seconds=LONGEST_SLEEP_S)
POLLS = 2  # in one contact: the second one after the server was told what this unit is


@dataclass(slots=True)
class Asking:
    """What the server wants, as the memory has it."""

    memory: DdiMemory
    talk: Talk
    telling: Telling

    def contact(self, progress: Progress, *, now: bool) -> None:
        """Ask the server, where it is time to; `now`: in any case."""
        self.telling.settle(progress)
        if not is_under_way(progress):
            self.memory.keep(replace(self.memory.kept, from_stick=""))
        if not (now or self._is_due()):
            return
        self.telling.flush()
        for _ in range(POLLS):
            poll = self.talk.poll()
            self._note_next(poll)
            if poll is None:
                return
            self._follow(poll, progress)
            self.telling.answer_cancel(progress)
            self.telling.flush()
            is_new = poll.asks_attributes and self.telling.tell_attributes(progress)
            if not is_new or poll.deployment is not None:
                return

    def _is_due(self) -> bool:
        at, now = self.memory.kept.next_at, self.talk.now()
        return at is None or now >= at - EARLY or at > now + SPAN

    def _note_next(self, poll: Poll | None) -> None:
        sleep_s = poll.sleep_s if poll else None
        next_at = self.talk.now() + timedelta(seconds=sleep_s) if sleep_s else None
        self.memory.keep(replace(self.memory.kept, next_at=next_at))
        self.telling.note_pause()

    def _follow(self, poll: Poll, progress: Progress) -> None:
        """What the server wants now."""
        if poll.cancel is not None:
            self._take_cancel(poll.cancel, progress)
        elif poll.deployment is not None:
            self._take(poll.deployment, DEPLOYMENT, progress)
        elif poll.confirmation is not None:
            self._take(poll.confirmation, CONFIRMATION, progress)
        else:
            self._drop(progress)

    def _take(self, link: Link, base: str, progress: Progress) -> None:
        """An action; its end that the server has not acknowledged yet goes first."""
        old, is_confirmed = self.memory.kept.action, base == DEPLOYMENT
        if old is not None and old.number == link.action:
            if old.stage == ENDED and self._waits(old):
                return
            if old.is_open and (old.link, old.is_confirmed) == (link, is_confirmed):
                return
        elif self._is_on_trial(progress):
            return
        deployment = self.talk.fetch(link, base)
        if deployment is None:
            return
        action, told = Action(link, deployment, is_confirmed), ""
        if old is not None and old.number == link.action and old.is_open:
            told = self.memory.kept.told if old.is_confirmed == is_confirmed else ""
            action = replace(old, link=link, deployment=deployment, is_confirmed=is_confirmed)
        self.memory.keep(replace(self.memory.kept, action=bind(action, progress), told=told))

    def _take_cancel(self, link: Link, progress: Progress) -> None:
        stop = self.talk.fetch_stop(link)
        if stop is None:
            return
        self.memory.keep(replace(self.memory.kept, cancel=stop))
        if self.memory.kept.action is not None and self.memory.kept.action.number == stop:
            self._drop(progress)

    def _drop(self, progress: Progress) -> None:
        """The server does not want it any more; what is on trial goes on to its end."""
        action = self.memory.open_action
        if action is not None and is_untouched(progress):
            dropped = replace(action, stage=DROPPED)
            self.memory.keep(replace(self.memory.kept, action=dropped, told=""))

    def _waits(self, action: Action) -> bool:
        return any(one.action == action.number for one in self.memory.kept.messages)

    def _is_on_trial(self, progress: Progress) -> bool:
        action = self.memory.open_action
        is_own = action is not None and action.sha256 == progress.sha256
        return is_own and not is_untouched(progress)
