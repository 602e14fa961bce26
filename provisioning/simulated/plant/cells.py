"""What a BMS measures of the simulated battery: cells that differ a little, and its own switches.

Reads: the plant. Writes: nothing.
Never: gives cells whose sum is not the pack's voltage.
"""

from dataclasses import dataclass

from provisioning.simulated.plant.plant import Plant

# How far a cell is from the mean, in V; the pattern repeats every four cells and sums to 0.
SPREAD_V = (-0.004, 0.001, 0.005, -0.002)


@dataclass(frozen=True, slots=True)
class PackView:
    """One of the battery's parallel packs; `share` is its part of current and capacity."""

    cells_v: tuple[float, ...]
    voltage_v: float
    current_a: float
    state_of_charge_pct: float
    full_ah: float
    temperature_c: float
    charge_on: bool
    discharge_on: bool

    @property
    def remaining_ah(self) -> float:
        return self.full_ah * self.state_of_charge_pct / 100


def make_pack_view(plant: Plant, share: float = 1.0) -> PackView:
    """The present measurements of the BMS of one pack."""
    count = plant.pack.cells
    mean_v = plant.battery_voltage_v / count
    whole = count - count % len(SPREAD_V)  # a rest of cells stands at the mean
    cells_v = [
        mean_v + (SPREAD_V[number % len(SPREAD_V)] if number < whole and mean_v > 1 else 0.0)
        for number in range(count)
    ]
    return PackView(
        cells_v=tuple(cells_v),
        voltage_v=plant.battery_voltage_v,
        current_a=plant.battery_current_a * share,
        state_of_charge_pct=plant.state_of_charge_pct,
        full_ah=plant.pack.capacity_ah * share,
        temperature_c=plant.battery_temperature_c,
        charge_on=not plant.charge_blocked and not plant.disconnected,
        discharge_on=not plant.disconnected,
    )
