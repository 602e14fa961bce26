"""What the unit keeps of its DDI server: its action, what was told, what still is to be told.

    file = DdiFile(files, directory / "ddi.json")
    kept = file.read(); file.write(replace(kept, installed="2026.11.1"))

Reads and writes: ddi.json in the update directory, whole, on the disk when a call returns.
Never: takes a damaged file for anything but an empty one: the server names its action again.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.ddi.feedback import Feedback
from ota.ddi.messages import LONGEST_NAME, MOST_CHUNKS, Deployment, Link
from ota.files import Files, replace

NAME = "ddi.json"
MOST_BYTES = 256 * 1024
MOST_MESSAGES = 16
MOST_COUNT = 2**31
OPEN, DROPPED, ENDED = "open", "dropped", "ended"
TIMES = ("next_at", "busy_until")
STAGES = (OPEN, DROPPED, ENDED)
DEPLOYMENT, CANCEL, CONFIRMATION = "deploymentBase", "cancelAction", "confirmationBase"


@dataclass(frozen=True, slots=True)
class Action:
    """`is_confirmed`: false while the server waits for the unit's yes. `sha256`: of the manifest of
    the release that it turned out to name, "" until then; `failures`: how often that had failed
    here before. `told_count`: how often a state of it was told. `stage`: open, dropped (cancelled
    or taken back by the server), ended (its end is told, or is a message that waits).
    """

    link: Link
    deployment: Deployment
    is_confirmed: bool = True
    sha256: str = ""
    failures: int = 0
    told_count: int = 0
    stage: str = OPEN

    @property
    def number(self) -> str:
        return self.link.action

    @property
    def is_open(self) -> bool:
        return self.stage == OPEN


@dataclass(frozen=True, slots=True)
class Message:
    """What must be told, and is kept until the server has acknowledged it."""

    base: str
    action: str
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class Kept:
    """`cancel`: an action that is to be cancelled, "" for none. `told`: of the open action, last.

    `installed`: the release that the server knows to run here. `from_stick`: the manifest (hash) of
    a release that a technician has brought. `next_at`: the server is not polled before, but by
    order; `busy_until`: it is neither asked nor told anything before.
    """

    action: Action | None = None
    cancel: str = ""
    told: str = ""
    messages: tuple[Message, ...] = ()
    installed: str = ""
    from_stick: str = ""
    next_at: datetime | None = None
    busy_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DdiFile:
    files: Files
    path: Path

    def write(self, kept: Kept) -> None:
        """Raises `OSError`."""
        times = {name: format_time(getattr(kept, name)) for name in TIMES}
        data = json.dumps({**asdict(kept), **times}).encode()
        replace(self.files, self.path, data)

    def read(self) -> Kept:
        """Raises `OSError` where the disk does."""
        if self.files.measure(self.path) is None:
            return Kept()
        data = self.files.read_at(self.path, 0, MOST_BYTES + 1)
        try:
            return build(strict_json.parse_object(data, most_bytes=MOST_BYTES))
        except (InputError, KeyError, TypeError, ValueError):
            return Kept()


def build(tree: dict[str, Any]) -> Kept:
    messages = strict_json.require_list(tree["messages"], "messages", MOST_MESSAGES)
    return Kept(
        action=build_action(tree["action"]) if tree["action"] is not None else None,
        cancel=read_text(tree, "cancel"),
        told=read_text(tree, "told"),
        messages=tuple(build_message(one) for one in messages),
        installed=read_text(tree, "installed"),
        from_stick=read_text(tree, "from_stick"),
        next_at=read_time(tree, "next_at"),
        busy_until=read_time(tree, "busy_until"),
    )


def build_action(tree: dict[str, Any]) -> Action:
    stage = read_text(tree, "stage")
    if stage not in STAGES:
        raise InputError(say("stage is {stage}", stage=strict_json.show(stage)))
    found = tree["deployment"]
    releases = strict_json.require_list(found["releases"], "releases", MOST_CHUNKS)
    return Action(
        link=Link(read_text(tree["link"], "action"), read_text(tree["link"], "mark")),
        deployment=Deployment(
            tuple(strict_json.require_text(one, "release", LONGEST_NAME) for one in releases),
            read_text(found, "manifest_sha256"),
            read_text(found, "download"),
            read_text(found, "update"),
        ),
        is_confirmed=strict_json.require_flag(tree["is_confirmed"], "is_confirmed"),
        sha256=read_text(tree, "sha256"),
        failures=strict_json.require_whole_number(tree["failures"], "failures", 0, MOST_COUNT),
        told_count=strict_json.require_whole_number(
            tree.get("told_count", 0), "told_count", 0, MOST_COUNT
        ),
        stage=stage,
    )


def build_message(tree: dict[str, Any]) -> Message:
    found = tree["feedback"]
    names = ("execution", "kind", "text", "finished")
    feedback = Feedback(**{name: read_text(found, name, 10_000) for name in names})
    return Message(read_text(tree, "base"), read_text(tree, "action"), feedback)


def format_time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def read_time(tree: dict[str, Any], name: str) -> datetime | None:
    return strict_json.require_time(tree[name], name) if tree[name] else None


def read_text(tree: dict[str, Any], name: str, longest: int = LONGEST_NAME) -> str:
    return strict_json.require_text(tree[name], name, longest)
