"""The charge physics on arrays is the physics on numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings import BatterySettings, Chemistry
from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.plan.charge_array import compute_charge_changes_pct

SUNS = st.lists(st.floats(0, 100_000), min_size=1, max_size=4)
DRAWS = st.lists(st.floats(0, 20_000), min_size=1, max_size=4)


@given(
    suns_w=SUNS,
    draws_w=DRAWS,
    hours=st.floats(0.01, 24),
    capacity_wh=st.floats(10, 1_000_000),
    chemistry=st.sampled_from(Chemistry),
)
def test_arrays_and_numbers_give_the_same(
    suns_w: list[float],
    draws_w: list[float],
    hours: float,
    capacity_wh: float,
    chemistry: Chemistry,
) -> None:
    """Shapes are broadcast: sun, cold, draw."""
    battery = ChargeModel.from_settings(
        BatterySettings(chemistry=chemistry, capacity_wh=capacity_wh)
    )
    found = compute_charge_changes_pct(
        battery,
        sun_w=np.array(suns_w)[:, None, None],
        draw_w=draws_w,
        hours=hours,
        cold=np.array([False, True])[:, None],
    )
    assert found.shape == (len(suns_w), 2, len(draws_w))
    for place, sun_w in enumerate(suns_w):
        for cold in (False, True):
            expected = [
                compute_charge_change_pct(
                    battery, sun_w=sun_w, draw_w=draw_w, hours=hours, cold=cold
                )
                for draw_w in draws_w
            ]
            assert found[place, int(cold)] == pytest.approx(expected, rel=1e-12, abs=1e-12)
