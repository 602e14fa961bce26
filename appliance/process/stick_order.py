"""An update from a USB stick that a technician orders at the page, and what becomes of it.

    leave_order(run_dir, clock, who)          # the page
    order = take_order(run_dir, clock)        # root's oneshot, once (ota/stick)
    write_progress(run_dir, progress)         # root's oneshot, every few seconds
    progress = read_progress(run_dir)         # the page, and the updater

Reads and writes: `stick-asked.json` in the run directory; `progress.json` in a directory beside it
that is root's. A reboot empties both.
Never: believes an order of which the page is not the owner, or a progress that is not root's;
follows a link, or waits at a pipe.
"""

import json
import os
import pwd
import secrets
import stat
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object, require_text
from appliance.wording.sentence import Said
from appliance.wording.sentence_data import decode_sentence, encode_sentence
from appliance.wording.shorten import make_printable, shorten

UNIT = "appliance-stick.service"
ASKED, PROGRESS, PLACE = "stick-asked.json", "progress.json", "mount"
PAGE_USER, ROOT = "appliance-web", 0
MOST_BYTES = 65_536
LONGEST_AGE_S = 120.0  # of an order
SILENT_S = 60.0  # without a sign of root's oneshot: it has ended, however
LONGEST_WHO, LONGEST_PATH = 80, 1000
LOOKS, TAKES, ENDED = "looks", "takes", "ended"


@dataclass(frozen=True, slots=True)
class StickOrder:
    """Who ordered it, and when."""

    id: str
    who: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class StickProgress:
    """How far an order is. `phase`: looks for a stick, the updater takes it, ended. `stick`: the
    directory with the releases, while the updater takes it. `began`, `stamp`: when it began, and
    was last heard of. `ok`: nothing stands against it so far.
    """

    order: str
    who: str
    phase: str
    said: Said
    began: Stamp
    stamp: Stamp
    ok: bool = True
    stick: str = ""

    def is_under_way(self, clock: Clock) -> bool:
        """Whether root's oneshot is at work: it says so every few seconds."""
        age_s = clock.age_s(self.stamp)
        return self.phase != ENDED and age_s is not None and age_s <= SILENT_S


def find_directory(run_dir: Path) -> Path:
    """Root's own, where the stick is mounted: /run/appliance-stick."""
    return run_dir.with_name(f"{run_dir.name}-stick")


def find_place(run_dir: Path) -> Path:
    """Where a stick is mounted."""
    return find_directory(run_dir) / PLACE


# --- the order ------------------------------------------------------------------------------------


def leave_order(run_dir: Path, clock: Clock, who: str) -> None:
    """Order it; raises `OSError`."""
    now = clock.stamp()
    tree = {"id": secrets.token_hex(8), "who": who, **encode_stamp("at", now)}
    write(run_dir / ASKED, json.dumps(tree).encode(), 0o640)


def waits(run_dir: Path) -> bool:
    """Whether an order is there that nobody has taken yet."""
    return (run_dir / ASKED).exists()


def drop_order(run_dir: Path) -> None:
    """An order that nobody is to take any more."""
    with suppress(OSError):
        (run_dir / ASKED).unlink()


def take_order(run_dir: Path, clock: Clock) -> StickOrder | None:
    """The order that waits, which nobody takes once more; None where there is none. Raises
    `InputError`, `OSError`.
    """
    path = run_dir / ASKED
    if not os.path.lexists(path):
        return None
    try:
        tree = read_owned(path, find_page_users())
    finally:
        path.unlink()
    if set(tree) != {"id", "who", "at_utc", "at_boot_id", "at_uptime_s"}:
        raise InputError("it has other keys than an order has")
    order = StickOrder(
        make_printable(require_text(tree["id"], "id", 40)),
        shorten(make_printable(require_text(tree["who"], "who", LONGEST_PATH)), LONGEST_WHO),
        decode_stamp("at", tree),
    )
    age_s = clock.age_s(order.stamp)
    if age_s is None or age_s > LONGEST_AGE_S:
        raise InputError("it is too old: order it again")
    return order


# --- what becomes of it ---------------------------------------------------------------------------


def write_progress(run_dir: Path, progress: StickProgress) -> None:
    """For the page and the updater, who only read. Raises `OSError`."""
    tree: dict[str, Any] = asdict(progress)
    tree["said"] = encode_sentence(progress.said)
    for name in ("began", "stamp"):
        del tree[name]
        tree |= encode_stamp(name, getattr(progress, name))
    write(find_directory(run_dir) / PROGRESS, json.dumps(tree).encode(), 0o644)


def read_progress(run_dir: Path) -> StickProgress | None:
    """The last one of this boot; None where there was none, or it cannot be read."""
    try:
        tree = read_owned(find_directory(run_dir) / PROGRESS, {ROOT, os.geteuid()})
        return StickProgress(
            order=require_text(tree["order"], "order", 40),
            who=require_text(tree["who"], "who", LONGEST_WHO),
            phase=require_text(tree["phase"], "phase", 10),
            said=decode_sentence(require_text(tree["said"], "said", MOST_BYTES)),
            began=decode_stamp("began", tree),
            stamp=decode_stamp("stamp", tree),
            ok=tree["ok"] is True,
            stick=require_text(tree["stick"], "stick", LONGEST_PATH),
        )
    except (OSError, InputError, LookupError):
        return None


# --- files ----------------------------------------------------------------------------------------


def encode_stamp(name: str, stamp: Stamp) -> dict[str, Any]:
    return {
        f"{name}_utc": encode_time(stamp.utc),
        f"{name}_boot_id": stamp.boot_id,
        f"{name}_uptime_s": stamp.uptime_s,
    }


def decode_stamp(name: str, tree: dict[str, Any]) -> Stamp:
    """Raises `InputError`, `KeyError`."""
    at, uptime_s = parse_utc(tree[f"{name}_utc"], name), tree[f"{name}_uptime_s"]
    if not isinstance(uptime_s, (int, float)) or isinstance(uptime_s, bool):
        raise InputError(f"{name}: its uptime is no number")
    boot_id = require_text(tree[f"{name}_boot_id"], name, 40)
    return Stamp(at, boot_id, float(uptime_s))


def parse_utc(value: Any, name: str) -> datetime:
    """Any year: a computer without a clock begins in 1970. Raises `InputError`."""
    try:
        return datetime.fromisoformat(require_text(value, name, 40)).astimezone(UTC)
    except ValueError:
        raise InputError(f"{name} is no time") from None


def write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all; nothing of it is to outlive a power cut. Raises `OSError`."""
    part = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
    part.replace(path)


def read_owned(path: Path, owners: Collection[int]) -> dict[str, Any]:
    """A small file that one of `owners` alone can have written. Raises `InputError`, `OSError`."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        info = os.fstat(handle)
        others = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(info.st_mode) or info.st_uid not in owners or others:
            raise InputError(f"{path} is not of whom it should be")
        data = file.read(MOST_BYTES + 1)
    return parse_object(data, most_bytes=MOST_BYTES)


def find_page_users() -> Collection[int]:
    """The page's user on a unit; on a laptop all run as one."""
    users = {os.geteuid()}
    with suppress(KeyError):
        users.add(pwd.getpwnam(PAGE_USER).pw_uid)
    return users
