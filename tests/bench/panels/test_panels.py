"""A short draw of the bench of panels: a sound year raises nothing, stolen panels are found."""

import numpy as np

from tests.bench.panels.site_year import (
    UNITS,
    follow,
    load,
    make_settings,
    make_year,
    repeat_before,
)

SITE = "Sand-Point typical"  # pvlib brings it along
STOLEN_ON = 200


def test_a_sound_year_raises_nothing_and_stolen_panels_are_found_in_two_days() -> None:
    site, unit = load(SITE), UNITS["usual"]
    settings = make_settings(site, unit)
    sound = make_year(site, unit)
    assert follow(sound, settings, since=330) == []
    gone = make_year(site, unit, lambda day: np.where(day < STOLEN_ON, 1.0, 0.0))
    day, code = follow([*repeat_before(sound)[-60:], *gone[: STOLEN_ON + 4]], settings, since=255)[
        0
    ]
    assert code == "pv-none"
    assert day - 60 - STOLEN_ON <= 2
