"""A short draw of the bench of directions: wrong settings are told, right ones are left alone."""

import pytest

from tests.bench.panels.directions import CASES, make_days, make_settings, run_case


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("50 N, faces 95, set 180", "(east, "),
        ("34 S, faces 0, set 180", "the settings say 180 (south): check the mounting, or set"),
        ("50 N, tilt 70, set 20", "the settings say 20: check the mounting, or set panels.tilt"),
    ],
)
def test_settings_that_the_sky_contradicts_are_a_fault_and_the_plan_goes_by_the_sky(
    name: str, words: str
) -> None:
    array, panels = CASES[name]
    found = run_case(array, panels)
    assert found.fault is not None
    assert words in found.fault
    assert found.learned is not None
    assert abs(found.learned.fit.tilt_deg - array.tilt_deg) <= 15
    off_deg = (found.learned.fit.azimuth_deg - array.azimuth_deg + 180) % 360 - 180
    assert abs(off_deg) <= 15
    assert found.settings_error is not None
    assert found.plan_error is not None
    assert found.plan_error < 0.8 * found.settings_error


@pytest.mark.parametrize(
    "name",
    [
        "50 N, as set, fast by 12 min",
        "50 N, as set, trees in the east",
        "50 N, as set, full by nine",
        "50 N, as set, controller limits",
        "50 N, faces 95, set 180, full by nine",
    ],
)
def test_shade_a_clock_that_is_minutes_off_a_limit_or_mornings_alone_are_no_fault(
    name: str,
) -> None:
    assert run_case(*CASES[name]).fault is None


def test_a_curtailed_half_hour_is_never_learned_from() -> None:
    array, panels = CASES["50 N, as set, full by nine"]
    days = make_days(array, make_settings(array, panels), 10, 1)
    held_h = sum(day.curtailed_h or 0.0 for day in days)
    assert held_h > 20
    assert sum(len(day.steady_w) for day in days) < 60


def test_what_hides_the_sun_is_learned_by_its_azimuth() -> None:
    array, panels = CASES["50 N, as set, trees in the east"]
    learned = run_case(array, panels).learned
    assert learned is not None
    assert 18 <= learned.skyline_deg[8] <= 32  # 80 to 90 degrees: trees of 25 degrees
    assert max(learned.skyline_deg[16:26]) == 0.0  # open in the south and the west
