"""What is wrong with a camera's stream: key frames too far apart or none, damaged pictures. Pure.

In: packets, and what became of those that were decoded. Out: figures, and sentences that say what
to do: advice, of which some are faults since pictures are missed.
Never: does I/O, or calls a distance known that was not measured.
"""

from collections import deque
from dataclasses import dataclass, replace
from statistics import median

from appliance.wording.sentence import say
from sensors.camera.sources.decoder import DecodingCounts

BEHIND_S = 0.5  # more is a fault
FAR_S = 2.5  # between key frames: somebody who is there for 2 s is missed between them
NONE_S = 30.0  # without a key frame: there are none
MEASURED_OVER = 5  # distances
DAMAGED_SHARE, MOST_DAMAGED = 0.05, 5  # of the pictures of the last minute; fewer are chance
WINDOW_S, STEP_S = 60.0, 10.0
COVERED_SHARE = 0.9  # of the time between key frames that far apart; less is a fault
SET_IT = say("set a key frame every 2 s (I-frame interval, GOP) in the camera")


@dataclass(frozen=True, slots=True)
class StreamReport:
    """One camera's stream in figures and words. `faults` are those of `advice` by which pictures
    are missed. Counts are since the process began; None: not known.
    """

    lag_s: float | None = None
    key_frame_s: float | None = None
    corrupt: int = 0
    errors: int = 0
    advice: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def join(self, other: "StreamReport", name: str) -> "StreamReport":
        """With what is wrong of another stream of the camera, `name` before each sentence."""
        return replace(
            self,
            corrupt=self.corrupt + other.corrupt,
            errors=self.errors + other.errors,
            advice=(
                *self.advice,
                *(say("{name}: {text}", name=name, text=text) for text in other.advice),
            ),
            faults=(
                *self.faults,
                *(say("{name}: {text}", name=name, text=text) for text in other.faults),
            ),
        )


class StreamHealth:
    """The health of one connection's stream."""

    def __init__(self) -> None:
        self.refreshes = False  # recovery points come instead of key frames
        self._distances_s: deque[float] = deque(maxlen=MEASURED_OVER)
        self._began_s: float | None = None
        self._key_s: float | None = None
        self._now_s = 0.0
        self._counted: deque[tuple[float, DecodingCounts]] = deque()

    def take_packet(self, media_s: float, *, is_key: bool, recovers: bool) -> None:
        """Take one packet: a key frame, a recovery point (intra refresh), or none of them."""
        self._now_s = max(self._now_s, media_s)
        if self._began_s is None:
            self._began_s = media_s
        if not is_key:
            return
        self.refreshes = recovers
        if recovers:
            return
        if self._key_s is not None and media_s > self._key_s:
            self._distances_s.append(media_s - self._key_s)
        self._key_s = media_s

    @property
    def key_frame_s(self) -> float | None:
        """The usual time between key frames; None while it is not known, and where there are none.

        Where they stopped, the time since the last one.
        """
        since_s = self._compute_since_s()
        if self.refreshes or not self._distances_s:
            return None
        return max(median(self._distances_s), since_s if since_s > NONE_S else 0.0)

    @property
    def is_far(self) -> bool:
        """Whether somebody can come and go between two key frames."""
        usual_s = self.key_frame_s or 0.0
        return self.refreshes or max(usual_s, self._compute_since_s()) > FAR_S

    def _compute_since_s(self) -> float:
        """Since the last key frame, or since the stream began."""
        begins = [one for one in (self._key_s, self._began_s) if one is not None]
        return self._now_s - begins[0] if begins else 0.0

    def count(self, counts: DecodingCounts) -> None:
        """Take what became of packets so far; called once a second or so."""
        if not self._counted or self._now_s - self._counted[-1][0] >= STEP_S:
            self._counted.append((self._now_s, replace(counts)))
        while self._now_s - self._counted[0][0] > WINDOW_S and len(self._counted) > 2:
            self._counted.popleft()

    def report(
        self,
        counts: DecodingCounts,
        *,
        lag_s: float | None,
        covered_share: float | None,
        clock: str = "",
    ) -> StreamReport:
        """All that is known. `covered_share` of the time between key frames that pictures are
        checked, None where that is not needed; `clock`: what the source says of the
        clock of the camera.
        """
        damage, gaps = self._explain_damage(counts), self._explain_gaps(covered_share)
        faults = tuple(text for text in (explain_lag(lag_s), damage, gaps) if text)
        more = "" if is_low(covered_share) else self._advise()
        return StreamReport(
            lag_s=lag_s,
            key_frame_s=self.key_frame_s,
            corrupt=counts.corrupt,
            errors=counts.errors,
            advice=(*faults, *filter(None, (clock, more))),
            faults=faults,
        )

    def _advise(self) -> str:
        """What may be better, though nothing is missed."""
        text = self._describe_keys()
        return (
            say("{text}: {set_it}, so that pictures are there at once", text=text, set_it=SET_IT)
            if text
            else ""
        )

    def _describe_keys(self) -> str:
        if self.refreshes:
            return say("this stream has no key frames (intra refresh)")
        if self._compute_since_s() > NONE_S:
            return say(
                "this stream has had no key frame for {since_s:.0f} s",
                since_s=self._compute_since_s(),
            )
        if self.key_frame_s and self.key_frame_s > FAR_S:
            return say(
                "a key frame comes only every {key_frame_s:.0f} s", key_frame_s=self.key_frame_s
            )
        return ""

    def _explain_gaps(self, covered_share: float | None) -> str:
        if not is_low(covered_share) or not self._describe_keys():
            return ""
        return say(
            "{keys}, its packets do not show movement, and the energy budget covers "
            "{covered_share:.0%} of the time between: somebody may be missed; {set_it}",
            keys=self._describe_keys(),
            covered_share=covered_share,
            set_it=SET_IT,
        )

    def _explain_damage(self, counts: DecodingCounts) -> str:
        if not self._counted:
            return ""
        before = self._counted[0][1]
        damaged = counts.corrupt + counts.errors - before.corrupt - before.errors
        whole = counts.frames - before.frames
        if damaged < MOST_DAMAGED or damaged < DAMAGED_SHARE * (damaged + whole):
            return ""
        return say(
            "{damaged} of the last {decoded} decoded pictures were damaged and are not used: "
            'set `transport = "tcp"`, check cable and radio, set a lower bit rate, or H.264 in '
            "the camera",
            damaged=damaged,
            decoded=damaged + whole,
        )


def explain_lag(lag_s: float | None) -> str:
    if not lag_s or lag_s <= BEHIND_S:
        return ""
    return say(
        "pictures are {lag_s:.1f} s behind the camera, since this computer cannot keep up: "
        "set a smaller picture, fewer frames a second or a lower bit rate in the camera",
        lag_s=lag_s,
    )


def is_low(share: float | None) -> bool:
    return share is not None and share < COVERED_SHARE
