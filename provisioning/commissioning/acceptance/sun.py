"""Check: do the panels give what the sun makes possible now?

Reads: the newest PowerReading, the place, the clock. Writes: nothing.
Never: says by night, or with a clock that nobody confirmed, that panels fail.
"""

import math

from appliance.model import PowerReading
from appliance.wording.sentence import say
from power.plan.sun_position import compute_sun_position
from provisioning.commissioning.acceptance.limits import (
    PV_LEAST,
    PV_VOLTAGE_SHARE,
    READING_AGE,
    SUN_HIGH,
    SUN_UP,
)
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict

TITLE = say("The panels see the sun")
PRESSURE_PA = 101_325.0


def check_sun(scene: Scene) -> Finding:
    """Power or voltage of the panels against the height of the sun."""
    altitude_deg = find_altitude_deg(scene)
    reading = scene.find(PowerReading, READING_AGE.value)
    figures = list_figures(scene, reading, altitude_deg)
    verdict, reason = judge(scene, reading, altitude_deg)
    return Finding("sun", TITLE, verdict, reason, figures)


def judge(scene: Scene, reading: PowerReading | None, altitude_deg: float) -> tuple[Verdict, str]:
    """What follows from both."""
    if reading is None:
        text = say("no charge controller answers: check its cable and power, then test again")
        return Verdict.FAILED, text
    if reading.pv_power_w is None and reading.pv_voltage_v is None:
        return Verdict.NOT_POSSIBLE, say("no device measures the panels")
    if has_light(scene, reading):
        return Verdict.PASSED, say("the panels are in light")
    return judge_dark(scene, altitude_deg)


def judge_dark(scene: Scene, altitude_deg: float) -> tuple[Verdict, str]:
    """What it means that the panels give nothing."""
    if not scene.unit.clock.is_synchronized():
        return Verdict.NOT_POSSIBLE, say(
            "the panels give nothing, and no time server has confirmed the clock, so the height of "
            "the sun is not known: test again by day"
        )
    if altitude_deg < SUN_UP.value:
        return Verdict.NOT_POSSIBLE, say("the sun is down: test again by day")
    if altitude_deg < SUN_HIGH.value:
        return Verdict.NOT_POSSIBLE, say("the sun is too low to tell: test again later")
    return Verdict.FAILED, say(
        "the sun is {degrees:.0f} degrees high and the panels give nothing: check their "
        "disconnector, fuse and plugs, then test again",
        degrees=altitude_deg,
    )


def has_light(scene: Scene, reading: PowerReading) -> bool:
    """Whether power flows, or would."""
    least_v = PV_VOLTAGE_SHARE.value * scene.settings.battery.nominal_voltage_v
    return (reading.pv_power_w or 0.0) >= PV_LEAST.value or (reading.pv_voltage_v or 0.0) >= least_v


def find_altitude_deg(scene: Scene) -> float:
    """Height of the sun above the horizon at the site now."""
    now = scene.unit.clock.stamp().utc
    elevation, _ = compute_sun_position([now], scene.settings.site, PRESSURE_PA)
    return math.degrees(float(elevation[0]))


def list_figures(
    scene: Scene, reading: PowerReading | None, altitude_deg: float
) -> tuple[Figure, ...]:
    """With their age."""
    height = Figure(say("Height of the sun"), round(altitude_deg, 1), "deg")
    if reading is None:
        return (height,)
    age_s = scene.age_s(reading)
    return (
        height,
        Figure(say("Power of the panels"), reading.pv_power_w, "W", age_s),
        Figure(say("Voltage of the panels"), reading.pv_voltage_v, "V", age_s),
    )
