"""A simulated generator beside the panels: it warms up, may not start, and runs dry.

Reads: the file of its switch (`read_switch`). Writes: nothing.
Never: gives power that its tank does not hold.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.sections.loads import SwitchSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings

DEAD, STUCK = "generator-dead", "generator-stuck"
QUIRKS = {DEAD: "it never starts", STUCK: "once started, it never stops"}


@dataclass
class Generator:
    """Its own state; `advance` lets time pass with its switch on or off."""

    source: SourceSettings
    switch: SwitchSettings
    quirks: tuple[str, ...] = ()
    runs_s: float = 0.0
    fuel_wh: float = 0.0

    def __post_init__(self) -> None:
        full_kwh = self.source.full_tank_kwh
        self.fuel_wh = float("inf") if full_kwh is None else 1000 * full_kwh

    @property
    def power_w(self) -> float:
        """What its charger gives now, where the battery takes it."""
        gives = self.runs_s > self.source.warm_up_s and self.fuel_wh > 0
        return self.source.power_w if gives else 0.0

    def advance(self, seconds: float, *, on: bool) -> None:
        """Let time pass."""
        is_on = (on or (STUCK in self.quirks and self.runs_s > 0)) and DEAD not in self.quirks
        if not is_on:
            self.runs_s = 0.0
            return
        self.fuel_wh = max(0.0, self.fuel_wh - self.power_w * seconds / 3600)
        self.runs_s += seconds

    def read_switch(self) -> bool:
        """What its relay is switched to."""
        path: Path | None = self.switch.path
        try:
            return path is not None and path.read_text().strip() == self.switch.on.strip()
        except OSError:
            return False


def find_generator(settings: Settings, quirks: tuple[str, ...] = ()) -> Generator | None:
    """The first source of the settings that a switch starts; None without one."""
    for source in settings.source.values():
        if source.switch:
            return Generator(source, settings.switch[source.switch], quirks)
    return None
