"""The charge physics of power/battery/charge_physics.py on arrays.

Reads and writes: nothing; pure. Imports numpy.
Never: gives another result than its twin: a property test holds the two equal
(tests/power/plan/test_charge_array.py).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from power.battery.charge_physics import (
    CONTROLLER_EFFICIENCY,
    DISCHARGE_EFFICIENCY,
    ChargeModel,
)


def compute_charge_changes_pct(
    battery: ChargeModel, *, sun_w: ArrayLike, draw_w: ArrayLike, hours: float, cold: ArrayLike
) -> NDArray[np.float64]:
    """Change of charge (% of the capacity); the shapes of `sun_w`, `draw_w` and `cold` are
    broadcast.
    """
    net_w: NDArray[Any] = np.asarray(sun_w) * CONTROLLER_EFFICIENCY - np.asarray(draw_w)
    drawn_w = np.minimum(net_w, 0.0) / DISCHARGE_EFFICIENCY
    taken_w = np.clip(net_w, 0.0, battery.max_charge_w) * battery.charge_efficiency
    stored_w = drawn_w + taken_w * ~np.asarray(cold, bool)
    return np.asarray(stored_w * (hours / battery.capacity_wh * 100))
