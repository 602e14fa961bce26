"""The section of what the computer itself draws: [computer].

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass

from appliance.sections.field import setting


@dataclass(frozen=True, slots=True)
class ComputerSettings:
    idle_w: float = setting(
        5.0, "Power of the computer without cameras and inference, W", 0.1, 5000
    )
    core_w: float = setting(
        3.0,
        "Power of one busy processor core, W; used for CPU energy where there is no meter",
        0.01,
        500,
    )
