"""Bytes by day: over counters that begin anew, restarts, and clocks that are wrong."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Stamp
from appliance.model_updates import LinkDay
from appliance.sections.link import LinkSettings
from sensors.link.budget import judge_budget
from sensors.link.traffic import Counters, Traffic, find_beginning, resume

NOON = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
NEVER_BEGAN = date(1900, 1, 1)


def at(utc: datetime = NOON, boot: str = "a", uptime_s: float = 100.0) -> Stamp:
    return Stamp(utc, boot, uptime_s)


def count(traffic: Traffic, counters: Counters, now: Stamp, *, sure: bool = True) -> Traffic:
    return traffic.count(counters, now, is_confirmed=sure)


def test_what_came_since_the_last_look_is_counted_for_today() -> None:
    traffic = count(Traffic(), Counters("a-2", 1000, 100), at())
    traffic = count(traffic, Counters("a-2", 1500, 150), at(NOON + timedelta(days=1)))
    assert {day: (one.received_bytes, one.sent_bytes) for day, one in traffic.days.items()} == {
        "2026-12-05": (1000, 100),
        "2026-12-06": (500, 50),
    }


def test_a_counter_that_begins_anew_is_counted_from_nought() -> None:
    traffic = count(Traffic(), Counters("a-2", 1000, 100), at())
    traffic = count(traffic, Counters("a-3", 10, 1), at())
    traffic = count(traffic, Counters("b-2", 5000, 1), at(boot="b"))
    assert traffic.sum_since(NEVER_BEGAN) == 1100 + 11 + 5001


def test_nothing_new_stores_nothing() -> None:
    traffic = count(Traffic(), Counters("a-2", 1000, 100), at())
    assert len(traffic.changed) == 1
    assert count(traffic, Counters("a-2", 1000, 100), at()).changed == ()


def test_a_restarted_service_goes_on_where_the_last_one_stopped_whatever_the_wall_clock() -> None:
    early = count(Traffic(), Counters("a-2", 1000, 0), at(NOON, uptime_s=10))
    late = count(early, Counters("a-2", 3000, 0), at(NOON - timedelta(days=3), uptime_s=20))
    resumed = resume(list(late.days.values()), "a")
    assert count(resumed, Counters("a-2", 3500, 0), at(uptime_s=30)).sum_since(NEVER_BEGAN) == 3500


def test_until_a_time_server_has_spoken_the_last_day_goes_on() -> None:
    traffic = count(Traffic(), Counters("a-2", 1000, 0), at())
    traffic = count(
        traffic, Counters("b-2", 500, 0), at(datetime(1970, 1, 1, tzinfo=UTC), "b"), sure=False
    )
    assert list(traffic.days) == ["2026-12-05"]
    assert traffic.sum_since(date(2026, 12, 1)) == 1500


def test_what_a_unit_without_a_clock_has_filed_in_1970_moves_to_the_first_day_that_is_sure() -> (
    None
):
    first = datetime(1970, 1, 1, tzinfo=UTC)
    traffic = count(Traffic(), Counters("a-2", 1000, 0), at(first), sure=False)
    traffic = count(traffic, Counters("a-2", 1200, 0), at())
    assert traffic.sum_since(date(2026, 12, 1)) == 1200
    assert traffic.sum_since(NEVER_BEGAN) == 1200
    rows = {one.day: one.received_bytes for one in traffic.changed}
    assert rows == {"1970-01-01": 0, "2026-12-05": 1200}


def test_what_was_filed_for_a_day_to_come_counts_in_the_present_month() -> None:
    traffic = count(Traffic(), Counters("a-2", 1000, 0), at(NOON + timedelta(days=400)))
    traffic = count(traffic, Counters("a-2", 1500, 0), at())
    assert traffic.sum_since(date(2026, 12, 1)) == 1500


def test_the_budget_begins_anew_on_its_day() -> None:
    assert find_beginning(date(2026, 12, 5), 5) == date(2026, 12, 5)
    assert find_beginning(date(2026, 12, 4), 5) == date(2026, 11, 5)
    assert find_beginning(date(2026, 1, 4), 28) == date(2025, 12, 28)


def test_the_budget_is_scarce_at_four_fifths_and_used_up_at_all_of_it() -> None:
    own = LinkSettings(budget_mb_per_month=1)
    for used, scarce, used_up in (
        (799_999, False, False),
        (800_000, True, False),
        (10**6, True, True),
    ):
        traffic = count(Traffic(), Counters("a-2", used, 0), at())
        budget = judge_budget(traffic, NOON.date(), own)
        assert (budget.is_scarce, budget.is_used_up) == (scarce, used_up)
    assert not judge_budget(traffic, NOON.date(), LinkSettings()).is_used_up


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["flow", "flow", "flow", "reboot", "replug", "restart", "clock"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.booleans(),
    ),
    max_size=40,
)


@given(MOVES)
def test_no_byte_is_lost_or_counted_twice(moves: list[tuple[str, int, int, bool]]) -> None:
    """What each look shows is counted, whatever happens to counters, clock and service."""
    traffic, stored = Traffic(), dict[str, LinkDay]()
    boot, number, received, sent, uptime_s, utc = 0, 2, 0, 0, 0.0, NOON
    true_bytes = 0
    for what, more_received, more_sent, sure in moves:
        uptime_s += 60
        if what == "reboot":
            boot, number, received, sent, uptime_s = boot + 1, 2, 0, 0, 30.0
            traffic = resume(list(stored.values()), f"{boot}")
        elif what == "replug":
            number, received, sent = number + 1, 0, 0
        elif what == "restart":
            traffic = resume(list(stored.values()), f"{boot}")
        elif what == "clock":
            utc = NOON + timedelta(days=more_received % 900 - 450)
        received, sent = received + more_received, sent + more_sent
        true_bytes += more_received + more_sent
        now = Stamp(utc, f"{boot}", uptime_s)
        traffic = count(traffic, Counters(f"{boot}-{number}", received, sent), now, sure=sure)
        stored.update({one.day: one for one in traffic.changed})
        assert traffic.sum_since(NEVER_BEGAN) == true_bytes
        assert traffic.days == stored
