"""One mirror, asked once which release is meant for this unit.

Reads: metadata and one manifest from the mirror. Writes: nothing; `memory` is what to store.
Never: hands out what the two repositories do not both sign, for this machine, at this time.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.exceptions import DownloadError, LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import TargetFile

from appliance.wording.sentence import say
from ota.errors import TrustError, UpdateError
from ota.manifest import ReleaseManifest, format_manifest, parse_manifest
from ota.mirrors.mirror import Mirror
from ota.offer import Offer
from ota.trust.assignment import (
    Answer,
    Assignment,
    UnitIdentity,
    check_agreement,
    check_release,
    find_assignment,
    find_hindrance,
    find_manifest_path,
    permits_downgrade,
)
from ota.trust.pages import SCHEME, MirrorFetcher
from ota.trust.ratchet import find_clock_floor, note_seen
from ota.trust.store import Memory
from ota.trust.updater import PinnedUpdater, Place

REPOSITORIES = ("director", "image")
MANIFEST = "manifest"  # the assigned release's, among the verified files


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when. `roots`: repository -> the technician's root file. `now`: the clock, UTC;
    `built_at`: when the running image was built. `technician`: somebody is present.
    """

    unit: UnitIdentity
    roots: Mapping[str, bytes]
    now: datetime
    built_at: datetime | None
    technician: bool


class MirrorQuestion:
    """`memory` grows with what is verified, also where the mirror then fails. `answer`: why there
    is no offer.
    """

    def __init__(
        self, asker: Asker, memory: Memory, mirror: Mirror, monotonic: Callable[[], float]
    ) -> None:
        self.asker, self.memory, self.mirror = asker, memory, mirror
        self.fetcher = MirrorFetcher(mirror, monotonic)
        self.answer: Answer | None = None
        self.offline = False

    def find_offer(self) -> Offer | None:
        assignment = self.ask_director()
        with self.consult("image") as image:
            path = assignment and find_manifest_path(assignment)
            signed = image.get_targetinfo(path) if path else None
        if assignment is None:
            unit = self.asker.unit
            text = say(
                "No release is assigned to {unit} or its group {group}.",
                unit=unit.name,
                group=unit.group,
            )
            self.answer = Answer("nothing-assigned", text)
            return None
        target = check_agreement(assignment, signed)
        self.answer = find_hindrance(assignment, self.find_now())
        return None if self.answer else self.judge(assignment, target)

    def ask_director(self) -> Assignment | None:
        """Where its metadata has expired, the image repository is heard all the same: a stolen key
        of that may have signed a time that is far ahead, and only its next root takes it back.
        """
        try:
            with self.consult("director") as director:
                return find_assignment(self.asker.unit, director.get_targetinfo)
        except TrustError as error:
            if error.reason_code.startswith("expired-"):
                with suppress(UpdateError), self.consult("image"):
                    pass
            raise

    def find_now(self, *, without: str = "") -> datetime:
        """The clock, or the floor where the clock runs behind it; `without` one repository's."""
        ratchet = self.memory.ratchet
        others = {name: one for name, one in ratchet.repositories.items() if name != without}
        floor = find_clock_floor(replace(ratchet, repositories=others), self.asker.built_at)
        return max(self.asker.now, floor) if floor else self.asker.now

    def judge(self, assignment: Assignment, target: TargetFile) -> Offer | None:
        data = self.fetch_manifest(target)
        manifest, ratchet = parse_manifest(data), self.memory.ratchet
        if digest(manifest) == ratchet.committed:
            text = say("Release {release} is assigned, and it runs.", release=manifest.release)
            self.answer = Answer("runs-already", text)
            return None
        may_return = assignment.allow_downgrade and permits_downgrade(target)
        assignment = replace(assignment, allow_downgrade=may_return)
        check_release(assignment, manifest, self.asker.unit, ratchet.sequence)
        return Offer(
            manifest=manifest,
            manifest_bytes=data,
            manifest_sha256=hashlib.sha256(data).hexdigest(),
            wave=assignment.wave,
            until=assignment.until,
            allow_downgrade=assignment.allow_downgrade,
            source=self.mirror.name,
            offline=self.offline,
            window=assignment.window,
        )

    @contextmanager
    def consult(self, repository: str) -> Iterator[PinnedUpdater]:
        """The repository, refreshed; errors of python-tuf become ours."""
        updater = self.open_updater(repository)
        try:
            updater.refresh()
            yield updater
        except (RepositoryError, DownloadError) as error:
            raise updater.explain(error) from error
        finally:
            self.offline = self.offline or updater.offline
            self.remember(repository, updater)

    def open_updater(self, repository: str) -> PinnedUpdater:
        try:
            return PinnedUpdater(self.find_place(repository), self.fetcher)
        except RepositoryError as error:
            raise TrustError(
                say(
                    "{repository}-root.json, the root of trust on this unit, is damaged "
                    "({error}): no update is taken until a technician puts it there again",
                    repository=repository,
                    error=error,
                ),
                f"bad-root-{repository}",
            ) from error

    def find_place(self, repository: str) -> Place:
        start = f"{repository} "
        kept = {k[len(start) :]: v for k, v in self.memory.metadata.items() if k.startswith(start)}
        return Place(
            words=say(
                "the {repository} repository at {mirror}",
                repository=repository,
                mirror=self.mirror.name,
            ),
            metadata_path=f"{repository}/metadata/",
            anchor=self.asker.roots[repository],
            kept=kept,
            floor=self.memory.ratchet.get_floor(repository),
            now=self.find_now(without=repository),
            technician=self.asker.technician,
        )

    def remember(self, repository: str, updater: PinnedUpdater) -> None:
        seen = updater.see()
        if seen is None:
            return
        start = f"{repository} "
        others = {k: v for k, v in self.memory.metadata.items() if not k.startswith(start)}
        own = {f"{start}{k}": v for k, v in updater.kept.items()}
        ratchet = note_seen(self.memory.ratchet, repository, seen)
        self.memory = Memory(ratchet, {**others, **own})

    def fetch_manifest(self, target: TargetFile) -> bytes:
        """The signed manifest: as it was verified before, else from the mirror."""
        kept = self.memory.metadata.get(MANIFEST)
        if kept is not None and fits(target, kept):
            return kept
        folder, _, name = target.path.rpartition("/")
        path = f"image/targets/{folder}/{target.hashes['sha256']}.{name}"
        data = self.download(path, target)
        if not fits(target, data):
            raise TrustError(
                say(
                    "{path} of {mirror} is not the file that was signed: it is not used; copy "
                    "the tree to that mirror again",
                    path=path,
                    mirror=self.mirror.name,
                ),
                "manifest-differs",
            )
        self.memory = replace(self.memory, metadata={**self.memory.metadata, MANIFEST: data})
        return data

    def download(self, path: str, target: TargetFile) -> bytes:
        try:
            return self.fetcher.download_bytes(f"{SCHEME}{path}", target.length)
        except DownloadError as error:
            raise TrustError(
                say(
                    "{path} of {mirror} does not come whole ({error}): copy the tree to that "
                    "mirror again",
                    path=path,
                    mirror=self.mirror.name,
                    error=error,
                ),
                "manifest-not-whole",
            ) from error


def fits(target: TargetFile, data: bytes) -> bool:
    try:
        target.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        return False
    return True


def digest(manifest: ReleaseManifest) -> str:
    """What names a release whatever its file looked like."""
    return hashlib.sha256(format_manifest(manifest)).hexdigest()
