"""What is wrong with a stream, in figures and words; and what may be spent between key frames."""

from datetime import timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel
from sensors.camera.between_key_frames import BetweenKeyFrames
from sensors.camera.mode import compute_decoding_share
from sensors.camera.sources.decoder import DecodingCounts
from sensors.camera.streams.health import StreamHealth, StreamReport
from tests.stand_ins.fakes import FakeClock


def report(
    health: StreamHealth, lag_s: float = 0.0, counts: DecodingCounts | None = None
) -> StreamReport:
    return health.report(counts or DecodingCounts(), lag_s=lag_s, covered_share=None)


def send(health: StreamHealth, seconds: float, key_every_s: float, begins_s: float = 0.0) -> None:
    """Ten packets a second."""
    for number in range(round(seconds * 10)):
        is_key = key_every_s > 0 and number % round(key_every_s * 10) == 0
        health.take_packet(begins_s + number / 10, is_key=is_key, recovers=False)


@pytest.mark.parametrize(("every_s", "is_far"), [(0.1, False), (2.0, False), (4.0, True)])
def test_the_distance_of_key_frames_is_measured(every_s: float, is_far: bool) -> None:
    health = StreamHealth()
    send(health, 20.0, every_s)
    assert report(health).key_frame_s == pytest.approx(every_s)
    assert health.is_far is is_far
    assert bool(report(health).advice) is is_far


def test_before_the_second_key_frame_nothing_is_known() -> None:
    health = StreamHealth()
    send(health, 1.0, 10.0)
    assert report(health) == StreamReport(lag_s=0.0)
    assert not health.is_far


def test_key_frames_that_stop_are_told() -> None:
    health = StreamHealth()
    send(health, 10.0, 2.0)
    send(health, 40.0, 0.0, begins_s=10.0)
    assert report(health).key_frame_s == pytest.approx(41.9)
    assert report(health).advice[0].startswith("this stream has had no key frame for 42 s: set a ")


def test_a_lag_is_a_fault_from_half_a_second_on() -> None:
    assert report(StreamHealth(), lag_s=0.5).faults == ()
    (fault,) = report(StreamHealth(), lag_s=2.0).faults
    assert fault.startswith("pictures are 2.0 s behind the camera")


def test_a_twentieth_of_damaged_pictures_is_a_fault_for_a_minute() -> None:
    health, counts = StreamHealth(), DecodingCounts()
    told = []
    for second in range(180):
        send(health, 1.0, 1.0, begins_s=float(second))
        counts.frames += 5
        counts.corrupt += second == 30
        counts.errors += 20 if second == 60 else 0
        health.count(counts)
        told.append(bool(report(health, counts=counts).faults))
    assert told.index(True) == 60
    assert 45 <= sum(told) <= 75
    assert (report(health, counts=counts).corrupt, report(health, counts=counts).errors) == (1, 20)


def test_what_is_spent_between_key_frames_keeps_to_its_share() -> None:
    cpu_s = 0.0

    def spend() -> float:
        nonlocal cpu_s
        cpu_s += 0.05
        return cpu_s

    between = BetweenKeyFrames(spend)
    between.share = 0.02
    for number in range(1200):  # ten minutes
        media_s = number / 2
        if between.may_run(media_s, behind_s=0.5):
            between.run(media_s, lambda: None)
    assert cpu_s / 2 == pytest.approx(600 * 0.02, rel=0.1)
    assert between.covered_share is not None
    assert between.covered_share < 0.3


def test_who_is_far_behind_waits_for_the_next_key_frame() -> None:
    between = BetweenKeyFrames()
    assert not between.may_run(0.0, behind_s=5.0)
    assert between.may_run(0.5, behind_s=0.5)
    between.rest()
    assert between.covered_share is None


def make_budget(power_w: float, *, sun_is_free: bool = False) -> EnergyBudget:
    stamp = FakeClock().stamp()
    until = stamp.utc + timedelta(minutes=3)
    return EnergyBudget(
        stamp, EnergyLevel.SENTINEL, power_w, until, 0.0, "a test", sun_is_free=sun_is_free
    )


@pytest.mark.parametrize(
    ("budget", "cameras", "share"),
    [
        (None, 1, 0.0),
        (make_budget(10.0), 1, 0.5),
        (make_budget(10.0), 4, 0.125),
        (make_budget(100.0), 1, 1.0),
        (make_budget(1.0, sun_is_free=True), 8, 1.0),
    ],
)
def test_the_share_of_a_core_follows_the_budget_and_is_divided_among_cameras(
    budget: EnergyBudget | None, cameras: int, share: float
) -> None:
    assert compute_decoding_share(budget, core_w=2.0, cameras=cameras) == pytest.approx(share)
