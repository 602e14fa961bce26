"""What the plan wants of the battery heater now, as the power service asks it.

Reads: the policy that `fetch` brings, the sun of today. Writes: nothing.
Never: imports numpy (it is used in a resident process), or uses a policy that has ended or cannot
be read: then there is no decision.
"""

from collections.abc import Callable

from appliance.model import BatteryState, EnergyPolicy, PowerReading
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.battery.connected_share import convert_to_whole
from power.plan.heater_decision import (
    HeatCase,
    HeaterDecision,
    decide_heat,
    decide_worth,
    find_sun_end,
)
from power.plan.nowcast import SolarNowcast
from power.plan.policy_table import (
    PolicyTable,
    compute_hour,
    compute_value_curve,
    find_floor_pct,
    unpack_table,
)
from power.plan.utility import list_options
from power.plan.weather_model import mean_clear_sky_index

NO_SUN = HeaterDecision(runs=False, reason=say("no sun comes soon"))
# What a stored plan may raise that is damaged: its numbers are used as they are.
UNUSABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class HeaterPlanner:
    """Compares heat with none. `fetch()` gives the newest policy; it must not wait."""

    def __init__(self, settings: Settings, fetch: Callable[[], EnergyPolicy | None]) -> None:
        self._settings, self._fetch = settings, fetch
        self._options = list_options(settings)
        self._nowcast = SolarNowcast()
        self._row: EnergyPolicy | None = None
        self._table: PolicyTable | None = None

    def decide(
        self,
        battery: BatteryState,
        reading: PowerReading | None,
        *,
        missing_c: float,
        heater_w: float,
        worth: float | None = None,
    ) -> HeaterDecision | None:
        """Whether to heat the battery now, or (`worth` of an hour) another thing; None where there
        is no plan.
        """
        try:
            table = self._renew_table()
            if table is None or not table.starts <= battery.stamp.utc < table.ends:
                return None
            if worth is not None:
                return self._decide_worth(table, battery, worth=worth, heater_w=heater_w)
            return self._decide(table, battery, reading, missing_c=missing_c, heater_w=heater_w)
        except UNUSABLE:
            self._table = None
            return None

    def _decide_worth(
        self, table: PolicyTable, battery: BatteryState, *, worth: float, heater_w: float
    ) -> HeaterDecision | None:
        whole_pct = convert_to_whole(battery, self._settings.battery).state_of_charge_pct
        if whole_pct is None:
            return None
        hour, weather = (
            compute_hour(table, battery.stamp.utc),
            self._nowcast.estimate_chances(table),
        )
        curve = compute_value_curve(table, hour, weather, cold=battery.charge_blocked)
        capacity_wh = self._settings.battery.capacity_wh
        return decide_worth(
            worth, curve, charge_pct=whole_pct, heater_w=heater_w, capacity_wh=capacity_wh
        )

    def _renew_table(self) -> PolicyTable | None:
        row = self._fetch()
        if row is not None and (self._row is None or row.stamp != self._row.stamp):
            self._row, self._table = row, None
            self._table = unpack_table(row)
        return self._table

    def _decide(
        self,
        table: PolicyTable,
        battery: BatteryState,
        reading: PowerReading | None,
        *,
        missing_c: float,
        heater_w: float,
    ) -> HeaterDecision | None:
        hour = compute_hour(table, battery.stamp.utc)
        throttled = reading is None or battery.charge_blocked
        sun_w = None if throttled or reading is None else reading.pv_power_w
        self._nowcast.observe(table, hour, sun_w)
        whole_pct = convert_to_whole(battery, self._settings.battery).state_of_charge_pct
        ends = find_sun_end(table, hour)
        if whole_pct is None or ends is None or ends > table.bounds_h[-1]:
            return None if whole_pct is None else NO_SUN
        weather = self._nowcast.estimate_chances(table)
        case = HeatCase(
            hour=hour,
            charge_pct=whole_pct,
            floor_pct=find_floor_pct(table, hour),
            sun_share=mean_clear_sky_index(weather),
            missing_c=missing_c,
            heater_w=heater_w,
        )
        curve = compute_value_curve(table, ends, weather, cold=True)
        return decide_heat(case, table, curve, self._options, self._settings.battery, ends=ends)
