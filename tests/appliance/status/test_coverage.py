"""When was nothing watched, and why: by the camera's own rows, and by what is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel, Sleep, Stamp, Wake
from appliance.model_cameras import CameraCoverage, Watching
from appliance.settings import Settings
from appliance.status.coverage import CameraDay, build_coverage, read_days
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes.filled import camera_state
from tests.stand_ins.fakes import FakeClock

MIDNIGHT = datetime(2026, 4, 15, tzinfo=UTC)
BOOT = "00000001"


@pytest.fixture
def camera(open_store: OpenStore, clock: FakeClock) -> Store:
    clock.utc = MIDNIGHT + timedelta(hours=12)
    clock.uptime_s = 12 * 3600.0
    return open_store("camera")


def stamp(hours: float) -> Stamp:
    return Stamp(MIDNIGHT + timedelta(hours=hours), BOOT, hours * 3600)


def cover(store: Store, begins_h: float, ends_h: float, watching: Watching) -> None:
    seconds = (ends_h - begins_h) * 3600
    store.add(CameraCoverage(stamp(ends_h), "demo", watching, seconds, f"since {watching.value}"))


def budgets(open_store: OpenStore, begins_h: float, ends_h: float, level: EnergyLevel) -> None:
    power = open_store("power")
    count = round((ends_h - begins_h) * 60)
    at = [stamp(begins_h + minute / 60) for minute in range(count)]
    power.add(*(EnergyBudget(one, level, 5.0, one.utc, 100.0, "because") for one in at))


def read_today(store: Store, settings: Settings) -> CameraDay:
    [day] = read_days(store, settings, 1)
    return day


def hours(day: CameraDay) -> dict[Watching, float]:
    return {kind: round(seconds / 3600, 2) for kind, seconds in day.sum_seconds().items()}


def test_what_the_camera_wrote_is_summed(camera: Store, settings: Settings) -> None:
    cover(camera, 0, 6, Watching.WATCHED)
    cover(camera, 6, 8, Watching.PAUSED)
    cover(camera, 8, 12, Watching.LISTENED)
    day = read_today(camera, settings)
    assert hours(day) == {Watching.WATCHED: 6, Watching.LISTENED: 4, Watching.PAUSED: 2}
    [gap] = day.list_gaps()
    assert (gap.watching, gap.reason) == (Watching.PAUSED, "since paused")


def test_a_process_that_was_not_there_is_told_by_the_level_of_that_time(
    camera: Store, open_store: OpenStore, settings: Settings
) -> None:
    cover(camera, 0, 2, Watching.WATCHED)
    budgets(open_store, 2, 5, EnergyLevel.HIBERNATE)
    budgets(open_store, 5, 6, EnergyLevel.FULL)
    cover(camera, 6, 12, Watching.WATCHED)
    assert hours(read_today(camera, settings)) == {
        Watching.WATCHED: 8,
        Watching.ENERGY: 3,
        Watching.GONE: 1,
    }


def test_a_unit_that_slept_and_one_that_was_off_are_two_things(
    camera: Store, open_store: OpenStore, settings: Settings
) -> None:
    cover(camera, 0, 2, Watching.WATCHED)
    power = open_store("power")
    sleep = Sleep(
        stamp(2), EnergyLevel.HIBERNATE, stamp(5).utc, "the clock", stamp(5).utc, 40.0, 3.0, "night"
    )
    power.add(sleep, Wake(stamp(5), stamp(5).utc, "the clock", 0, 40.0, stays=True, reason="sun"))
    cover(camera, 9, 12, Watching.WATCHED)
    assert hours(read_today(camera, settings)) == {
        Watching.WATCHED: 5,
        Watching.UNIT_OFF: 4,
        Watching.ASLEEP: 3,
    }


def test_a_process_that_runs_is_counted_until_now_as_it_is(
    camera: Store, settings: Settings, clock: FakeClock
) -> None:
    cover(camera, 0, 11.9, Watching.WATCHED)
    cover(camera, 11.9, 11.9, Watching.DEAD)  # what has begun
    camera.add(camera_state(stamp(11.99)))
    assert hours(read_today(camera, settings)) == {Watching.WATCHED: 11.9, Watching.DEAD: 0.1}


def test_a_process_that_died_is_counted_until_it_was_seen_last(
    camera: Store, open_store: OpenStore, settings: Settings
) -> None:
    cover(camera, 0, 9, Watching.WATCHED)
    camera.add(camera_state(stamp(9.2)))
    budgets(open_store, 9, 12, EnergyLevel.FULL)
    assert hours(read_today(camera, settings)) == {Watching.WATCHED: 9.2, Watching.GONE: 2.8}


def test_before_the_first_row_of_all_nothing_is_known(
    camera: Store, open_store: OpenStore, settings: Settings
) -> None:
    budgets(open_store, 0, 12, EnergyLevel.FULL)
    cover(camera, 10, 12, Watching.WATCHED)
    assert hours(read_today(camera, settings)) == {Watching.UNKNOWN: 10, Watching.WATCHED: 2}


def test_a_camera_that_never_ran_is_a_process_that_is_gone(
    open_store: OpenStore, settings: Settings, camera: Store
) -> None:
    budgets(open_store, 0, 12, EnergyLevel.FULL)
    assert hours(read_today(camera, settings)) == {Watching.GONE: 12}


def test_days_are_those_of_the_site_the_newest_first(camera: Store, settings: Settings) -> None:
    for hour in range(-30, 12):
        cover(camera, hour, hour + 1, Watching.WATCHED)
    here = replace(settings, site=replace(settings.site, timezone="Europe/Bucharest"))
    found = build_coverage(camera, here, 2)
    begins = [one["since"][:13] for one in found]
    assert begins == ["2026-04-14T21", "2026-04-13T21"]
    assert [one["hours"]["watched"] for one in found] == [15.0, 24.0]


def test_a_wall_clock_that_was_set_back_counts_nothing_twice(
    camera: Store, settings: Settings
) -> None:
    cover(camera, 0, 10, Watching.WATCHED)
    cover(camera, 8, 12, Watching.LISTENED)
    assert hours(read_today(camera, settings)) == {Watching.WATCHED: 10, Watching.LISTENED: 2}


def test_a_clock_that_leaps_ahead_is_no_time_without_power(
    camera: Store, settings: Settings
) -> None:
    cover(camera, 0, 2, Watching.WATCHED)
    later = Stamp(stamp(12).utc, BOOT, 3 * 3600)
    camera.add(CameraCoverage(later, "demo", Watching.WATCHED, 3600.0, "since watched"))
    day = read_today(camera, settings)
    assert hours(day) == {Watching.UNKNOWN: 9, Watching.WATCHED: 3}
    assert "clock was set" in day.list_gaps()[0].reason
