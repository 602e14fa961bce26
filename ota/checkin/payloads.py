"""What the engine fetches through: ota/payload, within the volume of a metered or mobile link.

Reads: mirrors, content. Writes: content, through `Fetcher`.
Never: fetches more on a metered link than the settings allow for a day, or anything once the mobile
link's month is used up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.wording.sentence import say
from ota.checkin.volume import Volume
from ota.errors import LinkError, TrustError
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.payload.store import Fetcher, FetchPlan


@dataclass(frozen=True, slots=True)
class DayPayloads:
    """`allowance_bytes`: what may still come today, None: no limit. `volume`: what came since.
    `month_used`: the mobile link's budget is used up.
    """

    fetcher: Fetcher
    volume: Volume
    allowance_bytes: int | None = None
    month_used: bool = False

    def plan(self, manifest: ReleaseManifest) -> FetchPlan:
        """Raises `LinkError` where nothing may come any more today: indexes cost volume too."""
        self.require_volume()
        return self.fetcher.plan(manifest)

    def require_volume(self) -> None:
        if self.month_used:
            raise LinkError(
                say(
                    "the mobile link has used its budget of this month: it goes on with the next "
                    "one ([link] budget_mb_per_month)"
                ),
                "budget-used",
            )
        if self.find_left() == 0:
            raise LinkError(
                say(
                    "the link is paid by volume, and today's part is used up; it goes on tomorrow "
                    "(settings, [update] metered_day_mb)"
                ),
                "budget-used",
            )

    def repair(self, layer: Layer, may_go_on: Callable[[], bool]) -> None:
        """Bring back what of a tree in use was damaged. Raises `UpdateError`."""
        self.require_volume()
        left = self.find_left()
        self.fetcher.repair(layer, may_go_on=may_go_on, progress=lambda _: None, most_bytes=left)

    def fetch(
        self, layer: Layer, *, may_go_on: Callable[[], bool], progress: Callable[[int], None]
    ) -> None:
        left = self.find_left()
        self.fetcher.fetch(layer, may_go_on=may_go_on, progress=progress, most_bytes=left)

    def find_left(self) -> int | None:
        """What may still come today, bytes; None: no limit."""
        if self.month_used:
            return 0
        if self.allowance_bytes is None:
            return None
        return max(0, self.allowance_bytes - self.volume.received_bytes)

    def verify(self, layer: Layer) -> bool:
        try:
            self.fetcher.verify(layer)
        except TrustError:
            return False
        return True

    def discard(self, layer: Layer) -> None:
        self.fetcher.store.remove(layer)

    def find(self, layer: Layer) -> Path:
        suffix = ".image" if layer.kind is LayerKind.OS else ""
        return self.fetcher.store.directory / "content" / f"{layer.sha256}{suffix}"
