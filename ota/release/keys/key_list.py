"""The keys that a fleet has ever had: name, public half, and where the private half is kept.

Reads and writes: fleet.json in the fleet's directory; it holds no secret.
Never: says what a key may sign; root metadata does.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import Key, SSlibKey

from appliance import strict_json
from appliance.strict_json import InputError
from ota.files import Files, replace
from ota.release.errors import ReleaseError

FILE = "fleet.json"
MOST_BYTES = 1024 * 1024
OFFLINE = ("root-1", "root-2", "root-3", "targets-1")  # a new fleet's, carried away
ONLINE = ("image-online-1", "director-online-1")  # they stay on the machine that renews
NUMBER = re.compile(r"(.+?)-([0-9]+)")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """`place`: a path (relative to the fleet's directory) or a PKCS#11 URI."""

    name: str
    place: str
    public: Key


class KeyList:
    """All keys by name, in the order in which they came."""

    def __init__(self, entries: Iterable[KeyEntry] = ()) -> None:
        self.entries = {one.name: one for one in entries}

    def find(self, name: str) -> KeyEntry:
        try:
            return self.entries[name]
        except KeyError:
            raise ReleaseError(
                f"there is no key {name}; there are {', '.join(self.entries)}"
            ) from None

    def find_by_id(self, keyid: str) -> KeyEntry | None:
        return next((one for one in self.entries.values() if one.public.keyid == keyid), None)

    def name_of(self, keyid: str) -> str:
        """For people: the name of a key, or the start of its id where it is not ours."""
        found = self.find_by_id(keyid)
        return found.name if found else f"{keyid[:12]}..."

    def add(self, entry: KeyEntry) -> None:
        if other := self.find_by_id(entry.public.keyid):
            raise ReleaseError(f"that key is known already, as {other.name}; give a new one")
        self.entries[entry.name] = entry

    def find_next_name(self, name: str) -> str:
        """The name of a key that takes another's place: after targets-1 comes targets-2."""
        stem = split_number(name)[0]
        numbers = [split_number(one)[1] for one in self.entries if split_number(one)[0] == stem]
        return f"{stem}-{max(numbers) + 1}"


def split_number(name: str) -> tuple[str, int]:
    found = NUMBER.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 1)


def is_online(name: str) -> bool:
    """Whether keys of that name sign by themselves: nobody is there who could type a passphrase."""
    return any(split_number(name)[0] == split_number(one)[0] for one in ONLINE)


def write_key_list(files: Files, directory: Path, keys: KeyList) -> None:
    tree = {
        "format": 1,
        "keys": {
            one.name: {"place": one.place, "keyid": one.public.keyid, **one.public.to_dict()}
            for one in keys.entries.values()
        },
    }
    replace(files, directory / FILE, json.dumps(tree, indent=1).encode() + b"\n")


def read_key_list(files: Files, directory: Path) -> KeyList:
    """Raises `ReleaseError`."""
    path = directory / FILE
    try:
        data = files.read(path, most_bytes=MOST_BYTES)
    except FileNotFoundError:
        raise ReleaseError(
            f"{directory} is no directory of a fleet (it has no {FILE}): go to one, name it with "
            "--fleet, or make one with `fleet init`"
        ) from None
    try:
        tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
        return KeyList(build_entry(name, dict(one)) for name, one in tree["keys"].items())
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReleaseError(f"{path} cannot be read ({error}); take its copy") from error


def build_entry(name: str, tree: dict[str, Any]) -> KeyEntry:
    place, keyid = tree.pop("place"), tree.pop("keyid")
    return KeyEntry(name, place, SSlibKey.from_dict(keyid, tree))
