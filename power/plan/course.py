"""Some hours ahead in a few parts, played with the best option for the loads: what they do in them,
and what the charge at their end is worth. A source or a heater is judged by two such courses.

    play(Course(parts=[Part(2, sun_w=0)], charge_pct=40, floor_pct=20, curve=curve), options, model)

Reads and writes: nothing; pure.
Never: imports numpy (it is used in a resident process).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.plan.policy_table import PolicyTable, interpolate_clear_w, interpolate_value
from power.plan.utility import Option

STEP_H = 0.5  # of the mean of the sun


@dataclass(frozen=True, slots=True)
class Part:
    """Hours of steady sun. `given_w`: what a source gives at the battery; negative: what is drawn
    beside the loads. `cold`: the battery is too cold to be charged.
    """

    hours: float
    sun_w: float
    given_w: float = 0.0
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """What lies ahead. `floor_pct`: the charge at which the guard stops the loads; `curve`: the
    value by charge (0 to 100 %) at the end.
    """

    parts: Sequence[Part]
    charge_pct: float
    floor_pct: float
    curve: Sequence[float]


def play(course: Course, options: Sequence[Option], battery: ChargeModel) -> float:
    """Utility of the course with the best option, and the value of the charge that it leads to."""
    return max(evaluate(course, option, battery) for option in options)


def evaluate(course: Course, option: Option, battery: ChargeModel) -> float:
    """The same with one option. What the battery cannot take is lost."""
    charge_pct, done = course.charge_pct, 0.0
    for part in course.parts:
        change_pct = compute_charge_change_pct(
            battery,
            sun_w=part.sun_w,
            draw_w=option.power_w - part.given_w,
            hours=part.hours,
            cold=part.cold,
        )
        running = 1.0
        if change_pct < 0:
            running = min(1.0, max(0.0, (charge_pct - course.floor_pct) / -change_pct))
        done += option.utility * part.hours * running
        charge_pct = min(100.0, max(0.0, charge_pct + change_pct))
    return done + interpolate_value(course.curve, charge_pct)


def average_clear_w(table: PolicyTable, begin: float, end: float) -> float:
    """Mean clear-sky power (W) between two hours of the table."""
    count = max(1, round((end - begin) / STEP_H))
    step = (end - begin) / count
    hours = [begin + step * (number + 0.5) for number in range(count)]
    return sum(interpolate_clear_w(table, hour) for hour in hours) / count
