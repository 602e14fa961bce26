"""The backlog of a live stream: whether packets that came are still to be read. Pure.

In: for each packet when it was read, how late, and whether the reader had to wait for it.
Out: whether the next ones may gather, and by how much the reader is behind.
Never: does I/O, or believes time stamps for longer than some seconds.

A read that has to wait proves that there is no backlog. Time stamps foretell it and save that wait
(a wake-up), but a camera's clock may be wrong: they are checked each few seconds by such a read,
and at each gathering where they were wrong the last time.
"""

WAITED_S = 0.004  # what is there already takes less than a tenth of that
CHECK_EVERY_S = 5.0
MOST_BEYOND = 1  # packets that may be there although time stamps foretell none
LATE_S = 0.1  # or the time between two packets: time stamps are right
SETTLES_S = 3.0  # of reading without a pause: more than a stutter


class Backlog:
    """What is known of one connection's unread packets."""

    def __init__(self, now_s: float) -> None:
        self._empty_s = self._checked_s = now_s
        self._stamps_agree = False
        self._found = self._beyond = 0  # packets since one was waited for; after the last expected
        self._late_s = 0.0

    @property
    def lag_s(self) -> float:
        """By how much the reader is behind: 0 where it catches up again and again."""
        return self._late_s

    def distrust(self) -> None:
        """The time stamps jumped: they foretell nothing until a packet was waited for."""
        self._stamps_agree = False

    def is_empty_after(
        self, *, arrived_s: float, late_s: float, waited: bool, step_s: float
    ) -> bool:
        """Take one packet; returns whether no other one is there yet.

        `late_s` is by its time stamp, `waited` whether the reader had to wait for it, `step_s` the
        usual time between two.
        """
        is_newest = late_s < step_s  # by its time stamp
        believes = self._stamps_agree and arrived_s - self._checked_s < CHECK_EVERY_S
        is_empty = waited or (is_newest and believes)
        if waited:
            self._check(late_s <= max(LATE_S, step_s), arrived_s)
        else:
            self._found += 1
            self._beyond += is_newest and not believes
        if is_empty:
            self._empty_s = arrived_s
        self._late_s = late_s if arrived_s - self._empty_s > SETTLES_S else 0.0
        return is_empty

    def _check(self, on_time: bool, now_s: float) -> None:
        """A packet was waited for: time stamps are tested, if some packets were there before it."""
        if self._found or not on_time:
            self._stamps_agree = on_time and self._beyond <= MOST_BEYOND
        self._checked_s = now_s
        self._found = self._beyond = 0
