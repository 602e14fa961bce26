"""How far a download has come, in steps that are worth a row. Pure.

    share = DownloadShare(total_bytes=8_000_000, left_bytes=2_000_000, tell=print)
    share.add(65_536)                    # tells 80.0, when a further step is reached

Reads and writes: nothing.
Never: tells a step twice, or more than 100 %.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

STEP_PCT = 5.0  # of a download, from one row to the next


@dataclass(slots=True)
class DownloadShare:
    """`total_bytes`: of the whole download, `left_bytes` of them still to come when it goes on.

    `tell` hears percent, 0 to 100.
    """

    total_bytes: int
    left_bytes: int
    tell: Callable[[float], None]
    told: int = field(init=False)

    def __post_init__(self) -> None:
        self.total_bytes = max(self.total_bytes, self.left_bytes)
        self.told = self._count_steps()

    def add(self, received_bytes: int) -> None:
        """So many bytes came."""
        self.left_bytes = max(0, self.left_bytes - received_bytes)
        steps = self._count_steps()
        if steps > self.told:
            self.told = steps
            self.tell(steps * STEP_PCT)

    def _count_steps(self) -> int:
        if self.total_bytes <= 0:
            return 0
        return int(100.0 * (self.total_bytes - self.left_bytes) / self.total_bytes / STEP_PCT)
