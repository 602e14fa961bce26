"""Retention: seconds become means, and nothing is lost before its mean is stored."""

from datetime import timedelta

from appliance.errors import CameraError
from appliance.model import BatteryState, PowerReading
from appliance.store.retention import retain
from appliance.store.rows import encode_time
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import START, FakeClock


def run_for(power: Store, clock: FakeClock, hours: float) -> None:
    """A reading each minute; the panels' power counts the minutes of the hour."""
    for _ in range(int(hours * 60)):
        power.add(filled.reading(clock.stamp(), float(clock.utc.minute)))
        clock.advance(60)


def means(store: Store, step_s: int) -> dict[str, tuple[int, float]]:
    sql = "SELECT at, rows, pv_power_w FROM power_reading_mean WHERE step_s = ? ORDER BY at"
    return {row["at"]: (row["rows"], row["pv_power_w"]) for row in store.query(sql, (step_s,))}


def test_means_are_those_of_complete_steps(open_store: OpenStore, clock: FakeClock) -> None:
    power, clock.synchronized = open_store("power"), True
    run_for(power, clock, hours=2.2)
    retain(power)
    fine, coarse = means(power, 300), means(power, 3600)
    assert coarse == {encode_time(START + timedelta(hours=h)): (60, 29.5) for h in range(2)}
    assert fine["2026-04-15T02:05:00.000Z"] == (5, 7.0)
    assert max(fine) == "2026-04-15T03:55:00.000Z", "a step was averaged that may still get rows"


def test_retaining_again_changes_nothing(open_store: OpenStore, clock: FakeClock) -> None:
    power, clock.synchronized = open_store("power"), True
    run_for(power, clock, hours=3)
    retain(power)
    before = means(power, 300)
    retain(power)
    assert means(power, 300) == before


def test_no_row_goes_before_its_mean_is_stored(open_store: OpenStore, clock: FakeClock) -> None:
    power = open_store("power")
    run_for(power, clock, hours=2)
    clock.advance(9 * 86_400)  # nobody retained for nine days
    retain(power)
    assert len(power.rows(PowerReading)) == 1
    assert sum(count for count, _ in means(power, 300).values()) == 120


def test_rows_of_a_wrong_wall_clock_are_averaged_too(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power, clock.synchronized = open_store("power"), True
    run_for(power, clock, hours=1)
    clock.advance(3600)
    retain(power)
    clock.synchronized = False
    clock.set_wall_clock(START - timedelta(days=20))  # the battery of the clock is empty
    run_for(power, clock, hours=1)
    clock.set_wall_clock(START + timedelta(days=3))  # the network gives the time
    run_for(power, clock, hours=0.1)
    retain(power)
    assert len(means(power, 3600)) == 2
    assert len(power.rows(PowerReading)) == 126, "none of them is two days old"
    clock.advance(3 * 86_400)
    retain(power)
    assert len(power.rows(PowerReading)) == 1
    assert sum(count for count, _ in means(power, 3600).values()) == 126


def test_the_newest_row_stays_however_old(open_store: OpenStore, clock: FakeClock) -> None:
    power = open_store("power")
    power.add(filled.battery_state(clock.stamp(), 50.0), filled.battery_state(clock.stamp(), 51.0))
    clock.advance(400 * 86_400)
    retain(power)
    left = power.rows(BatteryState)
    assert [state.state_of_charge_pct for state in left] == [51.0]


def test_a_service_leaves_the_tables_of_others_alone(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    run_for(power, clock, hours=0.1)
    clock.advance(10 * 86_400)
    retain(open_store("sensors"))
    assert len(power.rows(PowerReading)) == 6


def test_old_faults_go_when_they_are_over_and_stay_while_they_last(
    open_store: OpenStore, clock: FakeClock
) -> None:
    camera, power, clock.synchronized = open_store("camera"), open_store("power"), True
    camera.raise_fault("camera@front", CameraError("gone"))
    camera.clear_faults("camera@front")
    camera.raise_fault("camera@back", CameraError("still gone"))
    clock.advance(400 * 86_400)
    retain(power)
    assert len(power.query("SELECT 1 FROM fault")) == 2
    retain(camera)
    assert [fault.source for fault in camera.list_open_faults()] == ["camera@back"]
    assert len(power.query("SELECT 1 FROM fault")) == 1
