"""The volume of a metered link: counted at the mirror, and never more than a day's."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ota.checkin.payloads import DayPayloads
from ota.checkin.volume import NOTED_BYTES, CountedMirror, Volume
from ota.errors import LinkError, TrustError
from ota.manifest import LayerKind
from ota.payload.store import Fetcher
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
