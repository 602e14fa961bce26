"""`fleet renew`: online roles are signed anew in time; offline ones when somebody brings the keys.

Reads: both repositories. Writes: metadata that is due.
Never: lets the end of an offline role come without having said so for months.
"""

from tuf.api.metadata import Snapshot, Targets, Timestamp

from ota.release.fleet import Fleet
from ota.release.metadata.bins import renew_listings
from ota.release.metadata.reading import DIRECTOR, IMAGE, REPOSITORIES, State, is_signed
from ota.release.metadata.roots import renew_image_targets
from ota.release.metadata.writing import Writer
from ota.release.periods import Kind, SignedRole, is_due


def renew_online(fleet: Fleet, *, force: bool = False, bins: int = 0) -> list[str]:
    """What was signed anew, in sentences. `bins`: another number of them, 0: as it is."""
    found = []
    for name in REPOSITORIES:
        state = fleet.read_state(name)
        found += renew_repository(fleet.make_writer(name), state, force=force, bins=bins)
    return found


def renew_repository(writer: Writer, state: State, *, force: bool, bins: int) -> list[str]:
    everything = force or not is_whole(state)
    changed = {}
    name = state.repository.name
    if name == DIRECTOR:
        changed = renew_listings(writer, state, everything=everything or bool(bins), bins=bins)
    if changed or everything or is_due(Kind.LISTING, state.snapshot.signed.expires, writer.now):
        writer.commit(state, changed)
        return [f"{name}: {len(changed)} listings, snapshot and timestamp are signed anew"]
    if is_due(Kind.TIMESTAMP, state.timestamp.signed.expires, writer.now):
        writer.put_timestamp(state, state.snapshot)
        return [f"{name}: the timestamp is signed anew"]
    return []


def is_whole(state: State) -> bool:
    """Whether the newest root's keys have signed; not so after a change of keys was cut off."""
    online = (
        is_signed(state.root, Timestamp.type, state.timestamp),
        is_signed(state.root, Snapshot.type, state.snapshot),
        state.repository.name == IMAGE or is_signed(state.root, Targets.type, state.targets),
    )
    return all(online)


def renew_targets(fleet: Fleet) -> str:
    """The releases of the image repository hold for another year."""
    state = fleet.read_state(IMAGE)
    writer = fleet.make_writer(IMAGE)
    targets = renew_image_targets(writer, state)
    writer.put(Targets.type, targets)
    return (
        f"targets version {targets.signed.version} is signed; units see it after `fleet release "
        "publish`"
    )


def list_roles(state: State) -> list[SignedRole]:
    """The four top-level roles of a repository."""
    name = state.repository.name
    targets = Kind.TARGETS if name == IMAGE else Kind.LISTING
    parts = (
        ("root", Kind.ROOT, state.root.signed),
        ("targets", targets, state.targets.signed),
        ("snapshot", Kind.LISTING, state.snapshot.signed),
        ("timestamp", Kind.TIMESTAMP, state.timestamp.signed),
    )
    return [SignedRole(name, role, kind, one.version, one.expires) for role, kind, one in parts]
