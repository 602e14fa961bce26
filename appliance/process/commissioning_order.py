"""What a technician orders at the page while the unit is set up: one step, with answers.

    leave_order(run_dir, clock, who="anna", step="site", answers={"tilt_deg": 30})   # the page
    order = take_order(run_dir, clock)                                        # root's oneshot

Reads and writes: `commissioning-order.json` in the run directory, which is memory: answers may hold
a PIN or a password. It is for the page's user and root alone.
Never: believes an order of which the page is not the owner; takes one twice, or an old one.
"""

import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.process.owned_files import find_users, read_owned, write_owned
from appliance.strict_json import InputError, require_text
from appliance.wording.shorten import make_printable, shorten

UNIT = "appliance-provision.service"
FILE = "commissioning-order.json"
CHECK_ALL = ""  # of `step`: look at all of them, and change nothing
MODE, MOST_BYTES = 0o600, 262_144
LONGEST_AGE_S = 120.0
LONGEST_WHO, LONGEST_ID, LONGEST_STEP = 80, 40, 40
KEYS = frozenset({"id", "who", "boot_id", "uptime_s", "step", "answers"})


@dataclass(frozen=True, slots=True)
class CommissioningOrder:
    """`step`: its name, or `CHECK_ALL`. `answers`: as the step's own table of site.toml."""

    id: str
    who: str
    step: str
    answers: Mapping[str, Any]


def leave_order(
    run_dir: Path, clock: Clock, *, who: str, step: str, answers: Mapping[str, Any]
) -> str:
    """Order it; its id. Raises `OSError`."""
    now, name = clock.stamp(), secrets.token_hex(8)
    tree = {"id": name, "who": who, "step": step, "answers": answers}
    stamp = {"boot_id": now.boot_id, "uptime_s": now.uptime_s}
    write_owned(run_dir / FILE, tree | stamp, mode=MODE)
    return name


def waits(run_dir: Path) -> bool:
    """Whether an order is there that nobody has taken yet."""
    return (run_dir / FILE).exists()


def measure_wait_s(run_dir: Path) -> float:
    """How long an order waits, by its file; 0: none does."""
    try:
        return max(0.0, time.time() - (run_dir / FILE).stat().st_mtime)
    except OSError:
        return 0.0


def take_order(run_dir: Path, clock: Clock) -> CommissioningOrder | None:
    """The order that waits; None where there is none. Raises `InputError`, `OSError`."""
    path = run_dir / FILE
    if not os.path.lexists(path):
        return None
    try:
        tree = read_owned(path, find_users(), most_bytes=MOST_BYTES)
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
    return parse_order(tree, clock)


def parse_order(tree: dict[str, Any], clock: Clock) -> CommissioningOrder:
    """Raises `InputError`."""
    if set(tree) != KEYS:
        raise InputError("the order has other keys than an order has")
    uptime_s, answers = tree["uptime_s"], tree["answers"]
    if not isinstance(uptime_s, (int, float)) or isinstance(uptime_s, bool):
        raise InputError("the order's uptime is no number")
    if not isinstance(answers, dict):
        raise InputError("the order's answers are no object")
    now = clock.stamp()
    boot_id = require_text(tree["boot_id"], "boot_id", LONGEST_ID)
    age_s = clock.age_s(Stamp(now.utc, boot_id, float(uptime_s)))
    if age_s is None or age_s > LONGEST_AGE_S:
        raise InputError("the order is too old: give it again")
    who = shorten(make_printable(require_text(tree["who"], "who", 10 * LONGEST_WHO)), LONGEST_WHO)
    return CommissioningOrder(
        require_text(tree["id"], "id", LONGEST_ID),
        who,
        require_text(tree["step"], "step", LONGEST_STEP),
        answers,
    )
