"""What the plan wants of each second source now, as the power service asks it.

    planner = SourcePlanner(settings, fetch=lambda: store.last(SourcePolicy))
    decision = planner.decide("generator", battery_state, reading, is_running=False)

Reads: the policy that `fetch` brings, the sun of today. Writes: nothing.
Never: imports numpy (it is used in a resident process), or uses a policy that has ended, cannot be
read, or was made without that source; then there is no decision, and the charge alone starts it.
"""

from collections.abc import Callable
from datetime import datetime

from appliance.model import BatteryState, PowerReading
from appliance.model_sources import SourcePolicy
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.wording.site_time import find_zone
from power.battery.charge_physics import ChargeModel
from power.battery.connected_share import convert_to_whole
from power.plan.course import average_clear_w
from power.plan.ladder import is_pv_curtailed
from power.plan.nowcast import SolarNowcast
from power.plan.policy_table import (
    PolicyTable,
    compute_hour,
    compute_value_curve,
    find_floor_pct,
    unpack_table,
)
from power.plan.solar_day import filter_sun_w
from power.plan.source_decision import RunCase, SourceDecision, decide_run
from power.plan.source_policy import RISE, raise_price, to_policy
from power.plan.utility import list_options
from power.plan.weather_model import mean_clear_sky_index

DECIDE_EVERY_S = 60.0
LEAST_H = 0.25  # a shorter run says nothing
QUIET_LEAD_H = 4.0  # so long before its quiet hours their whole length is looked at
# What a stored plan may raise that is damaged: its numbers are used as they are.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class SourcePlanner:
    """Compares a run of each source with none. `fetch()` gives the newest policy that counts on
    sources, or None; it is asked each time and must not wait.
    """

    def __init__(self, settings: Settings, fetch: Callable[[], SourcePolicy | None]) -> None:
        self._settings, self._fetch = settings, fetch
        self._options = list_options(settings)
        self._battery = ChargeModel.from_settings(settings.battery)
        self._nowcast = SolarNowcast()
        self._row: SourcePolicy | None = None
        self._table: PolicyTable | None = None
        self._made: dict[tuple[str, bool], tuple[float, SourceDecision | None]] = {}

    def decide(
        self,
        name: str,
        battery: BatteryState,
        reading: PowerReading | None,
        is_running: bool,
    ) -> SourceDecision | None:
        """Whether it should run now; None where the plan says nothing of it."""
        now_s, key = battery.stamp.uptime_s, (name, is_running)
        made_s, decision = self._made.get(key, (-1e9, None))
        if 0 <= now_s - made_s < DECIDE_EVERY_S:
            return decision
        try:
            decision = self._decide(name, battery, reading, is_running=is_running)
        except UNUSABLE:
            decision, self._table = None, None
        self._made[key] = now_s, decision
        return decision

    def _decide(
        self,
        name: str,
        battery: BatteryState,
        reading: PowerReading | None,
        *,
        is_running: bool,
    ) -> SourceDecision | None:
        table, row = self._renew_table(), self._row
        if table is None or row is None or not table.starts <= battery.stamp.utc < table.ends:
            return None
        self._observe_sun(table, battery, reading)
        if name not in row.sources.split() or battery.state_of_charge_pct is None:
            return None
        source = self._settings.source[name]
        cases = self._list_cases(table, source, battery, is_running=is_running)
        return decide_run(
            cases,
            self._options,
            self._battery,
            raise_price(source, self._settings, row.facts.get(RISE, 0.0)),
            money_per_hour=self._settings.energy.worth_of_full_hour,
            is_running=is_running,
        )

    def _renew_table(self) -> PolicyTable | None:
        row = self._fetch()
        if row is not None and (self._row is None or row.stamp != self._row.stamp):
            self._row, self._table = row, None
            self._table = unpack_table(to_policy(row))
        return self._table

    def _observe_sun(
        self, table: PolicyTable, battery: BatteryState, reading: PowerReading | None
    ) -> None:
        throttled = is_pv_curtailed(reading) or battery.charge_blocked
        power_w = None if reading is None or throttled else reading.pv_power_w
        sun_w = filter_sun_w(power_w, self._settings.panels.peak_w)
        self._nowcast.observe(table, compute_hour(table, battery.stamp.utc), sun_w)

    def _list_cases(
        self,
        table: PolicyTable,
        source: SourceSettings,
        battery: BatteryState,
        *,
        is_running: bool,
    ) -> list[RunCase]:
        """Runs of several lengths; shortly before its quiet hours, those before and the hours in
        them.
        """
        hour, now = compute_hour(table, battery.stamp.utc), battery.stamp.utc
        until_h, quiet_h = find_quiet_hours(source, now, self._settings.site.timezone)
        if until_h <= QUIET_LEAD_H:
            spans = [(max(until_h, LEAST_H), quiet_h)]
        else:
            least_h = LEAST_H if is_running else max(LEAST_H, source.least_run_s / 3600)
            most_h = max(least_h, min(until_h, source.most_run_s / 3600))
            spans = [(min(most_h, least_h * factor), 0.0) for factor in (1, 2, 4, 8)]
        left_h = table.bounds_h[-1] - hour
        return [
            self._make_case(table, battery, run_h=run_h, then_h=min(then_h, left_h - run_h))
            for run_h, then_h in spans
            if run_h < left_h
        ]

    def _make_case(
        self, table: PolicyTable, battery: BatteryState, *, run_h: float, then_h: float
    ) -> RunCase:
        hour = compute_hour(table, battery.stamp.utc)
        weather, whole = self._nowcast.estimate_chances(table), self._to_whole_pct(battery)
        share = mean_clear_sky_index(weather)
        ends = hour + run_h + then_h
        return RunCase(
            hours=run_h,
            charge_pct=whole,
            sun_w=average_clear_w(table, hour, hour + run_h) * share,
            cold=battery.charge_blocked,
            floor_pct=find_floor_pct(table, hour),
            curve=compute_value_curve(table, ends, weather, cold=battery.charge_blocked),
            then_h=then_h,
            then_sun_w=average_clear_w(table, hour + run_h, ends) * share if then_h else 0.0,
        )

    def _to_whole_pct(self, battery: BatteryState) -> float:
        return convert_to_whole(battery, self._settings.battery).state_of_charge_pct or 0.0


def find_quiet_hours(source: SourceSettings, now: datetime, zone: str) -> tuple[float, float]:
    """Hours until its quiet hours begin (0: they have), and how long they then last."""
    begins, ends = source.quiet_from_h, source.quiet_until_h
    if begins is None or begins == ends:
        return 24.0, 0.0
    there = now.astimezone(find_zone(zone))
    local_h = there.hour + there.minute / 60
    lasts_h = (ends - begins) % 24
    since_h = (local_h - begins) % 24
    if since_h < lasts_h:
        return 0.0, lasts_h - since_h
    return 24 - since_h, lasts_h
