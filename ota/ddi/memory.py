"""What is known of a DDI server's action while a check-in runs: what is kept, and what trust said.

    memory = DdiMemory(file, log)
    memory.keep(replace(memory.kept, told="rejected energy"))

Reads and writes: ddi.json in the update directory.
Never: lets a broken disk stop an update: what cannot be written holds for this check-in.
"""

from dataclasses import dataclass, field, replace

from appliance.log import SentenceLog
from appliance.wording.shorten import shorten
from ota.ddi.action_file import MOST_MESSAGES, Action, DdiFile, Kept, Message
from ota.ddi.feedback import LONGEST_DETAIL, Feedback
from ota.ddi.judging import Asked, names
from ota.machine.progress import Progress


@dataclass(slots=True)
class DdiMemory:
    """`asked`: what trust said last, in this process."""

    file: DdiFile
    log: SentenceLog
    asked: Asked = field(default_factory=Asked)
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.kept = self.file.read()
        except OSError as error:
            self.kept = Kept()
            self.log.warning(f"{self.file.path} cannot be read ({error}): check the disk")

    @property
    def open_action(self) -> Action | None:
        """The one that the server wants now."""
        action = self.kept.action
        return action if action is not None and action.is_open else None

    def keep(self, kept: Kept) -> None:
        """On the disk when this returns."""
        if kept == self.kept:
            return
        self.kept = kept
        try:
            self.file.write(kept)
        except OSError as error:
            self.log.warning(f"{self.file.path} cannot be written ({error}): check the disk")

    def add(self, kept: Kept, base: str, action: str, feedback: Feedback) -> None:
        """Keep a message until the server has acknowledged it."""
        message = make_message(base, action, feedback)
        self.keep(replace(kept, messages=(*kept.messages, message)[-MOST_MESSAGES:]))


def bind(action: Action, progress: Progress) -> Action:
    """The action with the release under way, where that is the one it names and it was lost."""
    is_named = bool(progress.release) and names(action, progress.release, progress.sha256)
    if action.sha256 or not is_named:
        return action
    failures = progress.count_failures(progress.sha256)
    return replace(action, sha256=progress.sha256, failures=failures)


def make_message(base: str, action: str, feedback: Feedback) -> Message:
    return Message(base, action, replace(feedback, text=shorten(feedback.text, LONGEST_DETAIL)))
