"""Keeps a restless night from filling the database: beyond some events, many become one row.

Inputs: what is known of the last events, those that are to be told. Output: the same now; those
that are told now. Pure.
Never: loses one in silence: the row says how many are told with it, and keeps the best picture.

A branch in the wind, rain on the lens or a market day give hundreds of tracks that are all seen
often enough. The first 20 in ten minutes are told one by one. From then on they are gathered, and
each gathering is told as one row: after 2 minutes, then 4, 8, ... at most 60. When a gathering
brought hardly anything, the next ones are told one by one again. Each rule is counted alone.
"""

from dataclasses import dataclass, replace

from inference.events.draft import EventDraft

MOST = 20  # told one by one
WITHIN_S = 600.0
FIRST_INTERVAL_S = 120.0
LONGEST_INTERVAL_S = 3600.0
CALM = 3  # a gathering of so few, or fewer, says that it is over
REASON = f"more than {MOST} in {WITHIN_S / 60:.0f} minutes are noise or a crowd"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """When stories were told one by one lately, and what is being gathered, if that is done."""

    lately_s: tuple[float, ...] = ()
    merged: EventDraft | None = None
    since_s: float = 0.0
    length_s: float = 0.0  # of the gathering that runs, or of the next; 0: one by one

    def apply(self, over: list[EventDraft], now_s: float) -> tuple["RateLimit", list[EventDraft]]:
        """These stories are over at `now_s` (unit time): what is told now."""
        burst, told = self._publish_due(now_s)
        for story in over:
            burst, alone = burst._add(story, now_s)  # noqa: SLF001  (the same class)
            told += alone
        return burst, told

    def flush(self) -> tuple["RateLimit", list[EventDraft]]:
        """What is gathered so far, because nothing more will come."""
        return replace(self, merged=None), [self.merged] if self.merged else []

    def _publish_due(self, now_s: float) -> tuple["RateLimit", list[EventDraft]]:
        """Tell a gathering whose time is over."""
        if self.merged is None or now_s - self.since_s < self.length_s:
            return self, []
        if self.merged.merged < CALM:
            return RateLimit(), [self.merged]
        longer_s = min(LONGEST_INTERVAL_S, 2 * self.length_s)
        return RateLimit(length_s=longer_s), [self.merged]

    def _add(self, story: EventDraft, now_s: float) -> tuple["RateLimit", list[EventDraft]]:
        lately_s = tuple(told_s for told_s in self.lately_s if 0 <= now_s - told_s < WITHIN_S)
        if self.merged is not None:
            return replace(self, merged=merge(self.merged, story)), []
        if self.length_s == 0 and len(lately_s) < MOST:
            return RateLimit((*lately_s, now_s)), [story]
        return RateLimit((), story, now_s, self.length_s or FIRST_INTERVAL_S), []


def merge(one: EventDraft, other: EventDraft) -> EventDraft:
    """Two stories as one: the better picture, the whole time, all that they cost."""
    best, rest = (one, other) if one.snapshot_score >= other.snapshot_score else (other, one)
    return replace(
        best,
        first=min(one.first, other.first, key=lambda stamp: stamp.uptime_s),
        last=max(one.last, other.last),
        frames=one.frames + other.frames,
        confidence=max(one.confidence, other.confidence),
        confidence_sum=one.confidence_sum + other.confidence_sum,
        energy_j=one.energy_j + other.energy_j,
        energy_measured=one.energy_measured and other.energy_measured,
        drops=one.drops + other.drops,
        merged=best.merged + rest.merged + 1,
        merge_reason=REASON,
    )
