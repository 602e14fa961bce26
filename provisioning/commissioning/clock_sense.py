"""Is the clock set? What needs a true time (a claim, a certificate) asks here first.

    fault = find_clock_fault(unit.clock)    # None: it can be right

Reads: the unit's clock, the time of this program's files. Writes: nothing.
Never: takes a clock for right because it runs.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.checks.clock import EARLIEST_YEAR
from appliance.clock import Clock
from appliance.wording.sentence import Sentence, say

EARLIEST = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)
MOST_AGE = timedelta(days=20 * 365)
LATEST = EARLIEST + MOST_AGE  # what is dated later was dated by a wrong clock


def find_build_time(file: Path = Path(__file__)) -> datetime:
    """The earliest time that can be right: that of this program's files."""
    try:
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return EARLIEST
    return written if EARLIEST < written < LATEST else EARLIEST


def find_clock_fault(clock: Clock, earliest: datetime | None = None) -> Sentence | None:
    """Why the time cannot be right, and what to do; None where it can."""
    now = clock.stamp().utc
    if now >= LATEST:
        return say(
            "the clock shows the year {now:%Y}, when no unit with this software runs any more: set "
            "it with `unitctl provision clock` first; claim and certificates need the true time",
            now=now,
        )
    if now >= (earliest or EARLIEST):
        return None
    return say(
        "the clock shows {now:%Y-%m-%d %H:%M} UTC, which is before this software was made: set it "
        "with `unitctl provision clock` first; claim and certificates need the true time",
        now=now,
    )
