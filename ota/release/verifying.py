"""`fleet verify`: a tree as a stranger sees it, with python-tuf's client and the roots of trust.

Reads: the tree (a directory, or a web server), the two roots of trust. Writes: a directory for the
time being.
Never: uses what the rest of this package knows of the tree: only what the client verified.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    RepositoryError,
    SlowRetrievalError,
)
from tuf.api.metadata import SuccinctRoles, TargetFile
from tuf.ngclient import FetcherInterface, Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

from ota.manifest import Payload, ReleaseManifest, parse_manifest
from ota.release.errors import ReleaseError
from ota.release.metadata.reading import DIRECTOR, IMAGE
from ota.release.releases.known import release_of, target_path

BLOCK_BYTES = 4 * 1024**2


class FolderFetcher(FetcherInterface):
    """Files of a directory, as a web server would give them."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlsplit(url).path))
        if not path.is_file():
            raise DownloadHTTPError(f"{path} is not there", 404)
        return read_blocks(path)


def read_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(BLOCK_BYTES):
            yield data


@dataclass(frozen=True)
class Stranger:
    """`base`: address of the tree, `trust`: where the two roots are, `work`: what is fetched."""

    base: str
    trust: Path
    work: Path
    fetcher: FetcherInterface

    def make_client(self, name: str) -> Updater:
        """python-tuf's client of one repository, up to date."""
        metadata, targets = self.work / name / "metadata", self.work / name / "targets"
        metadata.mkdir(parents=True)
        client = Updater(
            str(metadata),
            f"{self.base}/{name}/metadata/",
            str(targets),
            f"{self.base}/{name}/targets/",
            self.fetcher,
            bootstrap=read_trust(self.trust, name),
        )
        client.refresh()
        return client

    def read_signed(self, name: str, role: str) -> dict[str, Any]:
        """What the client has verified and kept of a role."""
        found = json.loads((self.work / name / "metadata" / f"{role}.json").read_bytes())
        signed: dict[str, Any] = found["signed"]
        return signed


def verify_tree(place: str, trust: Path) -> list[str]:
    """What was verified, in sentences; raises `ReleaseError` with what is wrong."""
    is_address = place.startswith(("http://", "https://"))
    base = place.rstrip("/") if is_address else Path(place).absolute().as_uri()
    fetcher = Urllib3Fetcher() if is_address else FolderFetcher()
    with tempfile.TemporaryDirectory() as work:
        stranger = Stranger(base, trust, Path(work), fetcher)
        try:
            image, director = stranger.make_client(IMAGE), stranger.make_client(DIRECTOR)
            manifests = verify_image(stranger, image)
            count = verify_director(stranger, director, image)
        except (RepositoryError, DownloadError) as error:
            raise ReleaseError(f"{place} does not verify: {describe(error)}") from error
    names = ", ".join(manifests) or "none"
    return [f"releases: {names}", f"assigned to units and groups: {count}", f"{place} verifies"]


def describe(error: Exception) -> str:
    if isinstance(error, SlowRetrievalError):
        return "no answer came from there, or the answer stopped: is the web server up?"
    return f"{error}" if str(error) else type(error).__name__


def read_trust(trust: Path, name: str) -> bytes:
    """A root of trust. Raises `ReleaseError`, `OSError`."""
    path = trust / f"{name}-root.json"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ReleaseError(
            f"{path} is not there: name the directory with the roots of trust with --trust, or the "
            "fleet with --fleet"
        ) from None


def verify_image(stranger: Stranger, client: Updater) -> dict[str, ReleaseManifest]:
    """Each release, with all that it consists of."""
    found = {}
    for path in stranger.read_signed(IMAGE, "targets")["targets"]:
        target = client.get_targetinfo(path)
        assert target is not None
        manifest = parse_manifest(Path(client.download_target(target)).read_bytes())
        if manifest.release != release_of(path):
            raise ReleaseError(f"{path} is the manifest of {manifest.release}; do not serve it")
        for payload in (one for layer in manifest.layers for one in layer.payloads):
            verify_payload(stranger, payload)
        found[manifest.release] = manifest
    return found


def verify_payload(stranger: Stranger, payload: Payload) -> None:
    sha256 = Path(payload.pack).stem
    verify_file(stranger, payload.pack, size_bytes=payload.pack_bytes, sha256=sha256)
    verify_file(
        stranger, payload.index, size_bytes=payload.index_bytes, sha256=payload.index_sha256
    )


def verify_file(stranger: Stranger, name: str, *, size_bytes: int, sha256: str) -> None:
    digest = hashlib.sha256()
    with stranger.fetcher.download_file(f"{stranger.base}/{name}", size_bytes) as file:
        while data := file.read(BLOCK_BYTES):
            digest.update(data)
        length = file.tell()
    if (length, digest.hexdigest()) != (size_bytes, sha256):
        raise ReleaseError(f"{name} is damaged or cut off: copy it again from the fleet's tree")


def verify_director(stranger: Stranger, client: Updater, image: Updater) -> int:
    """Each bin; and each entry must be a release of the image repository. Returns their number."""
    roles = stranger.read_signed(DIRECTOR, "targets")["delegations"]["succinct_roles"]
    count = 0
    for role, probe in find_probes(SuccinctRoles.from_dict(dict(roles))).items():
        client.get_targetinfo(probe)  # the client loads the bin, whether it has the entry or not
        for path in stranger.read_signed(DIRECTOR, role)["targets"]:
            entry = client.get_targetinfo(path)
            verify_entry(path, entry, image.get_targetinfo)
            count += not path.startswith("rollouts/")
    return count


def find_probes(roles: SuccinctRoles) -> dict[str, str]:
    """For each bin a path that falls into it."""
    found: dict[str, str] = {}
    number = 0
    while len(found) < roles.number_of_bins:
        found.setdefault(roles.get_role_for_target(f"probe/{number}"), f"probe/{number}")
        number += 1
    return found


def verify_entry(
    path: str, entry: TargetFile | None, find_release: Callable[[str], TargetFile | None]
) -> None:
    if entry is None:
        raise ReleaseError(f"{path} is in a bin where no unit looks for it; renew the director")
    release = (entry.custom or {}).get("release", "")
    signed = find_release(target_path(str(release)))
    if signed is None or (signed.length, signed.hashes) != (entry.length, entry.hashes):
        raise ReleaseError(
            f"{path} is to have {release!r}, which is no release of the image repository; assign "
            "another one, or sign and publish that one"
        )
