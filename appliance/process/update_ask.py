"""Somebody at the page wants the mirrors to be asked now: one small file, which the updater obeys.

    leave_ask(settings.unit.run_dir, now)                         # the page
    was_asked_since(settings.unit.run_dir, last_check_in, now)    # the updater

Reads and writes: that file, emptied by a reboot.
Never: says more than that it was asked, and when: who it was stands in the journal of acts.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

NAME = "update-asked"
LONGEST = 64  # bytes: one time
HOLDS = timedelta(hours=1)  # so long it is obeyed


def leave_ask(run_dir: Path, now: datetime) -> None:
    """Write it whole; raises `OSError`."""
    path = run_dir / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f"{path.name}.new")
    written.write_text(now.isoformat())
    os.replace(written, path)


def drop_ask(run_dir: Path) -> None:
    """What was told to have failed is not done later."""
    with suppress(OSError):
        (run_dir / NAME).unlink()


def was_asked_since(run_dir: Path, last: datetime | None, now: datetime) -> bool:
    """Whether it was asked within the last hour, and after `last`; a damaged file asks nothing."""
    asked = read_ask(run_dir / NAME)
    if asked is None or not timedelta() <= now - asked <= HOLDS:
        return False
    return last is None or asked > last


def read_ask(path: Path) -> datetime | None:
    """When it was asked; None where it was not, or that cannot be read."""
    with suppress(OSError, ValueError):
        with path.open("rb") as file:
            found = datetime.fromisoformat(file.read(LONGEST).decode())
        return found if found.tzinfo else None
    return None
