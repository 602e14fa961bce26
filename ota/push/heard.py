"""Which hints were heard, which one waits, and which one the check-in has obeyed: two files.

    state = HintFiles(Disk(), settings)
    state.write(heard)                   # push.json in the data directory: the push service
    state.note_obeyed(serial)            # hint-obeyed.json in the update directory: the check-in

A hint is on the disk before a check-in is started for it, and counts as obeyed only when a check-in
that had read it has asked: whatever is killed in between, it is obeyed once more and never lost.

Reads and writes: these two files, each written by one service alone.
Never: raises for what stands in them: a file that cannot be read is one without hints.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from appliance import strict_json
from appliance.settings import Settings
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.files import Files, replace
from ota.push.hint import LARGEST_SERIAL, MOST_SPREAD_S

HEARD, OBEYED = "push.json", "hint-obeyed.json"
MOST_BYTES = 8192
MOST_TOPICS, LONGEST_TOPIC = 4, 2000
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """`serials`: the newest hint of each topic. `ask`: the newest of all, 0: none was heard yet;
    `due`: when the unit is to ask for it.
    """

    serials: Mapping[str, int] = field(default_factory=dict)
    ask: int = 0
    due: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether its time has come; also where the clock was set back far behind it."""
        if self.due is None:
            return True
        return now >= self.due or self.due - now > timedelta(seconds=MOST_SPREAD_S)


@dataclass(frozen=True, slots=True)
class HintFiles:
    files: Files
    heard_path: Path
    obeyed_path: Path

    def read(self) -> Heard:
        """What the push service has heard."""
        tree = self._read_tree(self.heard_path)
        try:
            return build_heard(tree)
        except (InputError, KeyError):
            return Heard()

    def write(self, heard: Heard) -> None:
        """Raises `OSError`."""
        due = heard.due.isoformat() if heard.due else None
        tree = {"format": FORMAT, "serials": dict(heard.serials), "ask": heard.ask, "due": due}
        replace(self.files, self.heard_path, json.dumps(tree).encode())

    def read_obeyed(self) -> int:
        """The hint that a check-in has obeyed last; 0: none."""
        tree = self._read_tree(self.obeyed_path)
        try:
            return require_serial(tree.get("serial", 0))
        except InputError:
            return 0

    def note_obeyed(self, serial: int) -> None:
        """Raises `OSError`."""
        replace(self.files, self.obeyed_path, json.dumps({"serial": serial}).encode())

    def find_waiting(self) -> Heard | None:
        """The hint that no check-in has obeyed yet, due or not; None where none waits."""
        heard = self.read()
        return heard if heard.ask and heard.ask != self.read_obeyed() else None

    def _read_tree(self, path: Path) -> dict[str, Any]:
        try:
            if self.files.measure(path) is None:
                return {}
            data = self.files.read(path, most_bytes=MOST_BYTES)
            return strict_json.parse_object(data, most_bytes=MOST_BYTES)
        except (OSError, InputError):
            return {}


def open_files(files: Files, settings: Settings) -> HintFiles:
    return HintFiles(files, settings.unit.data_dir / HEARD, settings.update.dir / OBEYED)


def build_heard(tree: Mapping[str, Any]) -> Heard:
    """Raises `InputError`, `KeyError`."""
    serials, due = tree["serials"], tree["due"]
    if not isinstance(serials, dict) or len(serials) > MOST_TOPICS:
        raise InputError(
            say("serials is no object of at most {most_topics}", most_topics=MOST_TOPICS)
        )
    return Heard(
        {topic: require_serial(one) for topic, one in serials.items()},
        require_serial(tree["ask"]),
        None if due is None else strict_json.require_time(due, "due"),
    )


def require_serial(value: object) -> int:
    return strict_json.require_whole_number(value, "serial", 0, LARGEST_SERIAL)
