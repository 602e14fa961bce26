"""Which parts were replaced, and which replacement is under way, as a file.

    changes = Changes(unit)
    changes.begin(change)                   # on the disk when it returns
    changes.mark_forgotten("battery")       # from here on nothing is forgotten again for it
    changes.finish("battery")               # it is history

Reads and writes: replaced.json, durable: after a power cut it is the old one or the new one.
Never: loses a replacement that is under way: whoever begins again goes on with it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from appliance.parsing.small_file import read_kept_file
from appliance.store.aside import DAMAGED, choose_aside_name
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object, require_text
from provisioning.commissioning.unit import Unit

FILE, MODE, VERSION = "replaced.json", 0o640, 1
MOST_BYTES, MOST_DONE = 1_000_000, 500
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Change:
    """One part that is replaced. `section`: "main" of [charger.main], "" where there is one such
    part only; `on`: the day, as the technician gives it; `values`: the answers, but for secrets;
    `old`, `new`: what tells the devices apart, such as serial numbers.
    """

    part: str
    section: str
    on: str
    who: str
    at: str
    values: Mapping[str, Any] = field(default_factory=dict)
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    is_forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """The file of one unit. Nothing is kept in memory."""

    unit: Unit

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.unit.directory / FILE

    def find_begun(self, part: str) -> Change | None:
        """The replacement of such a part that is under way."""
        return next((one for one in self._load()[0] if one.part == part), None)

    def list_done(self) -> list[Change]:
        """All that were finished, oldest first."""
        return self._load()[1]

    def find_done(self, part: str, *, section: str, on: str) -> Change | None:
        """That of this day."""
        named = (part, section, on)
        found = (one for one in self.list_done() if (one.part, one.section, one.on) == named)
        return next(found, None)

    def begin(self, part: str, *, section: str, on: str, **more: Any) -> Change:
        """It is under way. Raises `OSError`."""
        at = encode_time(self.unit.clock.stamp().utc)
        change = Change(part, section, on, self.unit.who, at, **more)
        self._replace(change)
        return change

    def mark_forgotten(self, change: Change) -> None:
        """What was learned of the old one is gone."""
        self._replace(replace(change, is_forgotten=True))

    def note_new(self, change: Change, new: tuple[str, ...]) -> Change:
        """What tells the new one apart."""
        noted = replace(change, new=new)
        self._replace(noted)
        return noted

    def drop(self, change: Change) -> None:
        """Nothing was changed: it never began."""
        begun, done = self._load()
        self._store([one for one in begun if one.part != change.part], done)

    def finish(self, change: Change) -> None:
        """It is history, once."""
        begun, done = self._load()
        if self.find_done(change.part, section=change.section, on=change.on) is None:
            done = [*done, change][-MOST_DONE:]
        self._store([one for one in begun if one.part != change.part], done)

    def _replace(self, change: Change) -> None:
        begun, done = self._load()
        self._store([*(one for one in begun if one.part != change.part), change], done)

    def _load(self) -> tuple[list[Change], list[Change]]:
        """Under way, and finished; nothing of a damaged file, which is set aside when one is
        written.
        """
        try:
            return self._decode()
        except (FileNotFoundError, InputError):
            return [], []

    def _decode(self) -> tuple[list[Change], list[Change]]:
        tree = parse_object(read_kept_file(self.path, MOST_BYTES), most_bytes=MOST_BYTES)
        return decode_list(tree.get("begun")), decode_list(tree.get("done"))

    def _store(self, begun: list[Change], done: list[Change]) -> None:
        self.unit.directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            self._decode()
        except FileNotFoundError:
            pass
        except InputError:
            self.path.rename(choose_aside_name(self.path, DAMAGED))
        tree = {
            "version": VERSION,
            "begun": [asdict(one) for one in begun],
            "done": [asdict(one) for one in done],
        }
        replace_file(self.path, (json.dumps(tree, indent=1) + "\n").encode(), mode=MODE)


def decode_list(trees: Any) -> list[Change]:
    """Raises `InputError`."""
    if not isinstance(trees, list):
        raise InputError("it has no list of parts")
    return [decode_change(one) for one in trees]


def decode_change(tree: Any) -> Change:
    """One entry; raises `InputError`."""
    if not isinstance(tree, dict) or not isinstance(tree.get("values"), dict):
        raise InputError("a part is no object")
    words = {
        key: require_text(tree.get(key), key, LONGEST)
        for key in ("part", "section", "on", "who", "at")
    }
    return Change(
        **words,
        values=tree["values"],
        old=decode_words(tree.get("old")),
        new=decode_words(tree.get("new")),
        is_forgotten=tree.get("is_forgotten") is True,
    )


def decode_words(found: Any) -> tuple[str, ...]:
    """Raises `InputError`."""
    if not isinstance(found, list):
        raise InputError("it is no list")
    return tuple(require_text(one, "a name", LONGEST) for one in found)
