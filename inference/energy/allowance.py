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
class Purse:
    """What one camera has saved; it never holds and owes at once."""

    held_j: float = 0.0
    owed_j: float = 0.0


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a camera is not looked at now; `wait_s` until its own income has made that good."""

    held_j: float
    price_j: float
    wait_s: float

    def sentence(self, camera: str) -> str:
        return f"{camera} waits for energy: {self.held_j:.2g} of {self.price_j:.2g} J"


def cap_j(income_w: float, frames_per_s: float, price_j: float) -> float:
    """The most that a purse holds: a minute's income, or what one burst costs."""
    return max(HOLDS_S * income_w, BURST_S * frames_per_s * price_j, price_j)


def filled(
    purses: Mapping[str, Purse], income_j: float, caps_j: Mapping[str, float]
) -> dict[str, Purse]:
    """The purses after `income_j` for all of them together, in equal shares.

    What a purse cannot hold is shared by those that can. What none can hold stays in the battery.
    """
    rooms_j = {name: room_j(purse, caps_j[name]) for name, purse in purses.items()}
    after = {}
    for nth, name in enumerate(sorted(purses, key=lambda name: rooms_j[name])):
        share_j = min(rooms_j[name], income_j / (len(purses) - nth))
        income_j -= share_j
        after[name] = earned(purses[name], share_j, caps_j[name])
    return {name: after[name] for name in purses}


def room_j(purse: Purse, most_j: float) -> float:
    """What a purse can still take, debts included."""
    return max(0.0, most_j - purse.held_j) + purse.owed_j


def earned(purse: Purse, income_j: float, most_j: float) -> Purse:
    """Debts first; a purse that holds more than it may (the plan is a smaller one now) loses it."""
    paid_j = min(income_j, purse.owed_j)
    held_j = min(most_j, purse.held_j + income_j - paid_j)
    return Purse(held_j, purse.owed_j - paid_j)


def spent(purse: Purse, cost_j: float) -> Purse:
    """The purse after a look; what it does not hold is owed."""
    rest_j = purse.held_j - cost_j
    return Purse(max(0.0, rest_j), purse.owed_j + max(0.0, -rest_j))


def shortage(purse: Purse, price_j: float, income_w: float) -> Shortage | None:
    """Why a look for `price_j` must wait, or None where the purse holds it."""
    missing_j = price_j - purse.held_j + purse.owed_j
    if missing_j <= LEAST_J:
        return None
    wait_s = missing_j / income_w if income_w > 0 else HOLDS_S
    return Shortage(purse.held_j, price_j, wait_s)


class Purses:
    """The purses of all cameras under the plan of the day. Times are picture time."""

    def __init__(self, cameras: tuple[str, ...], now_s: float) -> None:
        self._purses = {name: Purse() for name in cameras}
        self._income_w = 0.0
        self._filled_s = now_s
        self._began = False

    def __getitem__(self, camera: str) -> Purse:
        return self._purses[camera]

    def fill(
        self, looking_w: float, frames_per_s: float, prices_j: Mapping[str, float], now_s: float
    ) -> None:
        """Take the income since the last call, at `looking_w` for all cameras together.

        The first income after a rest is one look for each: who comes back should see at once.
        """
        if not self._purses:
            return
        self._income_w = looking_w / len(self._purses)
        caps_j = {
            name: cap_j(self._income_w, frames_per_s, price_j) for name, price_j in prices_j.items()
        }
        if not self._began:
            self._began = True
            self._filled_s = now_s
            for name, price_j in prices_j.items():
                self._purses[name] = earned(self._purses[name], price_j, price_j)
        income_j = looking_w * max(0.0, now_s - self._filled_s)
        self._filled_s = now_s
        self._purses = filled(self._purses, income_j, caps_j)

    def empty(self, now_s: float) -> None:
        """The plan is to rest: what was not used stays in the battery. Debts stay too."""
        self._filled_s = now_s
        self._began = False
        self._purses = {name: replace(one, held_j=0.0) for name, one in self._purses.items()}

    def spend(self, camera: str, cost_j: float) -> None:
        self._purses[camera] = spent(self._purses[camera], cost_j)

    def shortage(self, camera: str, price_j: float) -> Shortage | None:
        """Why `camera` is not looked at now, or None."""
        return shortage(self._purses[camera], price_j, self._income_w)
