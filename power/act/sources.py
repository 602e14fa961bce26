"""All second sources of the unit in one cycle: what is seen of them, what is ordered, what is told.

    report = sources.follow(situation)      # before the loads have their level
    report.switches                         # what the switches of the sources are ordered to

Reads: a request of `unitctl energy` in the run directory, input pins. Writes: nothing; the actuator
gives the orders, the cycle stores the rows.
Never: waits, lets two of them be started by one need, or takes up a run of another boot.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.model_sources import SourcePhase, SourceState
from appliance.parsing.small_file import read_word
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone
from power.act.source_evidence import Evidence, PowerBalance, judge_source, measure_balance
from power.act.source_faults import find_faults
from power.act.source_memory import resume, take_counts
from power.act.source_need import Need, find_need, find_refusal
from power.act.source_request import take_request
from power.act.source_rules import follow_source, stop_source
from power.act.source_start import SourceInputs
from power.battery.unmeasured_flow import RunningSource
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.reserve import FIRST_YEAR
from power.plan.source_decision import SourceDecision

STORE_RUNNING_S, STORE_IDLE_S = 60.0, 3600.0
STUCK_AFTER_S = 300.0  # an engine runs on to cool down, and means of a meter lag behind
NO_NEED = Need("", is_safe=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSituation:
    """What is known in this cycle. `level`: at which the loads ran until now; `reserve_wh`: what
    the guard keeps; `may_start`: the computer is not about to sleep;
    `has_unmeasured_source`: the estimator sees a charger that nobody measures; `heaters_w`: of the
    heaters that are on.
    """

    now: Stamp
    battery: BatteryState
    reading: PowerReading | None
    guard: GuardState
    level: EnergyLevel
    reserve_wh: float
    may_start: bool = True
    has_unmeasured_source: bool = False
    heaters_w: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The answer. `switches`: by the names of the switches; `keeps_awake`: the computer must not
    sleep while a source runs; `explains`: a source may be what charges the battery; `may_rescue`:
    one was started a moment ago, or gives power.
    """

    switches: Mapping[str, bool]
    rows: tuple[SourceState, ...] = ()
    faults: tuple[ApplianceError, ...] = ()
    keeps_awake: bool = False
    explains: bool = False
    may_rescue: bool = False


Decide = Callable[[str, BatteryState, PowerReading | None, bool], SourceDecision | None]


def decide_nothing(*_: object) -> None:
    """There is no plan that knows of sources."""


