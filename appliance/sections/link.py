"""The section [link]: the mobile link, what it may cost and when it is on.

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.model import EnergyLevel
from appliance.sections.field import setting


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """A modem that ModemManager and NetworkManager run (docs/link.md); nothing depends on it."""

    enabled: bool = setting(
        False, "Whether the unit has a modem: it is read, counted, watched and switched"
    )
    interface: str = setting(
        "", "Its network interface, such as wwan0; '': as ModemManager or NetworkManager names it"
    )
    apn: str = setting("", "Access point name of the SIM's operator, for `unitctl link connect`")
    pin_file: Path | None = setting(
        None,
        "File with the SIM's PIN in one line, tried once for each change of the file; without it, "
        "none",
    )
    budget_mb_per_month: float = setting(
        0.0,
        "Megabytes a month, both ways together; at 80 % a fault says so, at 100 % updates and "
        "pictures wait; 0: no budget",
        0,
        10_000_000,
    )
    reset_day: int = setting(1, "Day of the month on which the budget begins anew (UTC)", 1, 28)
    on_from: EnergyLevel = setting(
        EnergyLevel.ECO, "Level from which the link is always on; below it, by windows"
    )
    windows_from: EnergyLevel = setting(
        EnergyLevel.SENTINEL,
        "Level from which it is on in windows, and while an alarm waits to be sent; below it, off",
    )
    window_min: float = setting(
        15.0,
        "Length of a window, minutes; the first begins at 00:17 UTC, before a check-in",
        1,
        1440,
    )
    window_every_min: float = setting(
        60.0, "From the beginning of a window to that of the next, minutes", 5, 10_080
    )
    switch: str = setting(
        "",
        "The [switch.NAME] that feeds the modem: it goes off with the link, and is the last means "
        "of the watchdog; '': the radio alone is switched off",
    )
    watchdog: bool = setting(
        True, "Connect anew, reset the modem or its supply where no server is reached"
    )
    silent_min: float = setting(
        30.0, "Minutes without any answer after which the watchdog acts", 5, 1440
    )
    most_resets_per_day: int = setting(
        6, "Acts of the watchdog in 24 hours, all kinds together", 0, 48
    )
