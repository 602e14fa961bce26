"""`fleet usb`: the tree for a USB stick, with a timestamp that holds 90 days and says so.

Reads: the fleet's tree. Writes: the tree on the stick, and a newer timestamp in the fleet's own.
Never: gives a stick and a web server the same version: the server's is always the newer one.
"""

from datetime import datetime, timedelta
from pathlib import Path

from ota.files import replace
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.metadata.reading import REPOSITORIES, State
from ota.release.periods import STICK, describe_left
from ota.release.publishing import publish
from ota.release.renewing import renew_online


def write_stick(fleet: Fleet, place: Path) -> str:
    """Returns what a technician should know about it, in sentences."""
    require_stick(place)
    renew_online(fleet)
    timestamps, ends = {}, []
    for name in REPOSITORIES:
        state = fleet.read_state(name)
        timestamps[name] = make_pair(fleet, state)
        ends.append(find_end(state, fleet.now + STICK))
    count = publish(fleet, place, timestamps)
    said = describe_stick(place, count, min(ends) - fleet.now)
    if place.stat().st_dev == fleet.directory.stat().st_dev:
        said += (
            f"\n{place} is on the same disk as the fleet: if it is to be a stick, it is not mounted"
        )
    return said


def require_stick(place: Path) -> None:
    """A stick that is not mounted must not become a directory of this computer."""
    if not place.parent.is_dir():
        raise ReleaseError(f"{place.parent} is not there: mount the stick, then give it again")


def make_pair(fleet: Fleet, state: State) -> bytes:
    """The stick's timestamp; the tree's own goes two versions on and is on the disk first."""
    writer = fleet.make_writer(state.repository.name)
    expires = (fleet.now + STICK).replace(microsecond=0)
    stick = writer.make_timestamp(state, state.snapshot, expires, offline=True)
    own = writer.make_timestamp(state, state.snapshot, state.timestamp.signed.expires, versions=2)
    replace(fleet.files, state.repository.timestamp_path, own.to_bytes())
    return stick.to_bytes()


def find_end(state: State, stick: datetime) -> datetime:
    """A stick holds as long as the first of its signatures."""
    roles = (state.root, state.targets, state.snapshot)
    return min(stick, *(one.signed.expires for one in roles))


def describe_stick(place: Path, count: int, left: timedelta) -> str:
    text = f"{place} has the tree ({count} files are new); as an update it {describe_left(left)}"
    if left < STICK - timedelta(days=1):
        text += ": the offline roles end before 90 days are over; renew them first (`fleet renew`)"
    return text
