"""What a person tries on the view of energy, and the words of `unitctl energy what-if` for it.

Reads: the settings. Writes: nothing; pure.
Never: passes on what is no number within its range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from statistics import mean
from typing import Any

from werkzeug.exceptions import BadRequest

from appliance.parsing.values import parse_number
from appliance.sections.cameras import CameraSettings
from appliance.settings import BatterySettings, PanelsSettings, Settings
from appliance.strict_json import InputError, show
from appliance.web.questions import LANGUAGE
from appliance.wording.sentence import say

MOST_CAMERAS = 16
MOST_LOAD_W = 200.0
DULL_SUN_PCT = 15.0
LEAST_DRAW_W = 1.0  # of a level: that of its setting


@dataclass(frozen=True, slots=True)
class Slider:
    """One figure that can be changed, with its range; `now`: what the unit has."""

    name: str
    low: float
    high: float
    step: float
    now: float


def list_sliders(settings: Settings) -> tuple[Slider, ...]:
    """The figures in the order of the page; ranges: from a quarter to four times of today's."""
    panels_w, battery_wh = settings.panels.peak_w, settings.battery.capacity_wh
    panels = find_range(panels_w, 10, PanelsSettings, "peak_w")
    battery = find_range(battery_wh, 20, BatterySettings, "capacity_wh")
    return (
        Slider("pv_w", *panels, panels_w),
        Slider("battery_wh", *battery, battery_wh),
        Slider("cameras", 0, max(MOST_CAMERAS, len(settings.camera)), 1, len(settings.camera)),
        Slider("load_w", 0, MOST_LOAD_W, 1, 0),
        Slider("dull_sun_pct", 0, 60, 1, DULL_SUN_PCT),
    )


def find_range(now: float, step: float, section: type, key: str) -> tuple[float, float, float]:
    """Lowest, highest and step of a slider around what there is now, as far as the setting goes."""
    limits = next(one.metadata for one in fields(section) if one.name == key)
    step = step if now >= 10 * step else 1
    low, high = now // 4 // step * step, -(-now * 4 // step) * step
    return max(limits["low"], step, low), min(limits["high"], high), step


def parse_wish(values: Mapping[str, str], settings: Settings) -> dict[str, float]:
    """Each figure; what is not given is as it is now. Raises `BadRequest`."""
    sliders = {one.name: one for one in list_sliders(settings)}
    unknown = sorted(set(values) - {*sliders, LANGUAGE})
    if unknown:
        known = ", ".join(sliders)
        raise BadRequest(
            say(
                "there is no argument {unknown}; there are {known}",
                unknown=show(unknown[0]),
                known=known,
            )
        )
    return {name: parse_figure(values.get(name), one) for name, one in sliders.items()}


def parse_figure(text: str | None, slider: Slider) -> float:
    """One figure within the range of its slider."""
    if not text:
        return slider.now
    try:
        return parse_number(text, slider.low, slider.high)
    except InputError as error:
        raise BadRequest(say("{slider}: {error}", slider=slider.name, error=error)) from None


def make_words(wish: Mapping[str, float], settings: Settings) -> tuple[str, ...]:
    """The command. More cameras and loads raise what each level draws; raises `BadRequest` where a
    level would not draw more than the one below.
    """
    energy, watch_w, listen_w = settings.energy, *find_camera_power(settings)
    cameras = wish["cameras"] - len(settings.camera)
    load_w = wish["load_w"]
    figures = {
        "pv-w": wish["pv_w"],
        "battery-wh": wish["battery_wh"],
        "full-w": energy.full_power_w + load_w + cameras * watch_w,
        "eco-w": energy.eco_power_w + load_w + cameras * watch_w,
        "sentinel-w": energy.sentinel_power_w + load_w + cameras * listen_w,
        "hibernate-w": energy.hibernate_power_w + load_w,
        "dull-sun-pct": wish["dull_sun_pct"],
    }
    draws = figures["hibernate-w"], figures["sentinel-w"], figures["full-w"]
    if not draws[0] < draws[1] < draws[2] or min(draws[1], figures["eco-w"]) < LEAST_DRAW_W:
        raise BadRequest(
            "so few cameras do not fit the unit's levels: HIBERNATE would draw {:.1f} W, SENTINEL "
            "{:.1f} W, FULL {:.1f} W, and each must draw more than the one before".format(*draws)
        )
    options = [word for name, value in figures.items() for word in (f"--{name}", f"{value:.6g}")]
    return ("energy", "what-if", *options)


def find_camera_power(settings: Settings) -> tuple[float, float]:
    """What one camera draws when it is watched and when it is listened to, W: the mean of those in
    the settings, else the usual one.
    """
    cameras = list(settings.camera.values()) or [CameraSettings(source="")]
    return mean(one.watch_power_w for one in cameras), mean(one.listen_power_w for one in cameras)


def describe_sliders(settings: Settings) -> dict[str, Any]:
    """What the template of the view needs."""
    watch_w, listen_w = find_camera_power(settings)
    return {
        "sliders": {one.name: one for one in list_sliders(settings)},
        "watch_w": watch_w,
        "listen_w": listen_w,
    }
