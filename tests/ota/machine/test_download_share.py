"""How far a download is: steps of 5 %, each once, also where it goes on after a cut."""

from hypothesis import given
from hypothesis import strategies as st

from ota.machine.download_share import DownloadShare


def test_each_step_is_told_once() -> None:
    told: list[float] = []
    share = DownloadShare(1000, 1000, told.append)
    for _ in range(100):
        share.add(10)
    assert told == [5.0 * n for n in range(1, 21)]


def test_a_download_that_goes_on_begins_where_it_was() -> None:
    told: list[float] = []
    share = DownloadShare(1000, 250, told.append)
    share.add(30)
    share.add(30)
    assert told == [80.0]


def test_a_download_of_nothing_tells_nothing() -> None:
    told: list[float] = []
    DownloadShare(0, 0, told.append).add(10)
    assert told == []


@given(
    total=st.integers(0, 10**9), left=st.integers(0, 10**9), parts=st.lists(st.integers(0, 10**8))
)
def test_it_never_goes_back_and_never_beyond_all(total: int, left: int, parts: list[int]) -> None:
    told: list[float] = []
    share = DownloadShare(total, left, told.append)
    for part in parts:
        share.add(part)
    assert told == sorted(set(told))
    assert all(0 < one <= 100 for one in told)
