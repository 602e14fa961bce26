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

import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.process.owned_files import find_users, read_owned, write_owned
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, require_text
from appliance.wording.sentence import Said
from appliance.wording.sentence_data import decode_sentence, encode_sentence
from appliance.wording.shorten import make_printable, shorten

UNIT = "appliance-stick.service"
ASKED, PROGRESS, PLACE = "stick-asked.json", "progress.json", "mount"
ROOT = 0
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
    write_owned(run_dir / ASKED, tree, mode=0o640)


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
        tree = read_owned(path, find_users(), most_bytes=MOST_BYTES)
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
    write_owned(find_directory(run_dir) / PROGRESS, tree, mode=0o644)


def read_progress(run_dir: Path) -> StickProgress | None:
    """The last one of this boot; None where there was none, or it cannot be read."""
    try:
        owners = {ROOT, os.geteuid()}
        tree = read_owned(find_directory(run_dir) / PROGRESS, owners, most_bytes=MOST_BYTES)
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


# --- stamps ---------------------------------------------------------------------------------------


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
