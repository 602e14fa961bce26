"""Dead reckoning: how far the loads may go on in a silence, by energy instead of by time.

Reads and writes: nothing; pure.
Never: allows more the longer a silence lasts, lets a level rise in one, or counts on the sun.

What the last readings proved (power/guard/proven_charge.py), less the most that the ordered loads
can have drawn since: while enough of it is left the loads go on, for a day at most. A meter that
reports exactly the same, or zeros, proves nothing new. Where nothing was proven the ages of
power/guard/by_silence.py hold.
"""

from dataclasses import replace
from typing import NamedTuple

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.guard.limits import Limits
from power.guard.observations import GuardState, Observation, is_recent, measured_at_s
from power.guard.proven_charge import (
    NOTHING_PROVEN,
    ProvenCharge,
    count_drawn,
    note_count,
    note_others,
    note_proof,
)
from power.guard.verdict import Verdict

LONGEST_S = 86_400.0
MOST_C_RATE = 2.0  # a larger current is a reading error
TOGETHER_S = 1.0  # ages of values of one moment differ by less
# Of a full battery, what is kept: a cell at the voltage that stops loads may have that much. ECO
# may use a little of it.
KEPT_PCT, ECO_PCT = 17.0, 5.0


class News(NamedTuple):
    """What one cycle brings; `own_w`: the most that the unit's own loads have drawn since."""

    observation: Observation | None
    reading: PowerReading | None
    battery: BatteryState | None
    own_w: float
    now: Stamp


def find_own_power_w(settings: Settings, ordered: EnergyLevel | None) -> float:
    """What the unit's loads draw at most at the level that was ordered; None: it may be any."""
    return settings.get_level_power_w(EnergyLevel.FULL if ordered is None else ordered)


def follow_proof(before: GuardState, state: GuardState, news: News, limits: Limits) -> GuardState:
    """What is proven now.

    A poll without single cells, where there were some, proves nothing new: the lowest may be low.
    """
    observation, now_s = news.observation, news.now.uptime_s
    proven = before.proven if before.share == state.share else NOTHING_PROVEN
    proven = count_drawn(proven, news.own_w, now_s)
    if observation is None or observation.values == before.values:
        return replace(state, proven=proven)
    proven = follow_others(proven, observation, news, limits)
    if is_current_measured(news.reading):
        proven = note_count(proven, news.battery, observation.at_s)
    if observation.mean_only and proven.has_cells:
        return replace(state, proven=proven)
    cell_v = observation.cell_v if state.sag_since_s is None else 0.0
    proven = note_proof(proven, cell_v, observation.at_s, news.battery, limits)
    proven = count_drawn(proven, news.own_w, now_s)
    has_cells = proven.has_cells or not observation.mean_only
    return replace(state, proven=replace(proven, has_cells=has_cells))


def follow_others(
    proven: ProvenCharge, observation: Observation, news: News, limits: Limits
) -> ProvenCharge:
    """What hangs on the battery beside the unit's own loads, by what is measured now."""
    discharge_w = None
    if news.reading is not None:
        discharge_w = measure_discharge_w(news.reading, observation, limits)
    if discharge_w is None or not discharge_w <= MOST_C_RATE * limits.capacity_wh:
        return proven
    passed_s = 0.0 if proven.at_s is None else max(0.0, observation.at_s - proven.at_s)
    return note_others(proven, max(0.0, discharge_w - news.own_w), passed_s)


def measure_discharge_w(
    reading: PowerReading, observation: Observation, limits: Limits
) -> float | None:
    """What flows out of the battery (W), 0 where it is charged; None where it is not measured."""
    current_a = reading.battery_current_a
    if current_a is None or not is_recent(reading, "battery_current_a"):
        return None
    if not abs(observation.at_s - measured_at_s(reading, "battery_current_a")) <= TOGETHER_S:
        return None
    return max(0.0, -current_a) * observation.cell_v * limits.cells


def is_current_measured(reading: PowerReading | None) -> bool:
    """Whether the charge is counted, and not only reckoned."""
    if reading is None or reading.battery_current_a is None:
        return False
    return is_recent(reading, "battery_current_a")


def reckon_count(
    least_pct: float | None, proven: ProvenCharge, limits: Limits, now: Stamp
) -> float | None:
    """The lower bound of the charge (%), or more where a current was measured within a day: what it
    was then, less the most that can have been drawn. The estimator does not know the orders, and
    goes on with twice what was drawn, or with a current that has been rejected since.
    """
    if least_pct is None or proven.measured_pct is None:
        return least_pct
    if not now.uptime_s - proven.measured_s <= LONGEST_S:
        return least_pct
    left_pct = proven.measured_pct - proven.measured_drawn_wh / limits.capacity_wh * 100
    return max(least_pct, left_pct)


def extend_silence(silence: Verdict, state: GuardState, limits: Limits, now: Stamp) -> Verdict:
    """The verdict of a silence by its age, or more where enough is surely left."""
    left_pct = state.proven.find_least_pct(limits)
    at_s = state.proven.at_s
    if left_pct is None or at_s is None or now.uptime_s - at_s > LONGEST_S:
        return silence
    kept_pct = find_kept_pct(limits)
    level = EnergyLevel.FULL
    if not left_pct >= kept_pct:
        level = EnergyLevel.ECO if left_pct >= kept_pct - ECO_PCT else EnergyLevel.HIBERNATE
    if level <= silence.max_level:
        return silence
    reason = say(
        "{reason}, but {left_pct:.0f} % or more are surely left",
        reason=silence.reason,
        left_pct=left_pct,
    )
    return Verdict(level, reason, may_rise=False)


def find_kept_pct(limits: Limits) -> float:
    """What FULL leaves in the battery: never less than the settings keep from the loads."""
    low_pct = max(KEPT_PCT, limits.cell.rested.find_most_pct(limits.cell.low_v))
    return max(low_pct, limits.hibernate_pct + ECO_PCT)
