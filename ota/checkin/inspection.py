"""Once a day: is what of the committed release lies on the disk still what was signed?

    inspection.find_damage(trees)            # tree (hash) -> what is wrong with it
    inspection.may_repair(sha256)            # not at each check-in: a link may be paid by volume

Reads: content, by the hashes of its lists. Writes: inspected.json in the update directory.
Never: changes content, or counts a day twice because the clock was set back.
"""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from appliance import strict_json
from appliance.model import Stamp
from appliance.store.rows import encode_time
from appliance.strict_json import InputError
from ota.files import Files, replace
from ota.machine.fetch_again import find_rest
from ota.machine.progress import Spoiled

NAME = "inspected.json"
MOST_BYTES = 65_536
NEVER: Mapping[str, Any] = {"tries": 0, "at": None}
EVERY = timedelta(hours=20)  # a check-in comes each hour, or each day


@dataclass(frozen=True, slots=True)
class Inspection:
    """`look` says what is wrong with a tree, "" where nothing is. Calls raise `OSError`."""

    files: Files
    directory: Path
    look: Callable[[str], str]
    now: Stamp

    def find_damage(self, trees: Collection[str]) -> Mapping[str, str]:
        """The damaged ones of these. All are hashed where a day has passed, else those that were
        damaged the last time.
        """
        state = self._read()
        is_due = self._is_due(state.get("at"))
        chosen = trees if is_due else [one for one in state.get("damaged", {}) if one in trees]
        found = {one: text for one in chosen if (text := self.look(one))}
        tries = state.get("damaged", {})
        damaged = {one: dict(tries.get(one, NEVER)) for one in found}
        if is_due or damaged != tries:
            self._write({"at": self._tell_now() if is_due else state["at"], "damaged": damaged})
        return found

    def may_repair(self, sha256: str) -> bool:
        """Whether it may be fetched again now."""
        own = self._read().get("damaged", {}).get(sha256, NEVER)
        if own["at"] is None:
            return True
        last = Stamp(strict_json.require_time(own["at"], "at"), "", 0.0)
        return find_rest(Spoiled(own["tries"] + 1, last), self.now.utc) is None

    def note_repair(self, sha256: str) -> None:
        """It was fetched again, whatever came of it; a link that breaks is no attempt."""
        state = self._read()
        damaged = state.get("damaged", {})
        again = {"tries": damaged.get(sha256, NEVER)["tries"] + 1, "at": self._tell_now()}
        self._write({"at": self._tell_now(), **state, "damaged": {**damaged, sha256: again}})

    def _is_due(self, at: Any) -> bool:
        if at is None:
            return True
        passed = self.now.utc - strict_json.require_time(at, "at")
        return not timedelta() <= passed < EVERY

    def _tell_now(self) -> str:
        return encode_time(self.now.utc)

    def _read(self) -> dict[str, Any]:
        """What is known; nothing where the file is lost or damaged."""
        with suppress(OSError, InputError, KeyError, TypeError, AttributeError, ValueError):
            data = self.files.read(self.directory / NAME, most_bytes=MOST_BYTES)
            tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
            strict_json.require_time(tree["at"], "at")
            for one in tree["damaged"].values():
                strict_json.require_whole_number(one["tries"], "tries", 0, 1000)
                if one["at"] is not None:
                    strict_json.require_time(one["at"], "at")
            return tree
        return {}

    def _write(self, state: Mapping[str, Any]) -> None:
        replace(self.files, self.directory / NAME, json.dumps(state).encode())
