"""The section of the touchscreen: [kiosk].

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass

from appliance.sections.field import setting


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """The page on a screen of the unit itself (docs/page.md); [switch.screen] goes by energy."""

    enabled: bool = setting(
        False, "Show the page full screen where a display is connected (cage and a browser)"
    )
    home: str = setting("/", "Which view it begins with, and comes back to, such as /energy")
    blank_after_s: float = setting(
        300.0, "Seconds without a touch until the screen is black; 0: never", 0, 86_400
    )
