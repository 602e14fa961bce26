"""Image repository and director with behaviour, in memory: honest until a test makes them attack.

    fleet = TufFleet(NOW)
    fleet.release("r1", sequence=1); fleet.assign("units/u1", "r1"); fleet.publish(NOW)
    MemoryMirror("web", fleet.tree)

Reads and writes: nothing outside of memory. Built with `tuf.api` alone: it shares no code with the
client nor with the command `fleet`.
Never: checks what it is asked to sign: keys may be stolen, versions run back, files contradict.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from ota.errors import LinkError
from ota.manifest import PERMISSION
from ota.mirrors.mirror import NotThereError

TOP = ("root", "timestamp", "snapshot", "targets")
OFFLINE = timedelta(days=365)
ONLINE = timedelta(days=7)
PREFIX = "bin"


def make_signers(count: int) -> list[CryptoSigner]:
    return [CryptoSigner.generate_ed25519() for _ in range(count)]


class TufRepository:
    """One repository. `signers`: role -> keys; two of three for root and the image's targets."""

    def __init__(self, name: str, tree: dict[str, bytes], now: datetime, *, bins: int = 0) -> None:
        self.name, self.tree, self.now = name, tree, now
        offline = 1 if bins else 3
        self.signers = {
            "root": make_signers(3),
            "targets": make_signers(offline),
            "snapshot": make_signers(1),
            "timestamp": make_signers(1),
            PREFIX: make_signers(1),
        }
        self.root = Root(expires=now + OFFLINE, consistent_snapshot=True)
        self.timestamp = Timestamp(expires=now + ONLINE)
        self.snapshot = Snapshot(expires=now + ONLINE, meta={})
        self.targets = Targets(expires=now + OFFLINE)
        self.bins: dict[str, Targets] = {}
        for signed in (self.root, self.timestamp, self.snapshot, self.targets):
            signed.version = 0
        for role in TOP:
            self.trust_keys(role)
        if bins:
            self.delegate(bins)
        self.put_root()

    def trust_keys(self, role: str) -> None:
        """The root names the present signers of a role."""
        keys = [one.public_key for one in self.signers[role]]
        self.root.roles[role] = Role([], min(2, len(keys)))
        for key in keys:
            self.root.add_key(key, role)

    def delegate(self, bit_length: int) -> None:
        key = self.signers[PREFIX][0].public_key
        self.targets.delegations = delegate_to_bins(key, bit_length)
        assert self.targets.delegations.succinct_roles
        for name in self.targets.delegations.succinct_roles.get_roles():
            self.bins[name] = Targets(version=1, expires=self.now + OFFLINE)

    # --- changes ---------------------------------------------------------------------------------

    def add_target(self, target: TargetFile) -> None:
        role = self.targets
        if self.targets.delegations and self.targets.delegations.succinct_roles:
            name = self.targets.delegations.succinct_roles.get_role_for_target(target.path)
            role = self.bins[name]
            role.version += 1
        role.targets[target.path] = target

    def rotate(self, *roles: str) -> None:
        """New keys for roles, by a new root."""
        for role in roles:
            self.signers[role] = make_signers(len(self.signers[role]))
            self.trust_keys(role)
        self.put_root()

    def put_root(self, signers: Sequence[CryptoSigner] | None = None) -> None:
        self.root.version += 1
        self.put(f"{self.root.version}.root.json", self.sign("root", self.root, signers))

    # --- publishing ------------------------------------------------------------------------------

    def publish(self, now: datetime, **custom: Any) -> None:
        """Everything anew: targets, snapshot, timestamp."""
        self.now = now
        self.targets.version += 1
        self.put_targets()
        self.put_snapshot()
        self.put_timestamp(**custom)

    def put_targets(self) -> None:
        for name, role in {"targets": self.targets, **self.bins}.items():
            data = self.sign("targets" if name == "targets" else PREFIX, role)
            self.put(f"{role.version}.{name}.json", data)
            self.snapshot.meta[f"{name}.json"] = MetaFile.from_data(role.version, data, ["sha256"])

    def put_snapshot(self) -> None:
        self.snapshot.version += 1
        self.snapshot.expires = self.now + ONLINE * 4
        data = self.sign("snapshot", self.snapshot)
        self.put(f"{self.snapshot.version}.snapshot.json", data)
        version = self.snapshot.version
        self.timestamp.snapshot_meta = MetaFile.from_data(version, data, ["sha256"])

    def put_timestamp(self, **custom: Any) -> None:
        """`custom`: more signed fields; `issued` is there unless it says otherwise."""
        self.timestamp.version += 1
        self.timestamp.expires = self.now + ONLINE
        self.timestamp.unrecognized_fields = {"issued": self.now.isoformat(), **custom}
        self.put("timestamp.json", self.sign("timestamp", self.timestamp))

    def sign(
        self, role: str, signed: Signed, signers: Sequence[CryptoSigner] | None = None
    ) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        for signer in self.signers[role] if signers is None else signers:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def put(self, name: str, data: bytes) -> None:
        self.tree[f"{self.name}/metadata/{name}"] = data

    def steal(self, role: str, keep: int = 0) -> None:
        """A thief signs for `role` with `keep` true keys and else with own ones."""
        true = self.signers[role]
        self.signers[role] = [*true[:keep], *make_signers(len(true) - keep)]


