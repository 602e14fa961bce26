"""Faults of a second source, each with what to look for.

Reads and writes: nothing; pure.
Never: names a fault where nothing measures what would show it.
"""

from collections.abc import Iterator

from appliance.errors import ApplianceError
from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.sources import SourceKind, SourceSettings
from appliance.wording.sentence import say
from power.guard.verdict import format_duration

LOW_FUEL_SHARE = 0.2
LOOK_FOR = {
    SourceKind.GENERATOR: say("fuel? oil? its own breaker or stop switch? its starter battery?"),
    SourceKind.FUEL_CELL: say("fuel? its own stop switch? an error on its display?"),
    SourceKind.SHORE: say("plugged in? its breaker? the charger?"),
}
UNLOCK = "`unitctl energy source {name} --unlock`"


class SourceFault(ApplianceError):  # noqa: N818  (named for what it is)
    """Something is wrong with a second source."""

    def __init__(self, text: str, *, code: str) -> None:
        super().__init__(text)
        self.code = f"source-{code}"


def find_faults(
    state: SourceState, source: SourceSettings, *, now_s: float, stuck_s: float | None
) -> Iterator[SourceFault]:
    """The faults of one source. `stuck_s`: for how long power has been seen while it should be off;
    None: there is none.
    """
    name = state.source
    if state.failures:
        yield SourceFault(describe_failure(state, source), code=f"{name}-failed")
    if stuck_s is not None:
        yield SourceFault(describe_stuck(state, source, stuck_s), code=f"{name}-runs")
    if state.phase is SourcePhase.STARTING and is_unseen(state, source, now_s):
        yield SourceFault(describe_unseen(state, source), code=f"{name}-unseen")
    full_kwh, left_kwh = source.full_tank_kwh, state.fuel_left_kwh
    if full_kwh and left_kwh is not None and left_kwh < LOW_FUEL_SHARE * full_kwh:
        yield SourceFault(describe_low_fuel(state, source, left_kwh), code=f"{name}-fuel")


def describe_stuck(state: SourceState, source: SourceSettings, stuck_s: float) -> str:
    """It should be off."""
    return say(
        "the {kind} {source} gives power though it is ordered off, for {time}: started by "
        "hand? its relay stuck? Look at the relay of [switch.{switch}]",
        kind=source.kind,
        source=state.source,
        time=format_duration(stuck_s),
        switch=source.switch,
    )


def describe_unseen(state: SourceState, source: SourceSettings) -> str:
    """Nothing shows whether it runs."""
    return say(
        "the {kind} {source} was started, and nothing measures whether it gives power: put "
        "a shunt or a BMS at the battery under [bms.NAME], or name an input under "
        "`sense_path`",
        kind=source.kind,
        source=state.source,
    )


def describe_low_fuel(state: SourceState, source: SourceSettings, left_kwh: float) -> str:
    """By the count."""
    return say(
        "the {kind} {source} has fuel for {left_kwh:.1f} kWh left by the count; fill its "
        "tank and say `unitctl energy fuel {source} --set full`",
        kind=source.kind,
        source=state.source,
        left_kwh=left_kwh,
    )


def is_unseen(state: SourceState, source: SourceSettings, now_s: float) -> bool:
    """Whether it runs for long enough that its power would have been seen."""
    return now_s - state.changed_s > source.warm_up_s + source.gives_within_s


def describe_failure(state: SourceState, source: SourceSettings) -> str:
    """What it did, what to look for, and what happens next."""
    begins = say(
        "the {kind} {source} {failure}",
        kind=source.kind,
        source=state.source,
        failure=state.failure,
    )
    look_for = LOOK_FOR[source.kind]
    if state.locked:
        unlock = UNLOCK.format(name=state.source)
        times = say("{failures} starts in a row gave nothing", failures=state.failures)
        return say(
            "{begins}: {look_for} {times}, it is locked until somebody says {unlock}",
            begins=begins,
            look_for=look_for,
            times=times,
            unlock=unlock,
        )
    tries = say(
        "try {failures} of {most_tries}", failures=state.failures, most_tries=source.most_tries
    )
    return say(
        "{begins}: {look_for} This was {tries}; it rests for {time}",
        begins=begins,
        look_for=look_for,
        tries=tries,
        time=format_duration(source.rest_s),
    )
