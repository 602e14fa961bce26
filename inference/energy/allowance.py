"""The energy allowance of each camera: a token bucket of joules that pays for its inference runs.

Inputs: the plan's power, the time, what each run really cost. Output: allowances, and which camera
waits for how much. Pure.
Never: lets a run begin that its allowance does not cover, and never spends one camera's savings on
another camera: only what a full bucket cannot hold goes to the others.

A run may cost more than was estimated when it began. What the allowance did not hold becomes a
debt, and the next income pays the debt first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.wording.sentence import say

HOLDS_S = 60.0  # of its income
FULL_RATE_S = 10.0  # of inference at the full rate, where that is more
LEAST_J = 1e-9  # less than this is nothing: sums of fractions are not exact


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one camera has saved; at least one of the two is always 0."""

    held_j: float = 0.0
    owed_j: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Why a camera gets no inference run now; after `wait_s` its own income has filled the gap."""

    held_j: float
    cost_j: float
    wait_s: float

    def format(self, camera: str) -> str:
        return say(
            "{camera} waits for energy: {held_j:.2g} J of {cost_j:.2g} J needed",
            camera=camera,
            held_j=self.held_j,
            cost_j=self.cost_j,
        )


def compute_cap_j(*, income_w: float, frames_per_s: float, cost_j: float) -> float:
    """The most that an allowance holds: a minute's income, or 10 s of runs at the full rate."""
    return max(HOLDS_S * income_w, FULL_RATE_S * frames_per_s * cost_j, cost_j)


def share_income(
    allowances: Mapping[str, Allowance], income_j: float, caps_j: Mapping[str, float]
) -> dict[str, Allowance]:
    """The allowances after `income_j` for all of them together, in equal shares.

    What one cannot hold is shared by those that can. What none can hold stays in the battery.
    """
    room_j = {
        name: compute_room_j(allowance, caps_j[name]) for name, allowance in allowances.items()
    }
    after = {}
    for nth, name in enumerate(sorted(allowances, key=lambda name: room_j[name])):
        share_j = min(room_j[name], income_j / (len(allowances) - nth))
        income_j -= share_j
        after[name] = add_income(allowances[name], income_j=share_j, most_j=caps_j[name])
    return {name: after[name] for name in allowances}


def compute_room_j(allowance: Allowance, most_j: float) -> float:
    """What an allowance can still take, debts included."""
    return max(0.0, most_j - allowance.held_j) + allowance.owed_j


def add_income(allowance: Allowance, *, income_j: float, most_j: float) -> Allowance:
    """The allowance after an income, debts first. What is above `most_j` (the plan became smaller)
    is lost.
    """
    paid_j = min(income_j, allowance.owed_j)
    held_j = min(most_j, allowance.held_j + income_j - paid_j)
    return Allowance(held_j, allowance.owed_j - paid_j)


def subtract_cost(allowance: Allowance, cost_j: float) -> Allowance:
    """The allowance after a run; what it does not hold becomes a debt."""
    rest_j = allowance.held_j - cost_j
    return Allowance(max(0.0, rest_j), allowance.owed_j + max(0.0, -rest_j))


def find_shortage(allowance: Allowance, *, cost_j: float, income_w: float) -> Shortage | None:
    """Why a run for `cost_j` must wait, or None where the allowance covers it."""
    missing_j = cost_j - allowance.held_j + allowance.owed_j
    if missing_j <= LEAST_J:
        return None
    wait_s = missing_j / income_w if income_w > 0 else HOLDS_S
    return Shortage(held_j=allowance.held_j, cost_j=cost_j, wait_s=wait_s)


class Allowances:
    """The allowances of all cameras under the plan of the moment. Times are picture time.

    allowances = Allowances(("gate", "yard"), now_s)
    allowances.fill(plan.inference_w, plan.frames_per_s, {"gate": 0.5, "yard": 0.5}, now_s)
    if allowances.find_shortage("gate", 0.5) is None:
        allowances.spend("gate", 0.5)
    """

    def __init__(self, cameras: tuple[str, ...], now_s: float) -> None:
        self._allowances = {name: Allowance() for name in cameras}
        self._income_w = 0.0
        self._filled_s = now_s
        self._has_begun = False

    def __getitem__(self, camera: str) -> Allowance:
        return self._allowances[camera]

    def fill(
        self, *, inference_w: float, frames_per_s: float, costs_j: Mapping[str, float], now_s: float
    ) -> None:
        """Take the income since the last call, at `inference_w` for all cameras together.

        The first income after a rest is one run for each camera, so that all see at once.
        """
        if not self._allowances:
            return
        self._income_w = inference_w / len(self._allowances)
        caps_j = {
            name: compute_cap_j(income_w=self._income_w, frames_per_s=frames_per_s, cost_j=cost_j)
            for name, cost_j in costs_j.items()
        }
        if not self._has_begun:
            self._has_begun = True
            self._filled_s = now_s
            for name, cost_j in costs_j.items():
                self._allowances[name] = add_income(
                    self._allowances[name], income_j=cost_j, most_j=cost_j
                )
        income_j = inference_w * max(0.0, now_s - self._filled_s)
        self._filled_s = now_s
        self._allowances = share_income(self._allowances, income_j, caps_j)

    def discard_unused(self, now_s: float) -> None:
        """No inference is planned: unused energy stays in the battery. Debts stay."""
        self._filled_s = now_s
        self._has_begun = False
        self._allowances = {
            name: replace(one, held_j=0.0) for name, one in self._allowances.items()
        }

    def spend(self, camera: str, cost_j: float) -> None:
        self._allowances[camera] = subtract_cost(self._allowances[camera], cost_j)

    def find_shortage(self, camera: str, cost_j: float) -> Shortage | None:
        """Why `camera` gets no run now, or None."""
        return find_shortage(self._allowances[camera], cost_j=cost_j, income_w=self._income_w)
