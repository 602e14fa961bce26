"""How long after wrong tries the next one is refused. Pure.

    after = count_wrong(before, now, PIN)          # stored before the secret is compared
    left_s = measure_wait_s(after, now, PIN)       # 0: a try is taken

Reads and writes: nothing.
Never: goes by the wall clock, which may jump to 1970 or years ahead. Within one boot the uptime
says what has passed. Of the time before this boot nothing counts as waited: a wait does not vanish
by a restart, and is never longer than its limit from when the unit starts.
"""

from dataclasses import dataclass

from appliance.model import Stamp

FORGOTTEN_S = 24 * 3600.0  # of one boot, without a wrong try


@dataclass(frozen=True, slots=True)
class Limit:
    """From the `free`th wrong try on the next is refused for `first_s`, then for twice as long each
    time, up to `longest_s`.
    """

    free: int
    first_s: float
    longest_s: float


PIN = Limit(5, 30, 900)  # 6 digits: some 100 tries a day, 14 years for half of all
SOURCE = Limit(5, 30, 3600)  # one address
ACCOUNT = Limit(20, 30, 300)  # from all addresses together
NETWORK = Limit(60, 5, 60)  # all names from all addresses


@dataclass(frozen=True, slots=True)
class Attempts:
    """Wrong tries of one kind: how many, when the last was, how long from then the next waits."""

    failures: int
    wait_s: float
    stamp: Stamp


def measure_wait_s(found: Attempts | None, now: Stamp, limit: Limit) -> float:
    """How long no try is taken yet; 0: one is."""
    if found is None:
        return 0.0
    return max(0.0, min(found.wait_s, limit.longest_s) - measure_passed_s(found.stamp, now))


def measure_passed_s(since: Stamp, now: Stamp) -> float:
    """How long ago that was, at least."""
    if since.boot_id != now.boot_id:
        return max(0.0, now.uptime_s)
    return max(0.0, now.uptime_s - since.uptime_s)


def count_wrong(found: Attempts | None, now: Stamp, limit: Limit) -> Attempts:
    """One more wrong try."""
    is_old = (
        found is not None
        and found.stamp.boot_id == now.boot_id
        and measure_passed_s(found.stamp, now) > FORGOTTEN_S
    )
    failures = 1 if found is None or is_old else max(0, found.failures) + 1
    over = failures - limit.free
    wait_s = 0.0 if over < 0 else min(limit.longest_s, limit.first_s * 2.0 ** min(over, 30))
    return Attempts(failures, wait_s, now)


def carry_over(found: Attempts, now: Stamp, limit: Limit) -> Attempts:
    """The same wait, with what has passed of it since this boot, as of now: so that boots that are
    each shorter than the wait end it together.
    """
    return Attempts(found.failures, measure_wait_s(found, now, limit), now)
