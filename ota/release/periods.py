"""How long each role's signature holds, when it is renewed, and when somebody must be told.

Reads and writes: nothing; pure.
Never: judges who signed; metadata/ does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class Kind(Enum):
    """What a role's keys are; it decides how long a signature holds."""

    ROOT = "root"
    TARGETS = "targets"  # of the image repository: offline
    LISTING = "listing"  # snapshots, and the director's targets and bins: online
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Period:
    """`valid`: how long a new signature holds. `renew_below`: it is signed anew when less is left;
    of offline roles it is when the alarm begins, because a person must carry a key.
    """

    valid: timedelta
    renew_below: timedelta
    is_offline: bool


STICK = timedelta(days=90)  # a USB stick may lie in a car for so long
# A stick takes the online listings as they are, so they always hold for longer than one.
PERIODS = {
    Kind.ROOT: Period(timedelta(days=730), timedelta(days=120), is_offline=True),
    Kind.TARGETS: Period(timedelta(days=365), timedelta(days=120), is_offline=True),
    Kind.LISTING: Period(timedelta(days=180), timedelta(days=110), is_offline=False),
    Kind.TIMESTAMP: Period(timedelta(days=14), timedelta(days=7), is_offline=False),
}


@dataclass(frozen=True, slots=True)
class SignedRole:
    """One signed file as it stands: `expires` is UTC."""

    repository: str
    role: str
    kind: Kind
    version: int
    expires: datetime


def find_expiry(kind: Kind, now: datetime) -> datetime:
    """Until when what is signed now holds; whole seconds, as TUF writes them."""
    return (now + PERIODS[kind].valid).replace(microsecond=0)


def is_due(kind: Kind, expires: datetime, now: datetime) -> bool:
    """Whether it is time to sign it anew."""
    return expires - now < PERIODS[kind].renew_below


def describe_alarms(roles: Iterable[SignedRole], now: datetime) -> list[str]:
    """A sentence for each offline role that somebody must sign soon, or that has expired."""
    due = (
        one for one in roles if PERIODS[one.kind].is_offline and is_due(one.kind, one.expires, now)
    )
    return [describe_alarm(one, now) for one in due]


def describe_alarm(one: SignedRole, now: datetime) -> str:
    when = describe_left(one.expires - now)
    then = "units take no update" if one.expires <= now else "after that units take no update"
    return (
        f"{one.role} of the {one.repository} repository {when} ({one.expires:%Y-%m-%d}); {then}: "
        f"bring the offline keys and run `fleet renew {one.role}`"
    )


def describe_left(left: timedelta) -> str:
    days = abs(left.days if left.days >= 0 else left.days + 1)
    if left <= timedelta():
        return f"expired {days} days ago"
    return f"expires in {days} days"
