"""What the engine fetches through: ota/payload, within the day's volume of a metered link.

Reads: mirrors, content. Writes: content, through `Fetcher`.
Never: fetches more on a metered link than the settings allow for a day.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ota.errors import TrustError
from ota.files import remove_tree
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.payload.store import Fetcher, FetchPlan


@dataclass(slots=True)
class DayPayloads:
    """`allowance_bytes`: what may still come today, None: no limit. `received_bytes`: what came."""

    fetcher: Fetcher
    allowance_bytes: int | None = None
    received_bytes: int = field(default=0)

    def plan(self, manifest: ReleaseManifest) -> FetchPlan:
        return self.fetcher.plan(manifest)

    def fetch(
        self, layer: Layer, *, may_go_on: Callable[[], bool], progress: Callable[[int], None]
    ) -> None:
        def count(received: int) -> None:
            self.received_bytes += received
            progress(received)

        most = self.allowance_bytes
        left = None if most is None else max(0, most - self.received_bytes)
        self.fetcher.fetch(layer, may_go_on=may_go_on, progress=count, most_bytes=left)

    def verify(self, layer: Layer) -> bool:
        try:
            self.fetcher.verify(layer)
        except TrustError:
            return False
        return True

    def discard(self, layer: Layer) -> None:
        remove_tree(self.fetcher.files, self.find(layer))

    def find(self, layer: Layer) -> Path:
        suffix = ".image" if layer.kind is LayerKind.OS else ""
        return self.fetcher.store.directory / "content" / f"{layer.sha256}{suffix}"