class Sources:
    """The states of all sources. `decide(name, battery, reading, is_running)`: the plan's."""

    def __init__(self, settings: Settings, decide: Decide = decide_nothing) -> None:
        self._settings, self._decide = settings, decide
        self._states: dict[str, SourceState] = {}
        self._stored: dict[str, SourceState] = {}
        self._before: dict[str, PowerBalance | None] = {}
        self._contradicted: dict[str, bool] = {}
        self._stuck_since_s: float | None = None

    @property
    def income_w(self) -> float:
        """What they give now, as far as it is measured."""
        return sum(one.power_w or 0.0 for one in self._states.values() if is_on(one))

    @property
    def running(self) -> RunningSource | None:
        """All that are on now, as one; None: none is."""
        names = [name for name, one in self._states.items() if is_on(one)]
        if not names:
            return None
        return RunningSource(
            power_w=sum(self._settings.source[name].power_w for name in names),
            is_measured=bool(self._settings.bms),
            is_contradicted=any(self._contradicted.get(name, False) for name in names),
        )

    def is_reliable(self, names: Iterable[str]) -> bool:
        """Whether a plan may count on all of these: none has failed, is locked or has run dry."""
        states = [self._states.get(name) for name in names]
        return all(
            one is not None
            and not one.failures
            and not one.locked
            and (one.fuel_left_kwh is None or one.fuel_left_kwh > 0)
            for one in states
        )

    def recall(
        self,
        stored: Iterable[SourceState],
        now: Stamp,
        *,
        may_resume: bool,
        clock_went_on: bool = False,
    ) -> None:
        """Take what was stored before this start: the counts, and (`may_resume`, in the first
        cycle) a run of this boot that goes on. Of another boot all were switched off;
        `clock_went_on`: the wall clock says for how long.
        """
        for row in stored:
            if row.source in self._settings.source:
                known = self._states.get(row.source)
                source = self._settings.source[row.source]
                resumed = resume(row, source, now) if may_resume else None
                self._states[row.source] = resumed or take_counts(
                    row, known, source, now, clock_went_on=clock_went_on
                )

    def follow(self, at: SourceSituation) -> SourceReport:
        """One cycle."""
        changed = self._take_request(at.now)
        balance = measure_balance(at.reading, self._settings, at.level, at.heaters_w)
        need = find_need(at.guard, at.battery, self._settings, at.reserve_wh)
        first_on = self._find_first_on()
        for name, source in self._settings.source.items():
            before = self._states.get(name) or make_first_state(name, source, at.now)
            is_taken = first_on not in (None, name)
            inputs = self._make_inputs(name, before, at, NO_NEED if is_taken else need, balance)
            if is_taken and not before.is_ordered:
                inputs = replace(inputs, charge_pct=None, decision=None, is_taken=True)
            after = follow_source(before, source, inputs)
            self._contradicted[name] = inputs.evidence.is_contradicted
            self._states[name] = after
            if not before.is_ordered:
                self._before[name] = balance  # the last one before a start
            if after.is_ordered and first_on is None:
                first_on = name
        return self._report(at, balance, changed)

    def _find_first_on(self) -> str | None:
        """The source that runs, the one named first where there are several. No other starts beside
        it: what is seen at the battery would be taken for the power of both.
        """
        on = (name for name in self._settings.source if name in self._states)
        return next((name for name in on if self._states[name].is_ordered), None)

    def finish(self, now: Stamp) -> tuple[SourceState, ...]:
        """The service ends: the sources that the settings stop with it, as they are then."""
        ended = [
            stop_source(replace(state, stamp=now), now.uptime_s, say("the power service has ended"))
            for name, state in self._states.items()
            if state.is_ordered and self._settings.source[name].stops_with_service
        ]
        self._states |= {one.source: one for one in ended}
        return tuple(ended)

    def _make_inputs(
        self,
        name: str,
        state: SourceState,
        at: SourceSituation,
        need: Need,
        balance: PowerBalance | None,
    ) -> SourceInputs:
        limits = derive_limits(self._settings.battery, self._settings.energy)
        return SourceInputs(
            now=at.now,
            local_h=find_local_hour(at.now, self._settings.site.timezone),
            charge_pct=at.battery.state_of_charge_pct,
            refusal=find_refusal(at.battery, at.reading, limits)
            or ("" if at.may_start or state.is_ordered else say("the computer is about to sleep")),
            need=need.reason,
            is_safe=need.is_safe,
            decision=self._decide(name, at.battery, at.reading, state.is_ordered),
            evidence=self._judge(name, at, balance),
        )

    def _judge(self, name: str, at: SourceSituation, balance: PowerBalance | None) -> Evidence:
        source, state = self._settings.source[name], self._states.get(name)
        is_ordered = state is not None and state.is_ordered
        return judge_source(
            source,
            at.reading,
            balance,
            self._settings,
            sensed=read_sense(source),
            has_unmeasured_source=at.has_unmeasured_source,
            before=self._before.get(name) if is_ordered else None,
            is_ordered=is_ordered,
        )

    def _report(
        self, at: SourceSituation, balance: PowerBalance | None, changed: str | None
    ) -> SourceReport:
        states, sources = self._states, self._settings.source
        self._follow_stuck(at, balance)
        return SourceReport(
            switches={
                source.switch: states[name].is_ordered
                for name, source in sources.items()
                if source.switch
            },
            rows=self._take_due_rows(at.now.uptime_s, changed),
            faults=tuple(
                fault
                for name, source in sources.items()
                for fault in find_faults(
                    states[name],
                    source,
                    now_s=at.now.uptime_s,
                    stuck_s=self._find_stuck_s(name, at.now.uptime_s),
                )
            ),
            keeps_awake=any(states[name].is_ordered for name in sources),
            explains=any(is_on(states[name]) for name in sources),
            may_rescue=any(
                may_rescue(states[name], source, at.now) for name, source in sources.items()
            ),
        )

    def _follow_stuck(self, at: SourceSituation, balance: PowerBalance | None) -> None:
        """Since when power is seen while every source should be off."""
        name = self._find_suspect()
        gives = name is not None and self._judge(name, at, balance).gives
        if not gives or any(is_on(one) for one in self._states.values()):
            self._stuck_since_s = None
        elif self._stuck_since_s is None:
            self._stuck_since_s = at.now.uptime_s

    def _find_suspect(self) -> str | None:
        """The source that was switched last: power that nobody ordered comes from it."""
        switched = [one for name, one in self._states.items() if self._settings.source[name].switch]
        return max(switched, key=lambda one: one.changed_s).source if switched else None

    def _find_stuck_s(self, name: str, now_s: float) -> float | None:
        if self._stuck_since_s is None or name != self._find_suspect():
            return None
        stuck_s = now_s - self._stuck_since_s
        return stuck_s if stuck_s >= STUCK_AFTER_S else None

    def _take_due_rows(self, now_s: float, changed: str | None) -> tuple[SourceState, ...]:
        due = [
            one
            for name, one in self._states.items()
            if name == changed or is_due(self._stored.get(name), one, now_s)
        ]
        self._stored |= {one.source: one for one in due}
        return tuple(due)

    def _take_request(self, now: Stamp) -> str | None:
        """Correct the source that somebody has named; its name."""
        if not self._settings.source:
            return None
        request = take_request(self._settings.source_request)
        if request is None or request.source not in self._settings.source:
            return None
        name = request.source
        state = self._states.get(name) or make_first_state(name, self._settings.source[name], now)
        if request.fuel_left_kwh is not None:
            state = replace(state, fuel_left_kwh=request.fuel_left_kwh)
        if request.unlock:
            state = replace(state, locked=False, failures=0, failure="")
        self._states[name] = state
        return name


