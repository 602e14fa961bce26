"""Steps that write a file, and a unit with settings of its own, for tests of the engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from appliance.clock import SystemClock
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit

SETTINGS = '[unit]\nname = "box"\ndata_dir = "{data}"\nrun_dir = "{run}"\n'


class BusyClock(SystemClock):
    """While somebody waits, something happens at once."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def wait_media(self, seconds: float, stop: Event) -> bool:
        self._happens()
        return False


def make_unit(tmp_path: Path, who: str = "Ada", text: str = "") -> Unit:
    """A unit of which nothing is set up; `text`: more of its settings."""
    path = tmp_path / "unit.toml"
    if not path.exists():
        data, run = tmp_path / "data", tmp_path / "run"
        host = f'[host]\nsystemctl = "{make_systemctl(tmp_path)}"\n'
        path.write_text(SETTINGS.format(data=data, run=run) + host + text)
    return Unit(path, SystemClock(), who)


def make_systemctl(tmp_path: Path) -> Path:
    """PID 1 that takes every order and writes it down in `orders`."""
    path = tmp_path / "systemctl"
    path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/orders\n')
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class FileStep:
    """Writes two files, one after the other, with what it was answered."""

    name: str
    directory: Path
    keys: tuple[str, ...] = ("word",)
    needs: Path | None = None  # it is blocked until that file is there
    failures: list[str] = field(default_factory=list)  # what `verify` says, first to last
    calls: list[str] = field(default_factory=list)

    @property
    def title(self) -> Sentence:
        return say("a step of a test")

    @property
    def table(self) -> str:
        return self.name

    def _files(self) -> list[Path]:
        return [self.directory / f"{self.name}-{number}" for number in (1, 2)]

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        word = answers.find_text("word")
        stands = [one.read_text() if one.exists() else None for one in self._files()]
        if word is None and None not in stands:
            return Outcome(Status.DONE, say("it stands"))
        if word is None:
            asked = Question(f"{self.name}.word", Kind.TEXT, say("Which word?"))
            return Outcome(Status.NEEDS_ANSWER, say("a word is missing"), (asked,))
        if stands == [word, word]:
            return Outcome(Status.DONE, say("it stands"))
        if self.needs is not None and not self.needs.exists():
            return Outcome(Status.BLOCKED, say("another step must be done first"))
        return Outcome(Status.TO_DO, say("two files are to be written"))

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        self.calls.append("apply")
        for path in self._files():
            replace_file(path, answers.require("word").encode())
        return Outcome(Status.DONE, say("written"))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        self.calls.append("verify")
        if self.failures:
            return Outcome(Status.BLOCKED, say("{why}", why=self.failures.pop(0)))
        words = {one.read_text() for one in self._files()}
        return Outcome(Status.DONE, say("it stands"), facts={"words_count": len(words)})
