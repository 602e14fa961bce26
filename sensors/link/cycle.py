"""The link's part of the sensors service's cycle, once a minute: count, judge, order, store.

    link = LinkCycle(service, LinkWorker(...))
    link.cycle()                        # faults are reported, rows stored

Reads: what the worker saw, the interface's counters, the newest energy budget, update and messages.
Writes: `LinkState`, `LinkReset` and `LinkDay` rows; orders through the worker.
Never: waits for the bus or the network.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_alarms import AlarmDelivery, DeliveryState
from appliance.model_updates import (
    LinkAct,
    LinkDay,
    LinkPhase,
    LinkReset,
    LinkState,
    UpdateState,
    UpdateStep,
)
from appliance.process.service import Service
from sensors.link import duty, watchdog
from sensors.link.budget import Budget, judge_budget
from sensors.link.counters import read_counters
from sensors.link.describe import describe, find_faults
from sensors.link.duty import Duty
from sensors.link.look import LinkLook, LinkTask, LinkWorker
from sensors.link.probe import list_servers
from sensors.link.traffic import Traffic, resume
from sensors.link.watchdog import LinkFacts, Verdict, WatchdogState

PROBE_EVERY_S = 300.0  # while something else has not shown that data comes through
DOWNLOAD_FRESH_S = 1800.0  # a download tells its share each 5 %, or that it waits
MOST_DAYS, MOST_RESETS, MOST_MESSAGES = 62, 60, 50
DUE_WITHIN = timedelta(minutes=2)  # a message that is tried so soon


@dataclass
class LinkCycle:
    """One link: `root` is where /sys hangs."""

    service: Service
    worker: LinkWorker
    root: Path = Path("/")
    _look: LinkLook = field(default_factory=LinkLook)
    _traffic: Traffic | None = None
    _dog: WatchdogState | None = None
    _was_on: bool = True
    _asked_s: float = -1e9
    _answered: Stamp | None = None

    def cycle(self) -> None:
        """One minute."""
        now, store, own = self.service.clock.stamp(), self.service.store, self.service.settings.link
        self._look = self._take_look(now)
        self._count(now)
        is_on = self._decide_duty(now)
        self._dog, verdict = watchdog.judge(
            self._dog or self._recall(now), self._find_facts(now, is_on), own
        )
        assert self._traffic is not None
        budget = judge_budget(self._traffic, now.utc.date(), own)
        self._order(now, is_on, verdict)
        state = self._describe(now, is_on, verdict, budget)
        resets = [LinkReset(now, verdict.act, verdict.reason)] if verdict.act else []
        store.add(state, *self._traffic.changed, *resets)
        for fault in find_faults(state, self._look, verdict, budget):
            self.service.report_fault(fault)

    def _take_look(self, now: Stamp) -> LinkLook:
        """The newest one; what the worker has not finished changes nothing."""
        look = self.worker.take()
        if look is not None and look.answered:
            self._answered = now
        return look or self._look

    def _count(self, now: Stamp) -> None:
        """What has gone over the interface since the last minute."""
        if self._traffic is None:
            rows = self.service.store.rows(LinkDay, limit=MOST_DAYS, newest_first=True)
            self._traffic = resume(rows, now.boot_id)
        counters = read_counters(self.root, self._find_interface(), now)
        if counters is None:
            self._traffic = replace(self._traffic, changed=())
        else:
            confirmed = self.service.clock.is_synchronized()
            self._traffic = self._traffic.count(counters, now, is_confirmed=confirmed)

    def _find_interface(self) -> str:
        """By the settings, else as the daemons name it."""
        look = self._look
        named = (
            self.service.settings.link.interface,
            look.modem.interface if look.modem else "",
            look.network.interface if look.network else "",
        )
        return next((one for one in named if one), "")

    def _decide_duty(self, now: Stamp) -> Duty:
        """By the energy level, the time and what waits to be sent."""
        level = self._find_level()
        own = self.service.settings.link
        found = duty.decide(level, own, now.utc, is_urgent=self._has_urgent(), was_on=self._was_on)
        self._was_on = found.is_on
        return found

    def _find_level(self) -> EnergyLevel | None:
        """The newest that is fresh."""
        budget = self.service.store.latest(EnergyBudget)
        return budget.level if budget else None

    def _has_urgent(self) -> bool:
        """Whether a message of an alarm waits for the link."""
        states = (DeliveryState.WAITING.name, DeliveryState.SENDING.name)
        store, soon = self.service.store, self.service.clock.stamp().utc + DUE_WITHIN
        return any(
            one.not_before <= soon
            for state in states
            for one in store.rows(AlarmDelivery, limit=MOST_MESSAGES, state=state)
        )

    def _recall(self, now: Stamp) -> WatchdogState:
        """What the watchdog did before this process: those of another boot by the wall clock, and
        one of a time that is yet to come counts as just now.
        """
        rows = self.service.store.rows(LinkReset, limit=MOST_RESETS, newest_first=True)
        return WatchdogState(acts_s=tuple(find_time_s(one, now) for one in rows))

    def _find_facts(self, now: Stamp, is_on: Duty) -> LinkFacts:
        own, level = self.service.settings, self._find_level()
        switch = own.switch.get(own.link.switch)
        allowed = switch is None or (level is not None and level >= switch.runs_from)
        return LinkFacts(
            now.uptime_s,
            is_on.is_on and allowed and level is not None,
            self._answered.uptime_s if self._answered else None,
            self._look.phase,
            is_downloading=self._is_downloading(),
            has_switch=switch is not None,
            has_servers=bool(list_servers(own)),
        )

    def _is_downloading(self) -> bool:
        row = self.service.store.latest(UpdateState, DOWNLOAD_FRESH_S)
        return row is not None and row.step is UpdateStep.DOWNLOAD and not row.waits_for

    def _order(self, now: Stamp, is_on: Duty, verdict: Verdict) -> None:
        """What the worker is to do and to look at; an act that it cannot begin now is lost, and so
        counts as one that did not help.
        """
        ask = is_on.is_on and now.uptime_s - self._asked_s >= PROBE_EVERY_S
        own = self.service.settings
        act = verdict.act if verdict.act is not LinkAct.POWER_CYCLE else None
        servers = list_servers(own) if ask else ()
        radio_on = is_on.is_on if not own.link.switch else None
        if self.worker.begin(LinkTask(radio_on, act, servers)) and ask:
            self._asked_s = now.uptime_s

    def _describe(self, now: Stamp, is_on: Duty, verdict: Verdict, budget: Budget) -> LinkState:
        look, dog = self._look, self._dog
        modem: Any = look.modem
        phase = look.phase if is_on.is_on else LinkPhase.OFF
        return LinkState(
            now,
            phase,
            describe(phase, look, is_on, verdict, budget),
            interface=self._find_interface(),
            operator=modem.operator if modem else "",
            technology=modem.technology if modem else "",
            signal_pct=modem.signal_pct if modem else None,
            is_metered=look.network.is_metered if look.network else None,
            reached=self._answered.utc if self._answered else None,
            month_bytes=budget.used_bytes,
            budget_bytes=budget.most_bytes,
            waits=budget.is_used_up,
            supply_off=verdict.supply_off or not is_on.is_on,
            next_on=is_on.next_on,
            resets=watchdog.count_acts(dog, now.uptime_s) if dog else 0,
        )


def find_time_s(row: LinkReset, now: Stamp) -> float:
    """When it was, in seconds of this boot; negative where it was before."""
    if row.stamp.boot_id == now.boot_id:
        return row.stamp.uptime_s
    return now.uptime_s - max(0.0, (now.utc - row.stamp.utc).total_seconds())
