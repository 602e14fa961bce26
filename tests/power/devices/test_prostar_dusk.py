"""The ProStar MPPT driver at dusk, when what the array gives no longer reaches the battery."""

import pytest

from tests.power.devices.test_prostar import make_reading


@pytest.mark.parametrize(("array_v", "array_a"), [(20, 0.15), (60, 0.15), (100, 0.2)])
def test_at_dusk_the_current_of_the_battery_stays_known(array_v: float, array_a: float) -> None:
    """The array is near its open voltage, and its few watts do not reach the battery."""
    night_load = {"charge_current": 0.0, "load_current": 2.0, "net_battery_current": -2.0}
    dusk = {"array_voltage": array_v, "array_current": array_a, "battery_voltage": 13.2}
    reading = make_reading(**dusk, **night_load)
    assert reading.battery_current_a == -2.0
    assert reading.pv_power_w == array_v * array_a
