"""The policy planner, as the power service asks it: the policy, and the ladder without one.

    planner = PolicyPlanner(settings, fetch=lambda: store.last(EnergyPolicy))
    proposal = planner.propose(battery_state, reading, previous_level)

Reads: the policy that `fetch` brings. Writes: nothing.
Never: imports numpy (it is used in a resident process), or uses a policy that has ended or cannot
be read; then the ladder decides, and the reason says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from appliance.chemistry import get_profile
from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, PowerReading, Stamp
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.battery.charge_physics import (
    CONTROLLER_EFFICIENCY,
    ChargeModel,
    compute_charge_change_pct,
)
from power.battery.connected_share import convert_to_whole
from power.plan.ladder import Ladder, Proposal, is_pv_curtailed, is_surplus_available
from power.plan.nowcast import SolarNowcast
from power.plan.policy import DECISION_H, DecisionState, choose_option
from power.plan.policy_table import (
    PolicyTable,
    compute_hour,
    compute_value_curve,
    interpolate_clear_w,
    unpack_table,
)
from power.plan.solar_day import filter_sun_w
from power.plan.utility import Option, list_options
from power.plan.weather_model import mean_clear_sky_index

DECISION_EVERY_S = 840.0  # about a quarter of an hour; sooner when the charge has fallen
FETCH_EVERY_S = 600.0
REDECIDE_DROP_PCT = 1.0
PREDICTION_STEP_H = 0.5  # step of the prediction of the next change of level
PREDICTION_H = 24.0
NO_CURRENT_C_RATE = 0.001  # what a sensor may say of no current
NO_PLAN = say("there is no plan")
# What a stored plan may raise that is damaged: its numbers are used as they are.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
PROBE_FACTOR = 1.04  # of the draw that is tried: the controller's losses come on top of it


class PolicyPlanner:
    """Follows the policy. `fetch()` gives the newest policy, or None where there is none; it is
    asked each time and must not wait.

    `predicts_change` False leaves the time of the next change of level out of the proposal; to find
    it takes most of the time of a decision. `get_income_w()`: what second sources give now.
    """

    def __init__(
        self,
        settings: Settings,
        fetch: Callable[[], EnergyPolicy | None],
        *,
        predicts_change: bool = True,
        get_income_w: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._settings = settings
        self._ladder = Ladder(settings)
        self._options = list_options(settings)
        self._battery = ChargeModel.from_settings(settings.battery)
        self._fetch = fetch
        self._predicts_change = predicts_change
        self._get_income_w = get_income_w
        self._table: PolicyTable | None = None
        self._policy_reason = ""
        self._ladder_is_better = False
        self._made: Stamp | None = None
        self._why_no_plan = NO_PLAN
        self._decided_s = -1e9
        self._nowcast = SolarNowcast()
        self._held: Option | None = None
        self._held_pct = 0.0
        self._proposal: Proposal | None = None
        self._until: datetime | None = None

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        """The level and power to propose to the guard and the arbiter."""
        if battery is None or battery.state_of_charge_pct is None or battery.sigma_pct is None:
            return self._ladder.propose(battery, reading, previous)
        try:
            return self._propose_by_policy(battery, reading, previous)
        except UNUSABLE as error:
            self._table, self._why_no_plan = (
                None,
                say("the plan cannot be used ({error})", error=repr(error)),
            )
            return self._propose_by_ladder(battery, reading, previous, self._why_no_plan)

    def _propose_by_policy(
        self, battery: BatteryState, reading: PowerReading | None, previous: EnergyLevel | None
    ) -> Proposal:
        now = battery.stamp
        self._renew_table()
        table = self._table
        if table is None or not table.starts <= now.utc < table.ends:
            return self._propose_by_ladder(battery, reading, previous, self._why_no_plan)
        if self._ladder_is_better:
            return self._propose_by_ladder(battery, reading, previous, self._policy_reason)
        throttled = is_pv_curtailed(reading) or battery.charge_blocked
        self._observe_sun(table, now, reading, throttled=throttled)
        if is_surplus_available(battery, reading, self._settings.battery):
            self._held = self._options[-1]
            return self._ladder.propose(battery, reading, previous)
        assert battery.state_of_charge_pct is not None
        if self._is_decision_due(now, battery.state_of_charge_pct):
            self._decide(table, battery, reading)
        assert self._proposal is not None
        return self._proposal

    def _propose_by_ladder(
        self,
        battery: BatteryState,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
        why: str,
    ) -> Proposal:
        fallback = self._ladder.propose(battery, reading, previous)
        return replace(
            fallback,
            reason=say("{reason}; by the ladder, since {why}", reason=fallback.reason, why=why),
        )

    def _renew_table(self) -> None:
        row = self._fetch()
        if row is None or (self._made and row.stamp == self._made):
            return
        self._made, self._proposal, self._table = row.stamp, None, None
        self._why_no_plan = NO_PLAN
        self._ladder_is_better = bool(row.facts.get("ladder"))
        self._policy_reason = row.reason
        self._table = unpack_table(row)

    def _observe_sun(
        self, table: PolicyTable, now: Stamp, reading: PowerReading | None, *, throttled: bool
    ) -> None:
        sun_w = None if throttled else self._read_sun_w(reading)
        self._nowcast.observe(table, compute_hour(table, now.utc), sun_w)

    def _is_decision_due(self, now: Stamp, charge_pct: float) -> bool:
        fell = charge_pct < self._held_pct - REDECIDE_DROP_PCT
        waited = not 0 <= now.uptime_s - self._decided_s < DECISION_EVERY_S
        return self._proposal is None or waited or fell

    def _decide(
        self, table: PolicyTable, battery: BatteryState, reading: PowerReading | None
    ) -> None:
        whole = convert_to_whole(battery, self._settings.battery)
        assert battery.state_of_charge_pct is not None
        assert whole.state_of_charge_pct is not None
        now, cold = battery.stamp, battery.charge_blocked
        held = is_pv_curtailed(reading) and not get_profile(self._settings.battery).loses_charge
        hour = compute_hour(table, now.utc)
        weather = self._nowcast.estimate_chances(table)
        expected_w = interpolate_clear_w(table, hour) * mean_clear_sky_index(weather)
        sun_w = self._estimate_sun_w(table, hour, expected_w, reading, may_try=cold or held)
        sun_w += self._get_income_w() / CONTROLLER_EFFICIENCY
        state = DecisionState(
            hour=hour, charge_pct=whole.state_of_charge_pct, sun_w=sun_w, cold=cold
        )
        option = self._choose(table, state, weather, self._held)
        if self._predicts_change and (option != self._held or self._is_until_past(now)):
            self._until = self._predict_change(table, state, weather, option, now)
        self._held, self._held_pct = option, battery.state_of_charge_pct
        self._decided_s = now.uptime_s
        reason = self._format_reason(battery, reading)
        self._proposal = Proposal(option.level, option.power_w, reason, until=self._until)

    def _choose(
        self,
        table: PolicyTable,
        state: DecisionState,
        weather: Sequence[float],
        held: Option | None,
    ) -> Option:
        return choose_option(
            self._options,
            state,
            curve=compute_value_curve(table, state.hour + DECISION_H, weather, cold=state.cold),
            table=table,
            battery=self._battery,
            held=held,
        )

    def _estimate_sun_w(
        self,
        table: PolicyTable,
        hour: float,
        expected_w: float,
        reading: PowerReading | None,
        *,
        may_try: bool,
    ) -> float:
        """What the panels can give now. A battery that is too cold to be charged, or held at a
        target voltage, throttles them to the draw: while they carry that, the next higher draw is
        tried, and so on from decision to decision; not with lead-acid, whose finishing charge that
        would take.
        """
        measured_w = self._read_sun_w(reading)
        if reading is None or measured_w is None:
            return expected_w
        if not may_try or not self._does_sun_carry_loads(reading):
            return measured_w
        drawn_w = self._held.power_w if self._held else 0.0
        higher = [one.power_w for one in self._options if one.power_w > drawn_w]
        tried_w = PROBE_FACTOR * higher[0] if higher else 0.0
        return max(measured_w, min(tried_w, interpolate_clear_w(table, hour)))

    def _read_sun_w(self, reading: PowerReading | None) -> float | None:
        power_w = None if reading is None else reading.pv_power_w
        return filter_sun_w(power_w, self._settings.panels.peak_w)

    def _does_sun_carry_loads(self, reading: PowerReading) -> bool:
        """Whether the panels feed what runs, and the battery gives nothing."""
        battery = self._settings.battery
        no_current_a = NO_CURRENT_C_RATE * battery.capacity_wh / battery.nominal_voltage_v
        sun_w, current_a = reading.pv_power_w or 0.0, reading.battery_current_a
        return sun_w > 0 and current_a is not None and current_a >= -no_current_a

    def _is_until_past(self, now: Stamp) -> bool:
        return self._until is not None and now.utc >= self._until

    def _predict_change(
        self,
        table: PolicyTable,
        state: DecisionState,
        weather: Sequence[float],
        held: Option,
        now: Stamp,
    ) -> datetime | None:
        """When the level will change under the expected sun; None: not within a day."""
        option, start, share = held, state.hour, mean_clear_sky_index(weather)
        step_h = PREDICTION_STEP_H
        while state.hour < start + PREDICTION_H and state.hour + step_h < table.bounds_h[-1]:
            sun_w = interpolate_clear_w(table, state.hour + step_h / 2) * share
            change_pct = compute_charge_change_pct(
                self._battery, sun_w=sun_w, draw_w=option.power_w, hours=step_h, cold=state.cold
            )
            charge_pct = min(100.0, max(0.0, state.charge_pct + change_pct))
            state = DecisionState(
                hour=state.hour + step_h, charge_pct=charge_pct, sun_w=sun_w, cold=state.cold
            )
            option = self._choose(table, state, weather, option)
            if option.level != held.level:
                return now.utc + timedelta(hours=state.hour - start)
        return None

    def _format_reason(self, battery: BatteryState, reading: PowerReading | None) -> str:
        sun_w = reading.pv_power_w if reading else None
        sun = say("PV power unknown") if sun_w is None else say("PV {sun_w:.0f} W", sun_w=sun_w)
        charge = say(
            "SOC {state_of_charge_pct:.0f} +- {sigma_pct:.0f} %",
            state_of_charge_pct=battery.state_of_charge_pct,
            sigma_pct=battery.sigma_pct,
        )
        return say(
            "{charge}, {policy_reason}; {sun}",
            charge=charge,
            policy_reason=self._policy_reason,
            sun=sun,
        )
