"""The one place where python-tuf (7.0) is changed: its time and its files are passed in.

    updater = PinnedUpdater(place, fetcher)
    updater.refresh()
    updater.kept, updater.see()          # what is verified now, to be stored

Rules stay python-tuf's (`TrustedMetadataSet`); the floors of the unit are asked beside them, as
soon as a file is verified and before it is kept.

Reads: metadata through the fetcher. Writes: nothing, neither a directory nor a link: python-tuf
would write without fsync. tests/ota/trust/test_updater.py holds the source that this counts on.
Never: keeps what is below a floor, or a timestamp made for a stick.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from appliance.wording.sentence import say
from ota.errors import TrustError, UpdateError
from ota.trust.pages import SCHEME
from ota.trust.ratchet import RepositoryFloor, find_applicable, find_newest, parse_time
from ota.trust.refusals import explain, make_refusal, make_rollback, refuse_boundless

NOWHERE = "/nonexistent/trust"  # what python-tuf takes for its directory: nothing is ever there
FOR_STICKS = say("take a stick with `unitctl update from-usb`, with a technician present")


@dataclass(frozen=True, slots=True)
class Place:
    """One repository of one mirror, and what is known of it.

    `words` name both for people. `anchor`: the technician's root file. `now`: UTC, the floors of
    the unit but for this repository's own included. `technician`: metadata of sticks may be used.
    """

    words: str
    metadata_path: str
    anchor: bytes
    kept: Mapping[str, bytes]
    floor: RepositoryFloor
    now: datetime
    technician: bool = False


class PinnedUpdater(Updater):
    """`kept`: verified files, "role NAME" and "root N" -> bytes. `role`: fetched last.

    `offline`: the timestamp was made for a stick.
    """

    def __init__(
        self, place: Place, fetcher: FetcherInterface, config: UpdaterConfig | None = None
    ) -> None:
        self.place, self.floor, self.kept = place, place.floor, dict(place.kept)
        self.role, self.offline = Root.type, False
        self.is_rooted = False
        self.loaded: set[str] = set()
        super().__init__(
            NOWHERE,
            f"{SCHEME}{place.metadata_path}",
            fetcher=fetcher,
            config=config,
            bootstrap=place.anchor,
        )

    # --- files -----------------------------------------------------------------------------------

    def _download_metadata(self, rolename: str, length: int, version: int | None = None) -> bytes:
        self.role = rolename
        data: bytes = super()._download_metadata(rolename, length, version)
        return data

    def _load_local_metadata(self, rolename: str) -> bytes:
        if f"role {rolename}" not in self.kept:
            raise FileNotFoundError(rolename)
        return self.kept[f"role {rolename}"]

    def _persist_metadata(self, rolename: str, data: bytes) -> None:
        self.check(rolename)
        if not (self.offline and rolename == Timestamp.type):
            self.kept[f"role {rolename}"] = data

    def _persist_root(self, version: int, data: bytes) -> None:
        if data != self.place.anchor:
            self.kept[f"root {version}"] = data

    def _update_root_symlink(self) -> None:
        """There is no link: the chain of roots is read from the technician's file on."""

    # --- time and floors -------------------------------------------------------------------------

    def _load_root(self) -> None:
        self.role = Root.type
        for version in count(self._trusted_set.root.version + 1):
            if not self.load_kept_root(version):
                break
        super()._load_root()
        self.apply_root()

    def load_kept_root(self, version: int) -> bool:
        try:
            self._trusted_set.update_root(self.kept[f"root {version}"])
        except (KeyError, RepositoryError):
            self.kept.pop(f"root {version}", None)
            return False
        return True

    def apply_root(self) -> None:
        """From here on it is known which floors hold, and what time it is at least."""
        root: Root = self._trusted_set.root
        anchor, keys = hashlib.sha256(self.place.anchor).hexdigest(), name_online_keys(root)
        self.floor = find_applicable(self.place.floor, anchor=anchor, keys=keys)
        if (self.place.floor.anchor, self.place.floor.keys) not in (("", ""), (anchor, keys)):
            self.kept.pop("role timestamp", None)
            self.kept.pop("role snapshot", None)
        now = find_newest(self.place.now, self.floor.issued) or self.place.now
        self._trusted_set.reference_time = now
        if root.version < self.floor.root:
            raise self.make_rollback(Root.type, root.version, self.floor.root)
        self.is_rooted = True
        self.check_expiry(Root.type)

    def _load_timestamp(self) -> None:
        self.role = Timestamp.type
        if self.place.technician:
            self.kept.pop("role timestamp", None)  # a stick's is older, and its snapshot counts
        super()._load_timestamp()
        self.check(Timestamp.type)
        self.check_expiry(Timestamp.type)

    def _load_snapshot(self) -> None:
        self.role = Snapshot.type
        super()._load_snapshot()
        self.check(Snapshot.type)

    def _load_targets(self, role: str, parent_role: str) -> Targets:
        self.role = role
        targets: Targets = super()._load_targets(role, parent_role)
        self.check(role)
        return targets

    def check(self, role: str) -> None:
        """Whether a verified role may be used; raises `TrustError`."""
        if role == Timestamp.type:
            self.check_timestamp()
        refuse_boundless(role, self._trusted_set[role].version, self.place.words)
        self.loaded.add(role)
        if not (role == Timestamp.type and self.offline):
            self.check_version(role, self._trusted_set[role].version)

    def check_timestamp(self) -> None:
        timestamp: Timestamp = self._trusted_set.timestamp
        self.offline = timestamp.unrecognized_fields.get("offline") is True
        if self.offline and not self.place.technician:
            raise self.refuse("offline", what=say("was made for a stick"), advice=FOR_STICKS)
        self.read_issued()
        self.check_version(Snapshot.type, timestamp.snapshot_meta.version)

    def read_issued(self) -> datetime | None:
        """When the timestamp was signed; nothing is signed after it, or the root, expires."""
        timestamp: Timestamp = self._trusted_set.timestamp
        try:
            issued = parse_time(timestamp.unrecognized_fields.get("issued"))
        except ValueError:
            raise self.refuse_issued() from None
        if issued and issued > min(timestamp.expires, self._trusted_set.root.expires):
            raise self.refuse_issued()
        return issued

    def check_version(self, role: str, version: int) -> None:
        lowest = self.floor.versions.get(role, 0)
        if version < lowest:
            raise self.make_rollback(role, version, lowest)

    def check_expiry(self, role: str) -> None:
        if self._trusted_set[role].is_expired(self._trusted_set.reference_time):
            raise self.explain(ExpiredMetadataError())

    def is_consistent(self) -> bool:
        """Whether names of files begin with their version or hash."""
        return self._trusted_set.root.consistent_snapshot is True

    def see(self) -> RepositoryFloor | None:
        """What was verified in this run, for the ratchet; None where not even the root was."""
        if not self.is_rooted:
            return None
        roles = self.loaded - ({Timestamp.type} if self.offline else set())
        return RepositoryFloor(
            anchor=self.floor.anchor,
            keys=self.floor.keys,
            root=self._trusted_set.root.version,
            versions={role: self._trusted_set[role].version for role in sorted(roles)},
            issued=self.read_issued() if Timestamp.type in self.loaded else None,
        )

    # --- words -----------------------------------------------------------------------------------

    def explain(self, error: RepositoryError | DownloadError) -> UpdateError:
        """python-tuf's error, with the file that it is about."""
        if isinstance(error, BadVersionNumberError) and not self.is_rollback():
            error = LengthOrHashMismatchError()
        return explain(error, self.role, self.place.words)

    def is_rollback(self) -> bool:
        """Whether a wrong version is an older one, and not just that of another file's words."""
        if self.role != Snapshot.type:
            return self.role == Timestamp.type
        old = self.kept.get("role snapshot")  # still in use where the new one was refused for it
        version = Metadata.from_bytes(old).signed.version if old else None
        return bool(self._trusted_set.snapshot.version == version)

    def refuse(self, code: str, *, what: str, advice: str) -> TrustError:
        """Of the timestamp, python-tuf having no word for it."""
        return make_refusal(code, Timestamp.type, what=what, advice=advice, place=self.place.words)

    def refuse_issued(self) -> TrustError:
        advice = say("have the timestamp signed again with a right clock")
        return self.refuse("issued", what=say("says a wrong time of signing"), advice=advice)

    def make_rollback(self, role: str, seen: int, lowest: int) -> TrustError:
        return make_rollback(role, seen=seen, floor=lowest, place=self.place.words)


def name_online_keys(root: Root) -> str:
    """A digest of the keys and thresholds of timestamp and snapshot."""
    roles: Any = [
        (name, sorted(root.roles[name].keyids), root.roles[name].threshold)
        for name in (Timestamp.type, Snapshot.type)
    ]
    return hashlib.sha256(json.dumps(roles).encode()).hexdigest()
