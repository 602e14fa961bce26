"""Reads back whether the loads are as ordered, reports which are not, and tries again.

Reads: PID 1's states of its units, the files of switches that can be read. Writes: orders to
PID 1 to switch off what should be off.
Never: waits for an answer, or switches anything on.

Times are real seconds: processes take theirs, however fast a demonstration runs.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from appliance.actuators.switch import read_back
from appliance.errors import ApplianceError
from appliance.model import Stamp
from appliance.process.host import Order
from appliance.settings import Settings
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time
from power.act.load_states import (
    PROPERTIES,
    RUNNING,
    SWITCH,
    LoadDeviation,
    find_wrong,
    list_switches,
    list_units,
    name_off,
    parse_states,
)

ASK_EVERY_S, ASK_SOON_S = 60.0, 10.0  # while all is well; after an order and while it is not
OFF_WITHIN_S = 30.0  # PID 1 ends a service after 20 s at most
RUNS_WITHIN_S = 120.0  # a camera may take 90 s to give its first picture


class LoadError(ApplianceError):
    """A load is not as the energy level wants it."""

    code = "load"

    def __init__(self, deviation: LoadDeviation, since: str, advice: str) -> None:
        name = deviation.unit.removeprefix("appliance-")
        should = (
            say("should be off and is not") if deviation.off else say("should run and does not")
        )
        super().__init__(
            say(
                "{name} {should} since {since}: {why}; {advice}",
                name=name,
                should=should,
                since=since,
                why=deviation.why,
                advice=advice,
            )
        )
        self.code = f"load-{name.replace('@', '-')}"


class StateSource(Protocol):
    """What is needed of appliance.process.host.Host."""

    def restart(self, *units: str) -> Order:
        """Order PID 1 to run units once more."""

    def show(self, properties: str, *units: str) -> Order:
        """Ask for properties of units."""


class LoadCheck:
    """`check` in each cycle, with all loads and whether they should run."""

    def __init__(
        self, host: StateSource, settings: Settings, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._host, self._now_s = host, now_s
        self._switches = list_switches(settings)
        self._zone = settings.site.timezone
        self._query: Order | None = None
        self._asked: dict[str, bool] = {}
        self._asked_at_s = now_s()
        self._ask_at_s = now_s() + ASK_SOON_S
        self._since: dict[tuple[str, bool], tuple[float, Stamp]] = {}
        self._retry_at_s: dict[str, float] = {}
        self._retries: list[Order] = []
        self.wrong: list[LoadError] = []
        self.failure: ApplianceError | None = None

    def ask_soon(self) -> None:
        """Orders have been given: ask soon whether they came true."""
        self._ask_at_s = min(self._ask_at_s, self._now_s() + ASK_SOON_S)

    def check(self, loads: Mapping[str, bool], now: Stamp) -> list[str]:
        """Look at the last answer and ask anew when that is due; `wrong` and `failure` are then of
        now. Returns the services that must be stopped once more.
        """
        repeat = self._take_answer(loads, now)
        self._retries = [order for order in self._retries if not order.is_over()]
        if self._query is None and self._now_s() >= self._ask_at_s:
            self._asked, self._asked_at_s = dict(loads), self._now_s()
            self._ask_at_s = self._asked_at_s + ASK_EVERY_S
            self._query = self._host.show(PROPERTIES, *list_units(loads))
        return repeat

    def _take_answer(self, loads: Mapping[str, bool], now: Stamp) -> list[str]:
        query = self._query
        if query is None or not query.is_over():
            return []
        self._query, self.failure = None, query.error
        if query.error:
            return []
        asked = {unit: runs for unit, runs in loads.items() if self._asked.get(unit) is runs}
        readable = {unit: own for unit, own in self._switches.items() if own.path is not None}
        reads_on = {unit: read_back(own) for unit, own in readable.items()}
        found = find_wrong(asked, parse_states(query.output), reads_on)
        if found:
            self._ask_at_s = self._asked_at_s + ASK_SOON_S
        return self._judge(found, now)

    def _judge(self, found: list[LoadDeviation], now: Stamp) -> list[str]:
        """Tell what has lasted too long, and try again what should be off."""
        now_s = self._now_s()
        keys = {(one.unit, one.off) for one in found}
        self._since = {key: at for key, at in self._since.items() if key in keys}
        self.wrong, repeat = [], []
        for one in found:
            began_s, began = self._since.setdefault((one.unit, one.off), (now_s, now))
            if now_s - began_s < (OFF_WITHIN_S if one.off else RUNS_WITHIN_S) - ASK_SOON_S / 2:
                continue
            since = format_site_time(began.utc, self._zone)
            self.wrong.append(LoadError(one, since, self._advise(one)))
            if one.off and now_s >= self._retry_at_s.get(one.unit, now_s):
                self._retry_at_s[one.unit] = now_s + OFF_WITHIN_S
                repeat += self._try_again(one)
        return repeat

    def _try_again(self, deviation: LoadDeviation) -> list[str]:
        if deviation.unit.startswith(SWITCH) and deviation.why != RUNNING:
            self._retries.append(self._host.restart(name_off(deviation.unit)))
            return []
        return [deviation.unit]

    def _advise(self, deviation: LoadDeviation) -> str:
        own = self._switches.get(deviation.unit)
        if own is None:
            return say("see `systemctl status {unit}`", unit=deviation.unit)
        what = say("its file {path}", path=own.path) if own.path else say("its command")
        again = say("it is tried again until it is off; ") if deviation.off else ""
        return say(
            "{again}check its relay and {what}, `systemctl status {unit}` says more",
            again=again,
            what=what,
            unit=deviation.unit,
        )
