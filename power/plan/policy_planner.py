"""The planner as the power service asks it: the nightly table, and the ladder where there is none.

Reads: the table that `fetch` brings. Writes: nothing.
Never: acts on a table that has ended or that cannot be read; then the ladder speaks, and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, PowerReading, Stamp
from appliance.settings import Settings
from power.plan.ladder import Ladder, Proposal, is_sun_curtailed
from power.plan.policy import (
    CONTROLLER,
    DecisionState,
    PolicyTable,
    SolarNowcast,
    choose_option,
    compute_hour,
    compute_value_curve,
    interpolate_clear_w,
    unpack_table,
)
from power.plan.solar_day import filter_sun_w
from power.plan.utility import Option, list_options
from power.plan.weather_model import CLASS_CLEARNESS

DECISION_EVERY_S = 840.0  # about a quarter of an hour; sooner when the charge has fallen
FETCH_EVERY_S = 600.0
REDECIDE_DROP_PCT = 1.0
PREDICTION_STEP_H = 0.5  # step of the look ahead that finds when the level will change
PREDICTION_H = 24.0
NO_CURRENT_C_RATE = 0.001  # what a sensor may say of no current
PROBE_FACTOR = (
    1.04  # of the draw that is tried, so that it is within what the controller gets through
)


class PolicyPlanner:
    """Follows the plan. `fetch(newer_than)` gives the newest policy, or None if there is no newer.

    `tells_when` False leaves the "until" out of the reason, which costs most of the time.
    """

    def __init__(
        self,
        settings: Settings,
        fetch: Callable[[], EnergyPolicy | None],
        predicts_change: bool = True,
    ) -> None:
        self._settings = settings
        self._ladder = Ladder(settings)
        self._choices = list_options(settings)
        self._fetch = fetch
        self._tells_when = predicts_change
        self._table: PolicyTable | None = None
        self._about = ""
        self._ladder_is_better = False
        self._made: Stamp | None = None
        self._fetched_s = self._decided_s = -1e9
        self._today = SolarNowcast()
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
        """The wished way to spend."""
        if battery is None or battery.state_of_charge_pct is None or battery.sigma_pct is None:
            return self._ladder.propose(battery, reading, previous)
        now = battery.stamp
        self._renew(now)
        table = self._table
        if table is None or not table.starts <= now.utc < table.ends:
            return self._by_ladder(battery, reading, previous, "there is no plan")
        if self._ladder_is_better:
            return self._by_ladder(battery, reading, previous, self._about)
        free = is_sun_curtailed(battery, reading)
        self._see(table, now, reading, throttled=free or battery.charge_blocked)
        if free:
            self._held = self._choices[-1]
            return self._ladder.propose(battery, reading, previous)
        if self._due(now, battery.state_of_charge_pct):
            self._decide(table, battery, reading, now)
        assert self._proposal is not None
        return self._proposal

    def _by_ladder(
        self,
        battery: BatteryState,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
        why: str,
    ) -> Proposal:
        fallback = self._ladder.propose(battery, reading, previous)
        return replace(fallback, reason=f"{fallback.reason}; by the ladder, since {why}")

    def _renew(self, now: Stamp) -> None:
        if 0 <= now.uptime_s - self._fetched_s < FETCH_EVERY_S:
            return
        self._fetched_s = now.uptime_s
        row = self._fetch()
        if row is None or (self._made and row.stamp == self._made):
            return
        self._made, self._about = row.stamp, row.reason
        self._ladder_is_better = bool(row.facts.get("ladder"))
        try:
            self._table = unpack_table(row)
        except (ValueError, KeyError) as error:
            self._table, self._about = None, str(error)
        self._proposal = None

    def _see(
        self, table: PolicyTable, now: Stamp, reading: PowerReading | None, throttled: bool
    ) -> None:
        sun_w = None if throttled else self._measured_w(reading)
        self._today.observe(table, compute_hour(table, now.utc), sun_w)

    def _due(self, now: Stamp, charge_pct: float) -> bool:
        fell = charge_pct < self._held_pct - REDECIDE_DROP_PCT
        waited = not 0 <= now.uptime_s - self._decided_s < DECISION_EVERY_S
        return self._proposal is None or waited or fell

    def _decide(
        self, table: PolicyTable, battery: BatteryState, reading: PowerReading | None, now: Stamp
    ) -> None:
        assert battery.state_of_charge_pct is not None
        hour = compute_hour(table, now.utc)
        skies = self._today.estimate_chances(table)
        cold = battery.charge_blocked
        sun_w = self._sun_w(interpolate_clear_w(table, hour), mean_clearness(skies), reading, cold)
        moment = DecisionState(hour, battery.state_of_charge_pct, sun_w, cold)
        worth = compute_value_curve(table, hour + 0.25, skies, cold)
        capacity_wh = battery.capacity_wh
        choice = choose_option(self._choices, moment, worth, table, capacity_wh, self._held)
        if self._tells_when and (choice != self._held or self._late(now)):
            self._until = self._changes(table, moment, skies, choice, now, capacity_wh)
        self._held, self._held_pct = choice, battery.state_of_charge_pct
        self._decided_s = now.uptime_s
        said = self._reason(battery, reading)
        self._proposal = Proposal(choice.level, choice.power_w, said, until=self._until)

    def _sun_w(
        self, clear_w: float, share: float, reading: PowerReading | None, cold: bool
    ) -> float:
        """What the panels can give now. A battery that takes no charge throttles them to the draw:
        while they carry that, the next more is tried, and so on from decision to decision.
        """
        measured_w = self._measured_w(reading)
        if reading is None or measured_w is None:
            return clear_w * share
        if not cold or not self._carried(reading):
            return measured_w
        drawn_w = self._held.power_w if self._held else 0.0
        more = [one.power_w for one in self._choices if one.power_w > drawn_w]
        tried_w = PROBE_FACTOR * more[0] if more else 0.0
        return max(measured_w, min(tried_w, clear_w))

    def _measured_w(self, reading: PowerReading | None) -> float | None:
        power_w = None if reading is None else reading.pv_power_w
        return filter_sun_w(power_w, self._settings.panels.peak_w)

    def _carried(self, reading: PowerReading) -> bool:
        """Whether the panels feed what runs, and the battery gives nothing."""
        battery = self._settings.battery
        slack_a = NO_CURRENT_C_RATE * battery.capacity_wh / battery.nominal_voltage_v
        sun_w, current_a = reading.pv_power_w or 0.0, reading.battery_current_a
        return sun_w > 0 and current_a is not None and current_a >= -slack_a

    def _late(self, now: Stamp) -> bool:
        return self._until is not None and now.utc >= self._until

    def _changes(
        self,
        table: PolicyTable,
        moment: DecisionState,
        skies: Sequence[float],
        choice: Option,
        now: Stamp,
        capacity_wh: float,
    ) -> datetime | None:
        """When the level will change if the sun does what is expected; None: not within a day."""
        charge_pct, share = moment.charge_pct, mean_clearness(skies)
        option, hour = choice, moment.hour
        while hour < moment.hour + PREDICTION_H and hour + PREDICTION_STEP_H < table.bounds_h[-1]:
            sun_w = interpolate_clear_w(table, hour + PREDICTION_STEP_H / 2) * share
            net_w = sun_w * CONTROLLER - option.power_w
            charge_pct = min(100.0, charge_pct + net_w * PREDICTION_STEP_H / capacity_wh * 100)
            hour += PREDICTION_STEP_H
            worth = compute_value_curve(table, hour + 0.25, skies, moment.cold)
            then = DecisionState(hour, charge_pct, sun_w, moment.cold)
            option = choose_option(self._choices, then, worth, table, capacity_wh, option)
            if option.level != choice.level:
                return now.utc + timedelta(hours=hour - moment.hour)
        return None

    def _reason(self, battery: BatteryState, reading: PowerReading | None) -> str:
        sun_w = reading.pv_power_w if reading else None
        sun = "sun unknown" if sun_w is None else f"sun {sun_w:.0f} W"
        charge = f"{battery.state_of_charge_pct:.0f} % +- {battery.sigma_pct:.0f}"
        return f"{charge}, {self._about}; {sun}"


def mean_clearness(chances: Sequence[float]) -> float:
    """The clearness to be expected."""
    return sum(chance * centre for chance, centre in zip(chances, CLASS_CLEARNESS, strict=True))
