"""Gate 0: detects motion from packet sizes alone, by a CUSUM test. Pure Python, 2 microseconds.

Reads and writes: nothing; sizes and picture times come in.
Never: decodes, and never takes a key frame or the order of B-frames for motion.

An encoder with variable bit rate spends next to nothing on a still picture, and a few hundred bytes
a frame on somebody who walks. The usual size is learnt separately for P-frames and B-frames (those
are shown before a frame that came earlier), and for each position after a key frame (the first
frames after one are small). The excess over it is summed up, packet by packet, until it passes a
threshold (CUSUM: E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954).
"""

from math import exp, log

from sensors.camera.gates.blame_limit import BlameLimit

LEARN_PACKETS = 20  # of a kind before its model is used
SLACK = 1.5  # spreads above the usual that count as noise
CLEAR = 6.0  # threshold of the sum, in spreads beyond the slack
MOST_AT_ONCE = 7.0  # what one packet adds at most: a single one may be enough
MOST_SUM = 1.5 * CLEAR
LEAST_SPREAD = 0.06  # of the logarithm: an encoder's own variation
FLOOR_BYTES = 30.0  # below it differences are headers, not pictures
FLOOR_SHARE = 1 / 1000  # and this share of a key frame
QUIET_S = 15.0  # time constant of the usual size while nothing moves
UNSEEN_S = (
    90.0  # ... while packets report motion that no picture checked: wind is usual after minutes
)
DOUBTED = 0.25  # of that, while something may move
SEEN_S = 1800.0  # ... while a picture confirmed motion
WRONG_S = 4.0  # ... while a picture denied motion
FALSE_SHARE_S = 600.0  # time constant of the share of time with unconfirmed reports
FREE_FALSE_SHARE = 0.1  # allowed; beyond it the slack grows, as in gusts of wind
FALSE_SHARE_SLACK = 30.0  # spreads, for a share of 1
FALL_S = 3.0  # ... downwards, once what moved is gone
DEVIATIONS = 1.48  # of the median one in a standard deviation
PLACES = 64  # positions after a key frame that are learnt separately
FLASH_SHARE = 0.4  # of a key frame: the whole picture changed
CALM_SHARE = 0.1  # of a key frame: usual size in a stream in which a flash can be recognised
FLASH_S = 3.0  # for so long after a flash all is learnt anew
LONGEST_STEP_S = 1.0


class SizeModel:
    """The usual size of one kind of packet: mean and mean deviation of its logarithm."""

    __slots__ = ("count", "level", "spread")

    def __init__(self) -> None:
        self.count = 0
        self.level = 0.0
        self.spread = 0.3


