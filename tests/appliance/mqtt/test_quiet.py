"""A quiet unit is quiet, and what people act on never waits."""

from typing import Any

import pytest

from appliance.mqtt.quiet import WAIT_S, Quiet

STATE: dict[str, Any] = {
    "charge_pct": 63, "pv_power_w": 100, "battery_voltage_v": 52.1, "battery_current_a": 2.0,
    "level": "ECO", "reason": "sun", "sun_kwh": 1.234, "problem": False, "events_24_h": 3,
    "labels": {"person": {"present": False, "events_24_h": 3}},
    "sources": {"main": {"energy_kwh": 1.0}},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"charge_pct": 64}, {"pv_power_w": 111}, {"level": "FULL"}, {"problem": True},
        {"events_24_h": 4}, {"charge_pct": None}, {"level": None}, {"battery_current_a": -2.0},
        {"labels": {"person": {"present": True, "events_24_h": 3}}}, {"battery_voltage_v": 52.4},
    ],
    ids=str,
)  # fmt: skip
def test_news_is_published_at_once(change: dict[str, Any]) -> None:
    quiet = Quiet()
    quiet.choose("t", STATE, 0.0)
    assert quiet.choose("t", STATE | change, 10.0) == STATE | change


@pytest.mark.parametrize(
    "change",
    [
        {"pv_power_w": 105}, {"battery_current_a": 2.1}, {"sun_kwh": 1.3}, {"reason": "more sun"},
        {"battery_voltage_v": 52.2}, {"sources": {"main": {"energy_kwh": 1.01}}},
    ],
    ids=str,
)  # fmt: skip
def test_small_change_waits_and_comes(change: dict[str, Any]) -> None:
    quiet = Quiet()
    quiet.choose("t", STATE, 0.0)
    assert quiet.choose("t", STATE | change, WAIT_S - 1) == STATE
    assert quiet.choose("t", STATE | change, WAIT_S) == STATE | change


def test_slow_drift_is_not_lost_and_a_quiet_hour_has_few_messages() -> None:
    quiet, published = Quiet(), []
    for cycle in range(360):
        state = STATE | {"pv_power_w": 100 + (cycle % 7), "sun_kwh": 1.2 + cycle / 3600}
        published.append(quiet.choose("t", state, 10.0 * cycle)["sun_kwh"])
    assert 4 <= len(set(published)) <= 6
