"""Proposals of the page for root's oneshot: files of which root believes nothing but their owner.

    name = write_proposal(directory, proposal)           # the page, which may not change the file
    for proposal in read_proposals(directory): ...       # root

Reads and writes: `ID.json` in `settings-change/` of the data directory.
Never: follows a link, reads what another user than the page's has put there, waits for a writer,
or takes a proposal of another boot or of some time ago.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES
from appliance.process.owned_files import find_users, is_of, read_owned
from appliance.settings_change.moments import parse_time
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten

DIRECTORY = "settings-change"
MODE, DIRECTORY_MODE = 0o640, 0o750
NAME = re.compile(r"(?P<id>[0-9a-f]{32})\.json")
MOST_FILE_BYTES = 4 * MOST_BYTES  # JSON may need more letters than the text has
MOST_PROPOSALS = 20
LONGEST_AGE_S = 120.0
LONGEST_WHO, LONGEST_WHY = 100, 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the page asks for: a new file in place of the version `base`, or (`confirm`, `back`)
    that a change which waits is confirmed, or taken back.
    """

    id: str
    who: str
    at: str
    boot_id: str
    uptime_s: float
    why: str = ""
    base: str = ""
    text: str = ""
    confirm: int = 0
    back: int = 0


def make_proposal(clock: Clock, who: str, **values: Any) -> Proposal:
    """A proposal of now."""
    now = clock.stamp()
    return Proposal(
        secrets.token_hex(16), who, encode_time(now.utc), now.boot_id, now.uptime_s, **values
    )


def write_proposal(directory: Path, proposal: Proposal) -> None:
    """Whole or not at all; those of before go. Raises `OSError`."""
    directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    if stat.S_IMODE(directory.stat().st_mode) & 0o7777 != DIRECTORY_MODE:
        directory.chmod(DIRECTORY_MODE)
    old = sorted(directory.glob("*.json"), key=lambda one: one.stat().st_mtime)
    for file in old[: -MOST_PROPOSALS // 2]:
        file.unlink(missing_ok=True)
    data = json.dumps(asdict(proposal), ensure_ascii=False).encode()
    replace_file(directory / f"{proposal.id}.json", data, mode=MODE)


def take_away(directory: Path, name: str) -> None:
    """A proposal that was answered."""
    with suppress(OSError):
        (directory / f"{name}.json").unlink()


def find_age_s(directory: Path, name: str, clock: Clock) -> float | None:
    """How long a proposal of this process's own user is there; None where it is not, or of another
    boot.
    """
    try:
        data = read_small_file(directory / f"{name}.json", MOST_FILE_BYTES)
        proposal = parse_proposal(parse_object(data, most_bytes=MOST_FILE_BYTES), name)
    except (OSError, InputError):
        return None
    return clock.age_s(Stamp(parse_time(proposal.at), proposal.boot_id, proposal.uptime_s))


def read_proposals(directory: Path, clock: Clock) -> Iterator[Proposal | tuple[str, str]]:
    """Each proposal, or the id of one that is not taken with the reason; nothing where the
    directory itself is not the page's.
    """
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not is_of(os.fstat(handle), find_users()):
            return
        names = [name for name in sorted(os.listdir(handle)) if NAME.fullmatch(name)]
        for name in names[:MOST_PROPOSALS]:
            found = NAME.fullmatch(name)
            assert found
            try:
                yield read_proposal(handle, name, found["id"], clock)
            except (OSError, InputError, UnicodeError) as error:
                yield found["id"], say("the proposal cannot be used: {error}", error=error)
    finally:
        os.close(handle)


def read_proposal(directory: int, name: str, id_: str, clock: Clock) -> Proposal:
    """One file; raises `InputError` and `OSError`."""
    tree = read_owned(Path(name), find_users(), most_bytes=MOST_FILE_BYTES, directory=directory)
    proposal = parse_proposal(tree, id_)
    age_s = clock.age_s(Stamp(parse_time(proposal.at), proposal.boot_id, proposal.uptime_s))
    if age_s is None or age_s > LONGEST_AGE_S:
        raise InputError(say("it is too old: give it again"))
    return proposal


def parse_proposal(tree: dict[str, Any], id_: str) -> Proposal:
    """A proposal from its JSON; raises `InputError`."""
    texts = ("who", "at", "boot_id", "why", "base", "text")
    numbers = ("confirm", "back")
    if set(tree) != {"id", "uptime_s", *texts, *numbers} or tree["id"] != id_:
        raise InputError(say("it has other keys than a proposal has"))
    if not all(isinstance(tree[name], str) for name in texts):
        raise InputError(say("a text is none"))
    if not all(type(tree[name]) is int and 0 <= tree[name] < 10**6 for name in numbers):
        raise InputError(say("a number is none"))
    if type(tree["uptime_s"]) is not float:
        raise InputError(say("uptime_s is no number"))
    try:
        parse_time(tree["at"])
    except ValueError:
        raise InputError(say("its time is none")) from None
    tree["who"] = shorten(make_printable(tree["who"]), LONGEST_WHO)
    tree["why"] = shorten(make_printable(tree["why"]), LONGEST_WHY)
    return Proposal(**tree)
