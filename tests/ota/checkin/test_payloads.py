"""The volume of a metered link: counted at the mirror, and never more than a day's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from appliance.model_updates import CheckIn
from ota.checkin.payloads import DayPayloads
from ota.checkin.volume import NOTED_BYTES, CountedMirror, Volume, sum_day
from ota.errors import LinkError, TrustError
from ota.manifest import LayerKind
from ota.payload.store import Fetcher
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.update_unit import make_layer, make_offer

LAYER = make_layer(LayerKind.APP, "2")


class SmallMirror:
    name = "a mirror"

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        yield b"x" * 600
        yield b"x" * 400


class FakeFetcher:
    """Hears what it may fetch."""

    def __init__(self) -> None:
        self.most_bytes: list[int | None] = []
        self.damaged = False

    def plan(self, _: object) -> str:
        return "planned"

    def fetch(self, _: object, *, most_bytes: int | None, **__: Any) -> None:
        self.most_bytes.append(most_bytes)

    def verify(self, _: object) -> None:
        if self.damaged:
            raise TrustError("damaged", "content-damaged")


def make_payloads(volume: Volume, allowance: int | None) -> tuple[DayPayloads, FakeFetcher]:
    fetcher = FakeFetcher()
    return DayPayloads(cast("Fetcher", fetcher), volume, allowance), fetcher


def fetch(payloads: DayPayloads) -> None:
    payloads.fetch(LAYER, may_go_on=lambda: True, progress=lambda _: None)


def test_what_a_mirror_gives_is_counted_as_it_comes() -> None:
    noted: list[int] = []
    volume = Volume(noted.append)
    parts = CountedMirror(SmallMirror(), volume).read("packs/x", most_bytes=1000)
    next(parts)
    assert volume.received_bytes == 600
    next(parts)
    assert (volume.received_bytes, volume.take_unnoted(), volume.take_unnoted()) == (1000, 1000, 0)


def test_a_cut_loses_the_count_of_little() -> None:
    noted: list[int] = []
    volume = Volume(noted.append)
    for _ in range(10):
        volume.add(NOTED_BYTES // 2)
    assert noted == [NOTED_BYTES] * 5


def test_what_has_come_is_taken_from_what_may_come() -> None:
    volume = Volume(lambda _: None)
    payloads, fetcher = make_payloads(volume, 1_000_000)
    fetch(payloads)
    volume.add(400_000)
    fetch(payloads)
    volume.add(900_000)
    fetch(payloads)
    assert fetcher.most_bytes == [1_000_000, 600_000, 0]


def test_without_a_limit_none_is_set() -> None:
    payloads, fetcher = make_payloads(Volume(lambda _: None), None)
    fetch(payloads)
    assert fetcher.most_bytes == [None]


def test_where_the_day_is_used_up_not_even_an_index_is_fetched() -> None:
    manifest = make_offer("2", sequence=2).manifest
    payloads, _ = make_payloads(Volume(lambda _: None), 0)
    with pytest.raises(LinkError, match="goes on tomorrow"):
        payloads.plan(manifest)
    payloads, _ = make_payloads(Volume(lambda _: None), 1)
    assert cast("object", payloads.plan(manifest)) == "planned"


def test_damaged_content_is_no_error_but_an_answer() -> None:
    payloads, fetcher = make_payloads(Volume(lambda _: None), None)
    assert payloads.verify(LAYER)
    fetcher.damaged = True
    assert not payloads.verify(LAYER)


HOUR_S, DAY_S = 3600.0, 86_400.0


class Diary:
    """Rows of check-ins as they are written; `come` adds one of so many bytes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.rows: list[CheckIn] = []

    def come(self, count: int) -> None:
        self.rows.insert(0, CheckIn(self.clock.stamp(), "a mirror", "", None, count))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @property
    def today(self) -> int:
        return sum_day(self.rows, self.clock)


def test_what_came_in_the_last_day_counts_through_a_restart() -> None:
    diary = Diary()
    diary.come(1)
    diary.pass_time(DAY_S - HOUR_S)
    diary.come(10)
    diary.clock.reboot()
    diary.come(100)
    assert diary.today == 111
    diary.pass_time(HOUR_S)
    assert diary.today == 110
    diary.pass_time(DAY_S)
    assert diary.today == 0


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("years", [-3, 3])
def test_a_clock_that_is_set_gives_no_second_day(years: int, restarts: bool) -> None:
    diary = Diary()
    diary.come(1)
    diary.clock.set_wall_clock(diary.clock.utc + timedelta(days=365 * years))
    if restarts and years < 0:
        diary.clock.reboot()
    diary.come(10)
    assert diary.today == 11


def test_a_year_that_was_wrong_costs_a_day_and_not_years() -> None:
    diary = Diary()
    right = diary.clock.utc
    diary.clock.set_wall_clock(right + timedelta(days=1500))
    diary.come(1000)
    diary.clock.reboot()
    diary.clock.set_wall_clock(right)
    for hour in range(26):
        assert diary.today == (1000 + hour if hour < 24 else 23), hour
        diary.come(1)
        diary.pass_time(HOUR_S)


def test_a_boot_with_a_wrong_clock_hides_nothing() -> None:
    diary = Diary()
    right = diary.clock.utc
    diary.come(1)
    diary.clock.reboot()
    diary.clock.set_wall_clock(right - timedelta(days=1500))
    diary.come(10)
    diary.clock.reboot()
    diary.clock.set_wall_clock(right + timedelta(minutes=5))
    assert diary.today == 11


def test_nothing_is_fetched_once_the_month_of_the_mobile_link_is_used_up() -> None:
    fetcher = FakeFetcher()
    payloads = DayPayloads(cast("Fetcher", fetcher), Volume(lambda _: None), None, month_used=True)
    with pytest.raises(LinkError, match="has used its budget of this month"):
        payloads.plan(cast("Any", None))
    with pytest.raises(LinkError):
        payloads.repair(LAYER, lambda: True)
    assert payloads.find_left() == 0