def delegate_to_bins(key: Key, bit_length: int) -> Delegations:
    succinct = SuccinctRoles([key.keyid], 1, bit_length, PREFIX)
    return Delegations({key.keyid: key}, succinct_roles=succinct)


class TufFleet:
    """Both repositories over one tree."""

    def __init__(self, now: datetime, *, bins: int = 4) -> None:
        self.tree: dict[str, bytes] = {}
        self.image = TufRepository("image", self.tree, now)
        self.director = TufRepository("director", self.tree, now, bins=bins)
        self.roots = {
            one.name: self.tree[f"{one.name}/metadata/1.root.json"]
            for one in (self.image, self.director)
        }

    def release(self, name: str, sequence: int, **changes: Any) -> bytes:
        """Sign a release; `changes` to its manifest. Returns the manifest."""
        data = make_manifest(name, sequence, **changes)
        self.put_manifest(name, data)
        target = TargetFile.from_data(f"releases/{name}/manifest.json", data, ["sha256"])
        self.image.add_target(target)
        return data

    def permit_downgrade(self, name: str) -> None:
        """The offline key permits that newer units are sent back to a release."""
        target = self.image.targets.targets[f"releases/{name}/manifest.json"]
        target.unrecognized_fields["custom"] = {PERMISSION: True}

    def put_manifest(self, name: str, data: bytes, digest: str = "") -> None:
        digest = digest or hashlib.sha256(data).hexdigest()
        self.tree[f"image/targets/releases/{name}/{digest}.manifest.json"] = data

    def assign(self, path: str, release: str, *, data: bytes | None = None, **custom: Any) -> None:
        """`data`: what the director takes for the manifest, where it lies."""
        known = self.image.targets.targets.get(f"releases/{release}/manifest.json")
        if data is None:
            assert known is not None
            length, hashes = known.length, known.hashes
        else:
            length, hashes = len(data), {"sha256": hashlib.sha256(data).hexdigest()}
        fields = {"from": None, "until": None, "wave": "all", "allow_downgrade": False}
        entry = {"release": release, **fields, **custom}
        self.director.add_target(TargetFile(length, hashes, path, {"custom": entry}))

    def publish(self, now: datetime, **custom: Any) -> None:
        self.image.publish(now, **custom)
        self.director.publish(now, **custom)

    def renew(self, now: datetime) -> None:
        """New timestamps, nothing else."""
        for one in (self.image, self.director):
            one.now = now
            one.put_timestamp()


def make_manifest(name: str, sequence: int, **changes: Any) -> bytes:
    tree = {
        "format": 1,
        "release": name,
        "sequence": sequence,
        "issued": "2026-11-01T00:00:00+00:00",
        "machines": ["x86-64"],
        "min_os": 0,
        "data_schema": 1,
        "energy_wh": 5.0,
        "notes": "",
        "layers": [],
        **changes,
    }
    return json.dumps(tree).encode()


class MemoryMirror:
    """A mirror over a dictionary. `overrides`: path -> what is served instead, part by part."""

    def __init__(self, name: str, tree: dict[str, bytes]) -> None:
        self.name, self.tree = name, tree
        self.overrides: dict[str, Callable[[], Iterator[bytes]]] = {}
        self.asked: list[str] = []
        self.is_dead = False

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        self.asked.append(path)
        if self.is_dead:
            raise LinkError(f"{self.name} does not answer", "no-answer")
        parts = self.overrides.get(path)
        if parts is None and path not in self.tree:
            raise NotThereError(f"{self.name} has no {path}", "not-there")
        left = most_bytes
        for part in parts() if parts else iter([self.tree[path][offset:]]):
            yield part[:left]
            left -= len(part[:left])
            if left <= 0:
                return


def write_tree(tree: dict[str, bytes], directory: Path) -> None:
    for path, data in tree.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
