"""All units of the demonstration, hour by hour.

    sites = Sites(units, clock, go_on)
    sites.run_until(lambda: ..., most=timedelta(days=10))

Reads and writes: through the units.
Never: lets a unit check in more often than its energy level allows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.simulated_unit import SimulatedUnit
from provisioning.fleet_demo.surroundings import Site

GROUPS = ("valley", "hills", "coast")
# Around Romania: latitude and longitude of each group's middle, and how far its units spread.
MIDDLES = {"valley": (46.6, 24.5, 0.9), "hills": (45.5, 25.2, 0.7), "coast": (44.3, 28.2, 0.5)}
STEP = timedelta(minutes=30)


def make_sites(count: int, seed: int = 1) -> list[Site]:
    """Sites in three groups, always the same ones."""
    random = Random(seed)
    found = []
    for number in range(count):
        group = GROUPS[number % len(GROUPS)]
        latitude, longitude, spread = MIDDLES[group]
        found.append(
            Site(
                name=f"{group}-{number + 1}",
                group=group,
                latitude_deg=round(random.gauss(latitude, spread / 2), 2),
                longitude_deg=round(random.gauss(longitude, spread), 2),
                sunny=random.uniform(0.45, 1.0),
                sleeps=random.random() < 0.4,
            )
        )
    return found


@dataclass(slots=True)
class Sites:
    """`go_on` is called after each step, with what the rollouts' worker does."""

    units: Sequence[SimulatedUnit]
    clock: DemoClock
    go_on: Callable[[], None]

    def run_until(self, is_done: Callable[[], bool], most: timedelta) -> bool:
        """Whether it came true within `most` of the demonstration's time."""
        ends = self.clock.now + most
        while not is_done():
            if self.clock.now >= ends:
                return False
            self.clock.advance(STEP)
            for unit in self.units:
                if unit.next_at <= self.clock.now:
                    unit.check_in(self.clock)
            self.go_on()
        return True
