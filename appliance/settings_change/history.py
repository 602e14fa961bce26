"""The last changes of the settings file: the file as it was before each, with who, when and why.

    history = History(path)                  # beside the settings file, in settings-history/
    entry = history.begin(...)               # before the file is replaced
    history.finish(entry, said)              # after it
    made = history.recover(version)          # what a power cut or a kill has left half done

Reads and writes: `NUMBER.toml`, the file before the change; `NUMBER.json`, the change.
Never: says of a change that it was made while the file is still the old one.
"""

import json
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.moments import parse_time
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import say
from appliance.wording.sentence_data import decode_sentence, encode_sentence

DIRECTORY = "settings-history"
MARK = "waiting"  # appliance-settings-apply.service has nothing to do without it
KEPT = 10
MODE, DIRECTORY_MODE = 0o640, 0o750
CONFIRM_S = 300.0
NONE, WAITING, CONFIRMED, TAKEN_BACK, OVERTAKEN = (
    "none",
    "waiting",
    "confirmed",
    "taken-back",
    "overtaken",
)
AFTER_POWER_CUT = say("the power failed meanwhile: all services have started with the new file")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `before` and `after`: versions of the file; `said`: what became of it, in
    sentences; `confirmation`: whether it waits for one, and what became of that.
    """

    number: int
    at: str
    boot_id: str
    uptime_s: float
    who: str
    why: str
    keys: tuple[str, ...]
    before: str
    after: str
    proposal: str = ""
    confirmation: str = NONE
    is_finished: bool = False
    said: tuple[str, ...] = ()

    @property
    def stamp(self) -> Stamp:
        return Stamp(parse_time(self.at), self.boot_id, self.uptime_s)

    def find_left_s(self, clock: Clock) -> float:
        """Seconds until it is taken back; 0 where that time is over, or was in another boot."""
        age_s = clock.age_s(self.stamp)
        return 0.0 if age_s is None else max(0.0, CONFIRM_S - age_s)


class History:
    """The directory beside one settings file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory = path.parent / DIRECTORY

    def make_directory(self, gid: int) -> None:
        """For root and the group of the settings file; raises `OSError`."""
        for directory in (self.directory, self.directory / "results"):
            directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            info = directory.stat()
            if (info.st_gid, stat.S_IMODE(info.st_mode)) != (gid, DIRECTORY_MODE):
                os.chown(directory, -1, gid)
                directory.chmod(DIRECTORY_MODE)

    def list_entries(self) -> list[Entry]:
        """The newest first; one that cannot be read is left out."""
        files = sorted(self.directory.glob("[0-9]*.json"), reverse=True)
        return [entry for file in files if (entry := read_entry(file)) is not None]

    def find(self, number: int) -> Entry:
        """Raises `ChangeError`."""
        found = [entry for entry in self.list_entries() if entry.number == number]
        if not found:
            text = say(
                "there is no change {number} among the last {kept}", number=number, kept=KEPT
            )
            raise ChangeError(text)
        return found[0]

    def read_text(self, number: int) -> str:
        """The file as it was before that change; raises `ChangeError`."""
        try:
            data = read_small_file(self._name(self.find(number).number, "toml"), MOST_BYTES)
            return data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ChangeError(
                say(
                    "the file before change {number} cannot be read: {error}",
                    number=number,
                    error=error,
                )
            ) from None

    def find_waiting(self) -> Entry | None:
        """The change that waits for its confirmation."""
        waiting = (one for one in self.list_entries() if one.confirmation == WAITING)
        return next(waiting, None)

    def begin(self, entry: Entry, old: bytes) -> Entry:
        """Keep the file as it is, and say what is about to happen; raises `OSError`."""
        entries = self.list_entries()
        entry = replace(entry, number=entries[0].number + 1 if entries else 1)
        self._write(self._name(entry.number, "toml"), old)
        self.store(entry)
        return entry

    def finish(self, entry: Entry, said: Iterable[str]) -> Entry:
        """The file is in its place, and this became of it; older changes than the last ten go."""
        entry = replace(entry, is_finished=True, said=tuple(said))
        self.store(entry)
        for old in self.list_entries()[KEPT:]:
            self._forget(old.number)
        return entry

    def give_up(self, entry: Entry) -> None:
        """The change was not made."""
        self._forget(entry.number)

    def store(self, entry: Entry) -> None:
        """Write a change; while one waits, a file says so to PID 1."""
        if entry.confirmation == WAITING:
            self._write(self.directory / MARK, b"")
        tree = asdict(entry) | {
            "why": encode_sentence(entry.why),
            "said": [encode_sentence(one) for one in entry.said],
        }
        data = json.dumps(tree, ensure_ascii=False, indent=1).encode()
        self._write(self._name(entry.number, "json"), data)
        if self.find_waiting() is None:
            (self.directory / MARK).unlink(missing_ok=True)

    def recover(self, version: str) -> list[Entry]:
        """What was begun and not finished: the file that is there says whether it was made. Those
        that were, the oldest first: their services may not know of it.
        """
        made: list[Entry] = []
        for entry in self.list_entries():
            if entry.is_finished:
                break
            if version == entry.before:
                self.give_up(entry)
            else:
                made.insert(0, entry)
        return made

    def write_result(self, proposal: str, result: Mapping[str, Any]) -> None:
        """What became of a proposal; the last twenty are kept."""
        self._write(self._result(proposal), json.dumps(result, ensure_ascii=False).encode())
        results = self.directory.joinpath("results").glob("*.json")
        for old in sorted(results, key=lambda one: one.stat().st_mtime)[: -2 * KEPT]:
            old.unlink()

    def read_result(self, proposal: str) -> dict[str, Any] | None:
        """None while there is none."""
        try:
            data = read_small_file(self._result(proposal), MOST_BYTES)
            found = parse_object(data, most_bytes=MOST_BYTES)
            return {name: decode_all(one) for name, one in found.items()}
        except (OSError, InputError):
            return None

    def _result(self, proposal: str) -> Path:
        return self.directory / "results" / f"{proposal}.json"

    def _name(self, number: int, kind: str) -> Path:
        return self.directory / f"{number:06}.{kind}"

    def _write(self, file: Path, data: bytes) -> None:
        replace_file(file, data, mode=MODE)
        with suppress(PermissionError):
            os.chown(file, -1, self.directory.stat().st_gid)

    def _forget(self, number: int) -> None:
        for kind in ("json", "toml"):
            with suppress(FileNotFoundError):
                self._name(number, kind).unlink()


