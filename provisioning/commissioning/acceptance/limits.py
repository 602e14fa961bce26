"""The thresholds of the acceptance test, each with its reason; docs/acceptance-report.md has them.

Reads and writes: nothing.
Never: a threshold that stands elsewhere in the test.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold: `value` in `unit`, and why it is that."""

    value: float
    unit: str
    why: str


SUN_HIGH = Limit(5.0, "deg", "below it a hill, a tree or a dirty panel may hide the sun")
SUN_UP = Limit(-0.833, "deg", "the upper edge of the sun at the horizon, lifted by the air")
PV_LEAST = Limit(2.0, "W", "more than a controller's own noise at night")
PV_VOLTAGE_SHARE = Limit(0.8, "of U_n", "panels in light reach this also where no power is taken")
READING_AGE = Limit(60.0, "s", "three times the usual time between two rows of a poll")
SIGMA = Limit(25.0, "%", "a uniform chance from 0 to 100 % has 29 %: more is no knowledge")
SAMPLES = Limit(5, "readings", "a median of five stands two that are wrong")
SETTLE = Limit(4.0, "s", "a relay, its load and two polls of a controller")
PHASE = Limit(25.0, "s", "a load that should be off and is not becomes a fault after 30 s")
NOISE_SIGMAS = Limit(3.0, "sigma", "chance alone makes such a difference once in 370 times")
LEAST_STEP = Limit(0.05, "A", "the resolution of usual controllers is 0.01 A")
LEAST_DROP = Limit(0.01, "V", "the resolution of usual controllers")
RESISTANCE_SHARE = Limit(4.0, "times", "cells that are old or cold reach 3 times the usual one")
STILL_AGE = Limit(10.0, "s", "the newest picture of a camera that runs is younger")
CAMERA_START = Limit(45.0, "s", "a camera's process that was just started listens by then")
DISK_WEAR = Limit(80.0, "%", "of the writes that the maker promises; less than a year is left")
CHECK_IN_AGE = Limit(7200.0, "s", "the unit asks once an hour")
ALARM_AGE = Limit(86_400.0, "s", "a test of another day says nothing of these recipients")
LEVEL_BACK = Limit(900.0, "s", "the boot check and the dwell time of the ladder are over")

LIMITS = {name: one for name, one in globals().items() if isinstance(one, Limit)}
