"""Sections of the loads that are switched or limited: [switch.NAME], [jetson], [gpu].

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.sections.field import setting


class SwitchKind(Enum):
    """How a switched load is reached."""

    FILE = "file"
    COMMAND = "command"
    WAKE_ON_LAN = "wake-on-lan"


class RunsWhen(Enum):
    """What a switched load needs beside its level to be on."""

    LEVEL = "level"
    BATTERY_COLD = "battery-cold"
    FROST = "frost"
    DEW = "dew"
    SURPLUS = "surplus"
    EVENT = "event"
    ALARM = "alarm"


class EventSun(Enum):
    """When an event may switch a load on, by the sun."""

    ANY = "any"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """A load behind a relay or of its own: a modem, a camera's supply, a heater, a GPU host.

    The section is [switch.NAME], one for each. The first named is switched on first.
    """

    kind: SwitchKind = setting(SwitchKind.FILE, "How it is switched")
    runs_from: EnergyLevel = setting(EnergyLevel.ECO, "The lowest level at which it is on")
    runs_when: RunsWhen = setting(
        RunsWhen.LEVEL,
        "`level`: always at its level. `battery-cold`: a heater of the battery, where the plan "
        "says that the sun will charge it. `frost`: below below_c. `dew`: the same, while it is "
        "dark. `surplus`: while the battery is full and PV power is curtailed. `event`: for a time "
        "when a camera's event begins (a siren, a lamp). `alarm`: only when an alarm asks for "
        "it, by a [channel.NAME] of kind `switch`",
    )
    below_c: float = setting(
        3.0,
        "Temperature of the battery's probe below which `battery-cold`, `frost` and `dew` run, C",
        -40,
        40,
    )
    worth: float | None = setting(
        None,
        "`frost` and `dew`: utility of an hour with it, an hour at FULL has 1; it runs while that "
        "is more than its energy is worth to the plan. Without it, always",
        0,
        10,
    )
    least_on_s: float = setting(
        900.0, "With a `runs_when` other than `level`: seconds on at least", 0, 86_400
    )
    least_off_s: float = setting(900.0, "The same off", 0, 86_400)
    event_labels: tuple[str, ...] = setting(
        (), "`event`: labels that switch it on; empty: all that make events"
    )
    event_cameras: tuple[str, ...] = setting((), "`event`: cameras that do; empty: all")
    event_zones: tuple[str, ...] = setting((), "`event`: zones and lines that do; empty: all")
    event_sun: EventSun = setting(
        EventSun.ANY, "`event`, `alarm`: only while the sun is up, or down"
    )
    event_hours: str = setting(
        "", "`event`, `alarm`: only between two times of day of the site, such as 22:00-06:00"
    )
    event_on_s: float = setting(60.0, "`event`: seconds for which it is on", 1, 3600)
    idle_w: float = setting(
        0.0, "Its power when on and idle, W; counted against the budget", 0, 20_000
    )
    full_w: float = setting(
        0.0, "Its power when fully used, W; above 0 it is a GPU host", 0, 20_000
    )
    path: Path | None = setting(
        None, "FILE needs it: the file to write, such as /sys/class/leds/modem/brightness"
    )
    on: str = setting("1", "FILE: the text that switches on. COMMAND needs it: the command")
    off: str = setting("0", "FILE: the text that switches off. Otherwise: the command, if any")
    mac: str = setting("", "WAKE-ON-LAN needs it: the hardware address of the host")

    @property
    def is_host(self) -> bool:
        """Whether it is a host: a load that draws more when it works."""
        return self.full_w > 0


@dataclass(frozen=True, slots=True)
class JetsonSettings:
    """Power modes by name, as `nvpmodel -q` shows them; '' leaves the mode alone."""

    full_mode: str = setting("", "Mode at FULL, such as MODE_30W")
    eco_mode: str = setting("", "Mode below FULL, such as MODE_15W")


@dataclass(frozen=True, slots=True)
class GpuSettings:
    """Power limit of every NVIDIA card, set anew at each start; 0 leaves it alone."""

    full_limit_w: float = setting(0.0, "Limit at FULL, W", 0, 2000)
    eco_limit_w: float = setting(0.0, "Limit below FULL, W", 0, 2000)