def decode_all(value: Any) -> Any:
    """A value of a result, with its sentences."""
    if isinstance(value, list):
        return [decode_all(one) for one in value]
    return decode_sentence(value) if isinstance(value, str) else value


def make_result(number: int, said: Iterable[str]) -> dict[str, Any]:
    """The result of a change that was made."""
    return {"ok": True, "number": number, "said": [encode_sentence(one) for one in said]}


def make_refusal(error: ChangeError) -> dict[str, Any]:
    """The result of one that was not."""
    reason = encode_sentence(str(error))
    return {"ok": False, "reason": reason, "kind": error.kind.value, "key": error.key}


def make_entry(clock: Clock, **values: Any) -> Entry:
    """A change of now; its number comes when it is stored."""
    now = clock.stamp()
    at = encode_time(now.utc)
    return Entry(number=0, at=at, boot_id=now.boot_id, uptime_s=now.uptime_s, **values)


def read_entry(file: Path) -> Entry | None:
    """One change; None where its file is damaged."""
    try:
        found = parse_object(read_small_file(file, MOST_BYTES), most_bytes=MOST_BYTES)
        known = {spec.name: found[spec.name] for spec in fields(Entry)}
        for name in ("keys", "said"):
            known[name] = tuple(decode_sentence(str(one)) for one in known[name])
        known["why"] = decode_sentence(str(known["why"]))
        entry = Entry(**known)
        return entry if file.stem == f"{entry.number:06}" and parse_time(entry.at) else None
    except (OSError, InputError, KeyError, TypeError, ValueError):
        return None


def refuse_while_waiting(entry: Entry | None) -> None:
    """One change after the other: what is taken back must be what was before."""
    if entry is not None:
        raise ChangeError(
            say(
                "change {number} ({keys}) waits for its confirmation: confirm it or take it back "
                "first",
                number=entry.number,
                keys=", ".join(entry.keys),
            ),
            Refused.UNCONFIRMED,
        )