class PacketGate:
    """The state of gate 0 for one stream."""

    def __init__(self) -> None:
        self.fired_s = -1e9  # when it reported motion last
        self.key_bytes = 0.0
        self.period_s = 0.1  # between packets
        self._false_share = 0.0
        self._flash_ends_s = -1e9
        self._limit = BlameLimit()
        self.restart()

    def restart(self) -> None:
        """Forget the usual sizes: another stream, or another light."""
        self._usual = (SizeModel(), SizeModel())  # of P-frames and B-frames
        self._places = [0.0] * (PLACES + 1)
        self._visits = [0] * (PLACES + 1)
        self._place = PLACES
        self._sum = 0.0
        self._newest_s = -1e9
        self._rise_s = UNSEEN_S
        self._flash_ends_s = -1e9

    @property
    def is_learnt(self) -> bool:
        return self._usual[0].count >= LEARN_PACKETS and self.key_bytes > 0

    @property
    def usual_bytes(self) -> float:
        """The usual size of a P-frame."""
        return max(1.0, exp(self._usual[0].level) - self._compute_floor_bytes())

    @property
    def size_spread(self) -> float:
        """The usual relative deviation of the sizes of P-frames."""
        return self._usual[0].spread

    @property
    def detection_limit(self) -> float:
        """The least motion detected within two frames, in key frames a second."""
        spread = max(LEAST_SPREAD, self._usual[0].spread)
        needed = exp(self._usual[0].level) * (exp((self._compute_slack() + CLEAR / 2) * spread) - 1)
        return needed / max(1.0, self.key_bytes) / max(0.001, self.period_s)

    def note_result(self, seen: bool) -> None:
        """A picture checked a report of motion: go on, or learn that such sizes are usual."""
        self._rise_s = SEEN_S if seen else WRONG_S

    def take_packet(self, media_s: float, size_bytes: int, is_key: bool) -> float:
        """The CUSUM sum over its threshold, after this packet: motion from 1; key frames give 0."""
        step_s = media_s - self._newest_s
        is_behind = -LONGEST_STEP_S < step_s < 0
        if not is_behind:
            self._newest_s = media_s
        self.period_s += 0.02 * (min(LONGEST_STEP_S, max(0.0, step_s)) - self.period_s)
        if is_key:
            self._place = 0
            share = 0.2 if self.key_bytes else 1.0
            self.key_bytes += share * (size_bytes - self.key_bytes)
            return 0.0
        self._place = min(PLACES, self._place + 1)
        if self._is_flash(size_bytes) and self._may_ignore(media_s):
            self._restart_after_flash(media_s)
        return self._compare(media_s, size_bytes, self._usual[is_behind])

    def _compare(self, media_s: float, size_bytes: int, usual: SizeModel) -> float:
        """The sum after one more packet; the usual size learns from it."""
        value = log(size_bytes + self._compute_floor_bytes())
        if usual.count < LEARN_PACKETS or media_s < self._flash_ends_s:
            self._learn_first(usual, value)
            return 0.0
        above = value - usual.level - self._places[self._place]
        spreads = above / max(LEAST_SPREAD, usual.spread) - self._compute_slack()
        self._sum = min(MOST_SUM, max(0.0, self._sum + min(MOST_AT_ONCE, spreads)))
        is_clear = self._sum >= CLEAR
        if is_clear:
            self.fired_s = media_s
        elif self._sum == 0:
            self._rise_s = UNSEEN_S
        unseen = is_clear and self._rise_s != SEEN_S
        self._false_share += self.period_s / FALSE_SHARE_S * (unseen - self._false_share)
        self._learn(usual, above, is_clear)
        return self._sum / CLEAR

    def _learn_first(self, usual: SizeModel, value: float) -> None:
        """A mean of the first packets, rather too low than too high: something may move already."""
        usual.count += 1
        above = value - usual.level if usual.count > 1 else 0.0
        if usual.count == 1:
            usual.level = value
        share = 1 / min(usual.count, LEARN_PACKETS)
        usual.level += (share if above > 0 else min(1.0, 2 * share)) * above
        usual.spread += share * (min(abs(above), 1.0) - usual.spread)

    def _learn(self, usual: SizeModel, above: float, is_clear: bool) -> None:
        """Follow slowly what is above, quickly what is below, in time and not in packets."""
        if is_clear:
            share = self.period_s / self._rise_s
            usual.level += share * max(0.0, above)
            if self._rise_s == WRONG_S:
                usual.spread *= 1 + share
            return
        usual.count += 1
        share = max(4 / usual.count, min(0.2, self.period_s / QUIET_S))
        if self._sum > 0:
            share *= DOUBTED
        most = 3 * max(LEAST_SPREAD, usual.spread)
        near = min(most, max(-most, above))
        if above < -most:
            usual.level += self.period_s / FALL_S * near
            return
        usual.level += share * near
        usual.spread *= 1 + (share if abs(above) > usual.spread / DEVIATIONS else -share)
        self._visits[self._place] += 1
        self._places[self._place] += max(0.1, 1 / (1 + self._visits[self._place])) * near

    def _compute_slack(self) -> float:
        """Spreads above the usual that count as noise: more after many unconfirmed reports."""
        return SLACK + FALSE_SHARE_SLACK * max(0.0, self._false_share - FREE_FALSE_SHARE)

    def _compute_floor_bytes(self) -> float:
        return FLOOR_BYTES + FLOOR_SHARE * self.key_bytes

    def _is_flash(self, size_bytes: int) -> bool:
        """Whether the whole picture changed at once: a lamp or infrared, not a person."""
        key_bytes = self.key_bytes
        if not key_bytes or size_bytes < FLASH_SHARE * key_bytes or not self.is_learnt:
            return False
        return self.usual_bytes < CALM_SHARE * key_bytes

    def _may_ignore(self, media_s: float) -> bool:
        """Whether a flash may be ignored: else it counts like any large packet."""
        ignored_s = max(media_s, self._flash_ends_s)
        return self._limit.spend(media_s, media_s + FLASH_S - ignored_s)

    def _restart_after_flash(self, media_s: float) -> None:
        place = self._place
        self.restart()
        self._place, self._newest_s = place, media_s
        self._flash_ends_s = media_s + FLASH_S
