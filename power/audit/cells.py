"""The number of cells in the settings against what the BMSs measure.

Reads and writes: nothing; pure, but for the times since when a pack has had another number.
Never: takes one odd reading for another battery.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.chemistry import count_cells
from appliance.errors import ApplianceError
from appliance.model import BatteryReading
from appliance.settings import BatterySettings
from appliance.wording.sentence import join_sentences, say

HOLDS_S = 60.0
NEAR_WHOLE = 0.15  # of a cell: how near a pack's voltage over a cell's must be to a whole number
ALIKE_V = 0.1  # between its lowest and highest cell: their mean is then that of all


class CellCountFault(ApplianceError):  # noqa: N818  (named for what it is)
    """The settings name another number of cells than a BMS measures."""

    code = "battery-cells"


@dataclass
class CellCountCheck:
    """Each pack's number of cells, and since when it has been another one than in the settings."""

    battery: BatterySettings
    _since_s: dict[str, float] = field(default_factory=dict)

    def follow(self, packs: Iterable[BatteryReading]) -> list[CellCountFault]:
        """A fault where a pack has another number for a minute. One that is silent says nothing."""
        found = {one.device: (one, count_measured_cells(one)) for one in packs}
        other = {
            name: (one.stamp.uptime_s, cells)
            for name, (one, cells) in found.items()
            if cells is not None and cells != count_cells(self.battery)
        }
        self._since_s = {name: self._since_s.get(name, at_s) for name, (at_s, _) in other.items()}
        lasting = {
            name: cells
            for name, (at_s, cells) in other.items()
            if at_s - self._since_s[name] >= HOLDS_S
        }
        return [CellCountFault(describe(lasting, self.battery))] if lasting else []


def count_measured_cells(pack: BatteryReading) -> int | None:
    """The cells that it reports; else its voltage over that of a cell, where that is a whole
    number. None: it does not say.
    """
    if pack.cell_voltages_v:
        return len(pack.cell_voltages_v)
    low_v, high_v = pack.lowest_cell_voltage_v, pack.highest_cell_voltage_v
    if pack.voltage_v is None or not low_v or not high_v or high_v - low_v > ALIKE_V:
        return None
    cells = pack.voltage_v / ((low_v + high_v) / 2)
    return round(cells) if round(cells) > 0 and abs(cells - round(cells)) <= NEAR_WHOLE else None


def describe(packs: dict[str, int], battery: BatterySettings) -> str:
    """What happened, and what to do."""
    parts = [
        say("bms {name} measures {cells}", name=name, cells=cells) for name, cells in packs.items()
    ]
    measured = join_sentences(", ", parts)
    return say(
        "the settings have {cells} cells in series, {measured}: each voltage of a cell, and "
        "so charge and guard, are wrong. Set `cells` under [battery] to what the BMS and "
        "the data sheet say",
        cells=count_cells(battery),
        measured=measured,
    )
