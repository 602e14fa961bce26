"""Polls one power device and returns its reading.

Reads: the device, by the plan of its profile: live blocks at each poll, slow ones once a minute,
settings once an hour.
Never: passes an older value as a new one; what did not come this time is None and STALE, what is
requested more rarely carries its age.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from appliance.clock import Clock
from appliance.errors import BusError
from appliance.model import Quality, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.sentence import say
from power.protocol.errors import (
    KEPT_BACK,
    NO_SUCH_REGISTER,
    WRONG_COUNT,
    ClosedLine,
    ExceptionAnswer,
    NoAnswer,
)
from power.protocol.line_health import LineHealth
from power.protocol.links import MODBUS, Link
from power.protocol.profile import Block, Profile, Sample
from power.protocol.register import ABSENT, UNREAD, WORD_BYTES, Decoded, Register
from power.reading.identity import IdentityCheck
from power.reading.implausible_device import ImplausibleDevice, is_implausible_throughout

SLOW_EVERY_S = 60.0
SETTINGS_EVERY_S, SETTINGS_AGAIN_S = 3600.0, 60.0
RATE_SLACK_S = 0.5  # a poll that comes a little early still counts as the one that is due


@dataclass
class PollState:
    """The state of polling one device: slow values with their times, and refused blocks for an
    hour.
    """

    values: dict[str, tuple[Decoded, float]] = field(default_factory=dict)
    asked_s: dict[Block, float] = field(default_factory=dict)
    refused: set[Block] = field(default_factory=set)
    since_s: float | None = None


class Meter:
    """One device. `read()` raises `BusError` when nothing answered.

    `health` counts every attempt on the line, also those that a second one repaired; `set_points`
    is what the device is set to, as of its last reading; `serial_number` what it
    told last.
    """

    def __init__(
        self,
        profile: Profile,
        link: Link,
        clock: Clock,
        health: LineHealth | None = None,
        identity: IdentityCheck | None = None,
    ) -> None:
        self.profile = profile
        self._identity = identity
        self._identified_s: float | None = None
        self.serial_number: str | None = None
        self._read_s = 0.0
        self.health = health or LineHealth()
        self.link = link
        self._clock = clock
        self._state = PollState()
        self.set_points: SetPoints | None = None
        self._last: tuple[Stamp, Sample | BusError] | None = None

    def read(self) -> Any:
        """One poll; a value that is not valid is None and named in `quality`."""
        stamp, sample = self._poll()
        reading = self.profile.make_reading(stamp, sample)
        self.set_points = self.profile.make_set_points(stamp, sample)
        if is_implausible_throughout(reading):
            raise ImplausibleDevice(self.profile, self._read_again())
        return reading

    def _read_again(self) -> bytes | None:
        """What the device gives for its first block, to be shown as it is."""
        try:
            return self.link.read_raw(self.profile.live[0])
        except BusError:
            return None

    def _poll(self) -> tuple[Stamp, Sample]:
        """A new sample, or the last one where the device may not be polled again so soon."""
        now = self._clock.stamp()
        due_s = self.profile.least_interval_s - RATE_SLACK_S
        if self._last is None or now.uptime_s - self._last[0].uptime_s >= due_s:
            self._last = (now, self._try_sample(now.uptime_s))
        stamp, outcome = self._last
        if isinstance(outcome, BusError):
            raise outcome
        return stamp, outcome

    def _try_sample(self, now_s: float) -> Sample | BusError:
        """The result of a poll; a failed one also delays the next."""
        try:
            return self._take_sample(now_s)
        except BusError as error:
            self._identified_s = None
            return error

    def _take_sample(self, now_s: float) -> Sample:
        self._clear_refusals(now_s)
        live = self._read_live()
        if {one.quality for one in live.values()} == {Quality.ABSENT}:
            self._state = PollState()
            raise BusError(
                say(
                    "the device answers, but has none of the registers of {profile}; check "
                    "`model` in the settings",
                    profile=self.profile.name,
                )
            )
        for block in self.profile.slow:
            self._renew(block, now_s, SLOW_EVERY_S)
        for block in self.profile.settings:
            self._renew(block, now_s, SETTINGS_EVERY_S)
        kept = {
            name: decoded._replace(age_s=now_s - at_s)
            for name, (decoded, at_s) in self._state.values.items()
        }
        return Sample({**kept, **live})

    def _read_live(self) -> dict[str, Decoded]:
        """The live blocks, of the device that the settings name. Raises `ForeignDevice`."""
        try:
            live = self._read_blocks(self.profile.live)
        except NoAnswer:
            raise
        except BusError:
            self._check_identity()
            raise
        self._check_identity()
        return live

    def _check_identity(self) -> None:
        """Raise where another device answers than the settings name: at the first contact; after
        an hour, or a minute without a poll, in which it may have been exchanged.
        """
        now_s, known_s = self._clock.stamp().uptime_s, self._identified_s
        paused_s, self._read_s = now_s - self._read_s, now_s
        if self._identity is None:
            return
        if known_s is None:
            foreigner = self._identity.find_foreigner()
        elif paused_s > SLOW_EVERY_S or now_s - known_s >= SETTINGS_EVERY_S:
            foreigner = self._identity.find_swapped()
        else:
            return
        if foreigner:
            raise foreigner
        self._identified_s = now_s
        self.serial_number = self._identity.read_serial_number() or self.serial_number

    def _clear_refusals(self, now_s: float) -> None:
        """Forget refusals after an hour: a firmware update or a reset may add a block."""
        if self._state.since_s is None or now_s - self._state.since_s >= SETTINGS_EVERY_S:
            self._state.refused.clear()
            self._state.since_s = now_s

    def _renew(self, block: Block, now_s: float, every_s: float) -> None:
        """Request a block that is due. A lost one is requested again in a minute; its last values
        stay for three of its periods.
        """
        asked_s = self._state.asked_s.get(block)
        if asked_s is not None and now_s - asked_s < every_s:
            return
        try:
            values = self._read_block(block)
        except ExceptionAnswer as error:
            values = self._mark(block, UNREAD if self._is_kept_back(error) else ABSENT)
        except BusError:
            self._state.asked_s[block] = now_s - max(0.0, every_s - SETTINGS_AGAIN_S)
            self._drop(block, now_s - 3 * every_s)
            return
        self._state.asked_s[block] = now_s
        self._state.values.update((name, (value, now_s)) for name, value in values.items())

    def _drop(self, block: Block, before_s: float) -> None:
        """Values of that block from before then are too old."""
        for name in self.profile.names(block):
            known = self._state.values.get(name)
            if known is None or known[1] <= before_s:
                self._state.values[name] = (UNREAD, before_s)

    def _read_blocks(self, blocks: tuple[Block, ...]) -> dict[str, Decoded]:
        """All blocks; raise at the first loss if nothing has answered, else go on without it."""
        values: dict[str, Decoded] = {}
        answered = False
        failure: BusError | None = None
        for block in blocks:
            try:
                values.update(self._read_block(block))
                answered = True
            except BusError as error:
                if not answered and not isinstance(error, ExceptionAnswer):
                    raise
                failure = error
                values.update(self._mark(block, UNREAD))
        self.health.count_refusal(failure if isinstance(failure, ExceptionAnswer) else None)
        if failure and Quality.OK not in {one.quality for one in values.values()}:
            raise failure
        return values

    def _read_block(self, block: Block) -> dict[str, Decoded]:
        if block not in self._state.refused:
            try:
                return dict(self._ask(block))
            except ExceptionAnswer as error:
                if error.exception not in (NO_SUCH_REGISTER, WRONG_COUNT):
                    raise
                self._state.refused.add(block)
        rows = self.profile.rows(block)
        if len(rows) > 1 and block.count > 1:
            return self._read_singly(rows)
        if rows and rows[0].kind.size > WORD_BYTES:
            return {rows[0].name: self._read_by_words(rows[0])}
        return self._mark(block, ABSENT)

    def _read_singly(self, rows: Iterable[Register]) -> dict[str, Decoded]:
        """The block register by register; a pair is still one request where that is answered."""
        values: dict[str, Decoded] = {}
        for row in rows:
            words = max(1, row.kind.size // WORD_BYTES)
            values.update(self._read_block(Block(row.function, row.address, words)))
        return values

    def _read_by_words(self, row: Register) -> Decoded:
        halves = Block(row.function, row.address, 1)
        if halves in self._state.refused:
            return ABSENT
        try:
            decoded: Decoded = self._ask_with_retry(lambda: self.link.read_by_words(row))
        except ExceptionAnswer as error:
            if self._is_kept_back(error):
                return UNREAD
            self._state.refused.add(halves)
            return ABSENT
        return decoded

    def _is_kept_back(self, error: ExceptionAnswer) -> bool:
        """Whether the device has what it refuses to give now."""
        return self.profile.protocol in MODBUS and error.exception in KEPT_BACK

    def _ask(self, block: Block) -> Any:
        return self._ask_with_retry(lambda: self.link.read(block))

    def _ask_with_retry(self, ask: Any) -> Any:
        """Ask, once more after a loss; each attempt is counted."""
        try:
            return self._attempt(ask, wakes=self.profile.sleeps)
        except (ExceptionAnswer, ClosedLine):
            raise
        except BusError:
            return self._attempt(ask)

    def _attempt(self, ask: Any, *, wakes: bool = False) -> Any:
        """Ask once. `wakes`: the device may have slept; a loss is then normal and not counted."""
        now_s = self._clock.stamp().uptime_s
        try:
            answer = ask()
        except BusError as error:
            if not (wakes and isinstance(error, NoAnswer)):
                self.health.count(now_s, error)
            raise
        self.health.count(now_s, None)
        return answer

    def _mark(self, block: Block, mark: Decoded) -> dict[str, Decoded]:
        return dict.fromkeys(self.profile.names(block), mark)
