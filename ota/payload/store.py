"""Fetches what of a release is not here yet.

    fetcher = Fetcher(ContentStore(directory, files), mirrors, seeds=(Seed(...),))
    plan = fetcher.plan(manifest)                     # LinkError, TrustError, SpaceError
    for layer in manifest.layers:
        fetcher.fetch(layer, may_go_on=..., progress=...)
        fetcher.verify(layer)

Reads: mirrors, the content, the running slot. Writes: `parts`, and through `ContentStore`.
Never: puts content under its name before it is whole, verified and on the disk; or tries again by
itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.wording.sentence import say
from ota.files import Files, remove_tree
from ota.manifest import Layer, LayerKind, Payload, ReleaseManifest
from ota.mirrors.mirror import Mirror
from ota.payload.assembly import write_image, write_tree
from ota.payload.content import ContentStore
from ota.payload.disk_faults import require_room, tell_disk_faults
from ota.payload.download import Download, PausedError, Progress
from ota.payload.job import Job, JobMaker
from ota.payload.sources import Seed

__all__ = ["ContentStore", "FetchPlan", "Fetcher", "PausedError", "Seed"]

MARGIN_BYTES = 8 * 1024**2  # that stay free: the unit's own rows go on


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """`missing_bytes` come over the link; `disk_bytes` must be free until all is in place.

    `payloads`: layer and chosen payload, of those that are not here.
    """

    missing_bytes: int
    disk_bytes: int
    payloads: tuple[tuple[Layer, Payload], ...]
    reason: str


class Fetcher:
    """Fetches layers; each call goes on where the last one, or a power cut, stopped."""

    def __init__(
        self, store: ContentStore, mirrors: Sequence[Mirror], *, seeds: Sequence[Seed] = ()
    ) -> None:
        self.store = store
        self.files: Files = store.files
        self.mirrors = tuple(mirrors)
        self.jobs = JobMaker(store, mirrors, seeds)

    def plan(self, manifest: ReleaseManifest) -> FetchPlan:
        """What a release still needs. Fetches indexes; raises `LinkError`, `TrustError`,
        `SpaceError`.
        """
        with tell_disk_faults(self.store.directory):
            self.store.prepare()
            present = self.store.list_present()
            missing = [one for one in manifest.layers if one.sha256 not in present]
            jobs = [self.jobs.make(layer) for layer in missing]
            return make_plan(jobs, len(manifest.layers))

    def fetch(
        self,
        layer: Layer,
        *,
        may_go_on: Callable[[], bool],
        progress: Progress,
        most_bytes: int | None = None,
    ) -> None:
        """Bring a layer here. `progress` gets the bytes of each part that came over the link.

        `most_bytes`: no more of the pack may come in this call (a link paid by volume). Raises
        `LinkError` (`PausedError` where `may_go_on` or `most_bytes` stopped it), `TrustError`,
        `SpaceError`.
        """
        with tell_disk_faults(self.store.directory):
            self.store.prepare()
            if layer.sha256 not in self.store.list_present():
                job = self.bring(layer, may_go_on, progress, most_bytes)
                self.assemble(job)
            remove_tree(self.files, self.store.parts / layer.sha256)

    def repair(
        self,
        layer: Layer,
        *,
        may_go_on: Callable[[], bool],
        progress: Progress,
        most_bytes: int | None = None,
    ) -> None:
        """Bring back what of a tree in use was damaged; raises as `fetch`."""
        with tell_disk_faults(self.store.directory):
            self.store.prepare()
            job = self.bring(layer, may_go_on, progress, most_bytes)
            made = job.folder / "made"
            write_tree(self.files, made, job.index, job.listed, job.chunks)
            self.store.mend(layer, made, job.listed)
            remove_tree(self.files, self.store.parts / layer.sha256)

    def bring(
        self,
        layer: Layer,
        may_go_on: Callable[[], bool],
        progress: Progress,
        most_bytes: int | None,
    ) -> Job:
        """All chunks that are not here, over the link."""
        job = self.jobs.make(layer)
        free_bytes = self.files.free_bytes(self.store.directory)
        needed_bytes = job.disk_bytes + MARGIN_BYTES
        require_room(self.store.directory, needed_bytes=needed_bytes, free_bytes=free_bytes)
        download = Download(job.wire, self.mirrors, job.payload.pack, job.chunks.is_right)
        download.run(job.wanted, may_go_on=may_go_on, progress=progress, most_bytes=most_bytes)
        return job

    def assemble(self, job: Job) -> None:
        """A cut here costs work of this computer, nothing of the link."""
        made = job.folder / "made"
        if job.layer.kind is LayerKind.OS:
            write_image(self.files, made, job.index, job.chunks)
        else:
            write_tree(self.files, made, job.index, job.listed, job.chunks)
        self.store.put(job.layer, made, job.listed)

    def verify(self, layer: Layer) -> None:
        """Hash a layer whole, as it lies on the disk; raises `TrustError`, `SpaceError`."""
        self.store.verify(layer)


def make_plan(jobs: Sequence[Job], count: int) -> FetchPlan:
    missing_bytes = sum(job.missing_bytes for job in jobs)
    deltas = sum(1 for job in jobs if job.payload.needs_sha256)
    return FetchPlan(
        missing_bytes=missing_bytes,
        disk_bytes=sum(job.disk_bytes for job in jobs) + MARGIN_BYTES,
        payloads=tuple((job.layer, job.payload) for job in jobs),
        reason=(
            say(
                "{len} of {count} layers are not here; {missing_bytes:.1f} MB come over the link "
                "({deltas} as a difference to what is here)",
                len=len(jobs),
                count=count,
                missing_bytes=missing_bytes / 1000000.0,
                deltas=deltas,
            )
        ),
    )
