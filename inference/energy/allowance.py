"""Each camera's purse: the joules that it has to be looked at with.

Inputs: the watts of the plan, the time, what each look really cost. Output: purses, and who waits
for what. Pure.
Never: lets a look begin that its purse does not hold, and never lets one camera eat what another
one has saved: only what a full purse cannot hold goes to the others.

A look may cost more than was thought when it began. What the purse did not hold is owed, and the
next income pays that first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

HOLDS_S = 60.0  # of its income
BURST_S = 10.0  # of looking at the full rate, where that is more
LEAST_J = 1e-9  # less than this is nothing: sums of fractions are not exact


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one camera has saved; it never holds and owes at once."""

    held_j: float = 0.0
    owed_j: float = 0.0


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a camera is not looked at now; `wait_s` until its own income has made that good."""

    held_j: float
    cost_j: float
    wait_s: float

    def format(self, camera: str) -> str:
        return f"{camera} waits for energy: {self.held_j:.2g} of {self.cost_j:.2g} J"


def compute_cap_j(income_w: float, frames_per_s: float, cost_j: float) -> float:
    """The most that a purse holds: a minute's income, or what one burst costs."""
    return max(HOLDS_S * income_w, BURST_S * frames_per_s * cost_j, cost_j)


def share_income(
    allowances: Mapping[str, Allowance], income_j: float, caps_j: Mapping[str, float]
) -> dict[str, Allowance]:
    """The purses after `income_j` for all of them together, in equal shares.

    What a purse cannot hold is shared by those that can. What none can hold stays in the battery.
    """
    rooms_j = {name: compute_room_j(purse, caps_j[name]) for name, purse in allowances.items()}
    after = {}
    for nth, name in enumerate(sorted(allowances, key=lambda name: rooms_j[name])):
        share_j = min(rooms_j[name], income_j / (len(allowances) - nth))
        income_j -= share_j
        after[name] = add_income(allowances[name], share_j, caps_j[name])
    return {name: after[name] for name in allowances}


def compute_room_j(allowance: Allowance, most_j: float) -> float:
    """What a purse can still take, debts included."""
    return max(0.0, most_j - allowance.held_j) + allowance.owed_j


def add_income(allowance: Allowance, income_j: float, most_j: float) -> Allowance:
    """Debts first; a purse that holds more than it may (the plan is a smaller one now) loses it."""
    paid_j = min(income_j, allowance.owed_j)
    held_j = min(most_j, allowance.held_j + income_j - paid_j)
    return Allowance(held_j, allowance.owed_j - paid_j)


def subtract_cost(allowance: Allowance, cost_j: float) -> Allowance:
    """The purse after a look; what it does not hold is owed."""
    rest_j = allowance.held_j - cost_j
    return Allowance(max(0.0, rest_j), allowance.owed_j + max(0.0, -rest_j))


def find_shortage(allowance: Allowance, cost_j: float, income_w: float) -> Shortage | None:
    """Why a look for `price_j` must wait, or None where the purse holds it."""
    missing_j = cost_j - allowance.held_j + allowance.owed_j
    if missing_j <= LEAST_J:
        return None
    wait_s = missing_j / income_w if income_w > 0 else HOLDS_S
    return Shortage(allowance.held_j, cost_j, wait_s)


class Allowances:
    """The purses of all cameras under the plan of the day. Times are picture time."""

    def __init__(self, cameras: tuple[str, ...], now_s: float) -> None:
        self._allowances = {name: Allowance() for name in cameras}
        self._income_w = 0.0
        self._filled_s = now_s
        self._began = False

    def __getitem__(self, camera: str) -> Allowance:
        return self._allowances[camera]

    def fill(
        self, inference_w: float, frames_per_s: float, costs_j: Mapping[str, float], now_s: float
    ) -> None:
        """Take the income since the last call, at `looking_w` for all cameras together.

        The first income after a rest is one look for each: who comes back should see at once.
        """
        if not self._allowances:
            return
        self._income_w = inference_w / len(self._allowances)
        caps_j = {
            name: compute_cap_j(self._income_w, frames_per_s, price_j)
            for name, price_j in costs_j.items()
        }
        if not self._began:
            self._began = True
            self._filled_s = now_s
            for name, price_j in costs_j.items():
                self._allowances[name] = add_income(self._allowances[name], price_j, price_j)
        income_j = inference_w * max(0.0, now_s - self._filled_s)
        self._filled_s = now_s
        self._allowances = share_income(self._allowances, income_j, caps_j)

    def empty(self, now_s: float) -> None:
        """The plan is to rest: what was not used stays in the battery. Debts stay too."""
        self._filled_s = now_s
        self._began = False
        self._allowances = {
            name: replace(one, held_j=0.0) for name, one in self._allowances.items()
        }

    def spend(self, camera: str, cost_j: float) -> None:
        self._allowances[camera] = subtract_cost(self._allowances[camera], cost_j)

    def find_shortage(self, camera: str, cost_j: float) -> Shortage | None:
        """Why `camera` is not looked at now, or None."""
        return find_shortage(self._allowances[camera], cost_j, self._income_w)
