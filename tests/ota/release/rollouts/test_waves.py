"""Who is in a wave."""

from hypothesis import given
from hypothesis import strategies as st

from ota.release.rollouts.definition import Wave
from ota.release.rollouts.waves import choose_units, find_quota, order_units

UNITS = [f"field-{number}" for number in range(100)]


def share(percent: int) -> Wave:
    return Wave(f"{percent}%", percent=percent)


def test_a_share_is_rounded_up_without_an_error_of_fractions() -> None:
    found = [find_quota(percent, 30) for percent in (1, 10, 50, 100)]
    assert found == [1, 3, 15, 30]
    assert [find_quota(1, count) for count in (0, 1, 100, 101)] == [0, 1, 1, 2]
    assert all(find_quota(7, 100 * count) == 7 * count for count in range(1000))


def test_each_rollout_has_an_order_of_its_own_that_is_always_the_same() -> None:
    assert order_units("a", UNITS) == order_units("a", UNITS[::-1])
    assert order_units("a", UNITS) != order_units("b", UNITS)
    assert sorted(order_units("a", UNITS)) == sorted(UNITS)


def test_units_of_earlier_waves_count_in_a_share() -> None:
    found = choose_units(share(10), rollout="r", free=UNITS[4:], assigned=UNITS[:4])
    assert len(found) == 6
    assert found == order_units("r", UNITS[4:])[:6]


def test_a_share_that_is_reached_already_adds_nobody() -> None:
    assert choose_units(share(1), rollout="r", free=UNITS[4:], assigned=UNITS[:4]) == []


def test_named_units_are_taken_as_they_are_named() -> None:
    wave = Wave("first", units=("b", "a"))
    assert choose_units(wave, rollout="r", free=["b", "a"], assigned=[]) == ["b", "a"]


@given(
    percents=st.lists(st.integers(1, 100), min_size=1, max_size=6, unique=True).map(sorted),
    count=st.integers(0, 300),
    named=st.integers(0, 10),
)
def test_no_wave_gives_more_units_the_release_than_its_share(
    percents: list[int], count: int, named: int
) -> None:
    units = [f"field-{number}" for number in range(count)]
    assigned = units[:named]
    for percent in percents:
        free = [one for one in units if one not in assigned]
        added = choose_units(share(percent), rollout="r", free=free, assigned=assigned)
        assert not set(added) & set(assigned)
        assigned = [*assigned, *added]
        assert len(assigned) <= max(named, find_quota(percent, count))
    assert percents[-1] < 100 or set(assigned) == set(units)