def is_on(state: SourceState) -> bool:
    """Whether it may give power now."""
    return state.phase is not SourcePhase.OFF


def may_rescue(state: SourceState, source: SourceSettings, now: Stamp) -> bool:
    """Whether it may yet give power: it has been started a moment ago, or was just seen to give."""
    if not state.is_ordered:
        return False
    since_s = state.changed_s if state.gave_s is None else state.gave_s
    grace_s = source.gives_within_s + (source.warm_up_s if state.gave_s is None else 0.0)
    return now.uptime_s - since_s <= grace_s


def make_first_state(name: str, source: SourceSettings, now: Stamp) -> SourceState:
    """Of a source that was never seen: its tank is taken to be full."""
    return SourceState(now, name, fuel_left_kwh=source.full_tank_kwh)


def find_local_hour(now: Stamp, zone: str) -> float | None:
    """The hour of the site's day; None while the clock is plainly wrong."""
    if now.utc.year < FIRST_YEAR:
        return None
    there = now.utc.astimezone(find_zone(zone))
    return there.hour + there.minute / 60 + there.second / 3600


def is_due(stored: SourceState | None, state: SourceState, now_s: float) -> bool:
    """Whether the state says something new, or was stored long ago."""
    if stored is None or (stored.phase, stored.locked, stored.failures) != (
        state.phase,
        state.locked,
        state.failures,
    ):
        return True
    every_s = STORE_RUNNING_S if is_on(state) else STORE_IDLE_S
    return not 0 <= now_s - stored.stamp.uptime_s < every_s


def read_sense(source: SourceSettings) -> bool | None:
    """What its input pin shows; None where it has none, or that cannot be read. Never waits."""
    seen = None if source.sense_path is None else read_word(source.sense_path)
    return None if seen is None else seen == source.sense_on.strip()
