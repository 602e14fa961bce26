"""False alarms: how much motion must stand out, and how often its pictures are analysed. Pure.

In: scores of pictures in which nothing is followed, and whether analysing one led to something.
Out: the score from which a picture wakes, and whether one more may be analysed now.
Never: keeps motion that stands out from being analysed every `LEAST_EVERY_S`.

Rain, snow, insects and leaves move all the time. Their usual score is learned (a quantile, so that
somebody who passes changes little), and motion has to stand out from it. Each look that finds
nothing is taken off an allowance, a token bucket; once that is empty, looks are few. What is found
fills it again: who is followed is followed at the full rate.
"""

from math import inf

from appliance.wording.sentence import say

QUANTILE = 0.95  # of the scores of pictures in which nothing is followed
STEP = 0.2  # by which the learned score changes at most with one of them
COUNTED_EVERY_S = 1.5  # pictures that come faster are of the same moment
STANDS_OUT = 1.3  # times the learned score
MOST_THRESHOLD = 2.5  # a grown person at 15 m scores more
MOST_LOOKS = 10.0  # that find nothing, at once: two seconds at the full rate
LOOKS_PER_S = 0.1  # that find nothing, in the long run
LEAST_EVERY_S = 2.0  # ... and this often all the same


class FalseAlarms:
    """The state of one camera."""

    def __init__(self) -> None:
        self._usual_score = 0.0
        self._counted_s = -inf
        self._looks = MOST_LOOKS
        self._filled_s: float | None = None
        self._looked_s = -inf
        self._is_open = False  # a look whose result is not known yet

    @property
    def threshold(self) -> float:
        """The score from which a picture wakes."""
        return min(MOST_THRESHOLD, max(1.0, STANDS_OUT * self._usual_score))

    @property
    def is_exhausted(self) -> bool:
        """Whether so many looks found nothing that few are left."""
        return self._looks < 1

    @property
    def words(self) -> str:
        """What is unusual, "" if nothing."""
        if self.is_exhausted:
            return say(
                "motion that is none again and again, analysed every {least_every_s:.0f} s",
                least_every_s=LEAST_EVERY_S,
            )
        return ""

    def note_score(self, media_s: float, score: float) -> None:
        """One picture in which nothing is followed."""
        if abs(media_s - self._counted_s) < COUNTED_EVERY_S:
            return
        self._counted_s = media_s
        above = score > self._usual_score
        self._usual_score += STEP * (QUANTILE if above else QUANTILE - 1)
        self._usual_score = max(0.0, self._usual_score)

    def may_look(self, media_s: float) -> bool:
        """Whether a picture may be analysed now."""
        self._fill(media_s)
        return not self.is_exhausted or abs(media_s - self._looked_s) >= LEAST_EVERY_S

    def note_look(self, media_s: float, counts_as_s: float | None = None) -> None:
        """A picture is handed out to be analysed; `note_result` follows. The next one is due
        `LEAST_EVERY_S` after `counts_as_s`, if that is given.
        """
        self._fill(media_s)
        self._looked_s = media_s if counts_as_s is None else counts_as_s
        self._is_open = True

    def note_result(self, *, found: bool) -> None:
        """What became of the last look: something is followed now, or nothing is."""
        if found:
            self._looks = MOST_LOOKS
        elif self._is_open:
            self._looks = max(0.0, self._looks - 1)
        self._is_open = False

    def _fill(self, media_s: float) -> None:
        passed_s = 0.0 if self._filled_s is None else max(0.0, media_s - self._filled_s)
        self._filled_s = media_s
        self._looks = min(MOST_LOOKS, self._looks + LOOKS_PER_S * passed_s)
