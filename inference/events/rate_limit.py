"""The rate limit of events: beyond some in ten minutes, many are merged into one row.

Inputs: what is known of the last events, the drafts that are over. Output: the same now, and the
drafts that are to be published. Pure.
Never: drops one in silence: the row says how many are merged into it, and keeps the best picture.

A branch in the wind, rain on the lens or a market day give hundreds of tracks that are all seen
often enough. The first 20 in ten minutes (a setting) are published one by one. From then on they
are merged, and each merged row is published after an interval: 2 minutes, then 4, 8, ... at most
60. When an interval brought hardly any, the next ones are published one by one again. Each label
of each rule is counted alone: a van in a crowd of people is not one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.wording.sentence import say
from inference.events.draft import EventDraft

FIRST_INTERVAL_S = 120.0
LONGEST_INTERVAL_S = 3600.0
CALM = 3  # so few merged events in an interval, or fewer, end the merging
Kind = tuple[str, str]  # a rule's tag and a label


@dataclass(frozen=True, slots=True)
class Burst:
    """How many events of one kind are published one by one, and within which time."""

    most: int = 20
    within_s: float = 600.0

    @property
    def reason(self) -> str:
        """Why what is beyond it is merged."""
        return say(
            "more than {most} in {within_min:.3g} minutes are noise or a crowd",
            most=self.most,
            within_min=self.within_s / 60,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """When events were published one by one lately, and what is being merged, if that is done."""

    recent_s: tuple[float, ...] = ()
    merged: EventDraft | None = None
    since_s: float = 0.0
    interval_s: float = 0.0  # of the merging that runs, or of the next; 0: one by one

    def apply(
        self, over: list[EventDraft], now_s: float, burst: Burst
    ) -> tuple["RateLimit", list[EventDraft]]:
        """These drafts are over at `now_s` (unit time): the limit now, and what is published."""
        limit, ready = self._publish_due(now_s)
        for draft in over:
            limit, passed = limit._add(draft, now_s, burst)  # noqa: SLF001  (the same class)
            ready += passed
        return limit, ready

    def flush(self) -> tuple["RateLimit", list[EventDraft]]:
        """Publish what is merged so far, because nothing more will come."""
        return replace(self, merged=None), [self.merged] if self.merged else []

    def _publish_due(self, now_s: float) -> tuple["RateLimit", list[EventDraft]]:
        """Publish a merged draft whose interval is over."""
        if self.merged is None or now_s - self.since_s < self.interval_s:
            return self, []
        if self.merged.merged < CALM:
            return RateLimit(), [self.merged]
        longer_s = min(LONGEST_INTERVAL_S, 2 * self.interval_s)
        return RateLimit(interval_s=longer_s), [self.merged]

    def _add(
        self, draft: EventDraft, now_s: float, burst: Burst
    ) -> tuple["RateLimit", list[EventDraft]]:
        recent_s = tuple(at_s for at_s in self.recent_s if 0 <= now_s - at_s < burst.within_s)
        if self.merged is not None:
            return replace(self, merged=merge(self.merged, draft, burst.reason)), []
        if self.interval_s == 0 and len(recent_s) < burst.most:
            return RateLimit(recent_s=(*recent_s, now_s)), [draft]
        return RateLimit(
            recent_s=(), merged=draft, since_s=now_s, interval_s=self.interval_s or FIRST_INTERVAL_S
        ), []


def limit_rate(
    limits: Mapping[Kind, RateLimit], over: list[EventDraft], now_s: float, burst: Burst
) -> tuple[dict[Kind, RateLimit], list[EventDraft]]:
    """The rate limits now, and what passes them; each label of each rule has its own limit."""
    after = dict(limits)
    by_kind: dict[Kind, list[EventDraft]] = {kind: [] for kind in limits}
    for draft in over:
        by_kind.setdefault((draft.tag, draft.track.label), []).append(draft)
    ready: list[EventDraft] = []
    for kind in sorted(by_kind):
        after[kind], passed = after.get(kind, RateLimit()).apply(by_kind[kind], now_s, burst)
        ready += passed
    return after, ready


def merge(one: EventDraft, other: EventDraft, reason: str) -> EventDraft:
    """Two drafts as one, for this reason: the better picture, the whole time, all the energy."""
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
        merge_reason=reason,
    )
