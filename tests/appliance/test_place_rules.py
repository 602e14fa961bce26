"""The horizon of the site: points that mean something."""

import pytest

from appliance.settings import SkyPoints
from appliance.settings_rules.place_rules import find_horizon_fault


@pytest.mark.parametrize("horizon", [(), ((0.0, 0.0),), ((359.0, 80.0), (0.0, 12.5))])
def test_directions_and_heights_are_taken(horizon: SkyPoints) -> None:
    assert find_horizon_fault(horizon) is None


@pytest.mark.parametrize(
    ("horizon", "said"),
    [
        (((360.0, 5.0),), "has the point 360, 5: give degrees clockwise from north"),
        (((90.0, 81.0),), "has the point 90, 81"),
        (((90.0, -1.0),), "has the point 90, -1"),
        (((float("nan"), 1.0),), "has the point nan, 1"),
        (((90.0, 5.0), (90.0, 9.0)), "has 2 points at 90 degrees: give one for each direction"),
        (tuple((float(one), 1.0) for one in range(73)), "has 73 points: give at most 72"),
    ],
)
def test_what_means_nothing_is_refused_in_words(horizon: SkyPoints, said: str) -> None:
    assert said in str(find_horizon_fault(horizon))
