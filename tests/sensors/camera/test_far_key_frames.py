"""Streams whose key frames are far apart, or that have none: nobody is missed without a word."""

from functools import cache

import pytest

from appliance.model_cameras import CameraMode
from sensors.camera.between_key_frames import BetweenKeyFrames
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.motion import Motion
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.video_file import VideoFile
from tests.scenes.clips import Scene, load_clip
from tests.scenes.hard_streams import FAR, REFRESH, STAYS_S
from tests.sensors.camera.gates.gate_runs import find_delays
from tests.stand_ins.fakes import FakeClock

PROBE, WATCH = CameraMode.PROBE, CameraMode.WATCH


class Played:
    """One clip before one camera's feed; each decoding between key frames costs `cost_s`."""

    def __init__(
        self, scene: Scene, mode: CameraMode = PROBE, share: float = 1.0, cost_s: float = 0.0
    ) -> None:
        clip, clock = load_clip(scene), FakeClock()
        self._cpu_s, self._cost_s = 0.0, cost_s
        parts = Parts(Motion(), between=BetweenKeyFrames(self._spend))
        self.feed = Feed("gate", lambda give: VideoFile(clip.path, give), clock, parts)
        began_s, segments = clock.media_s(), []
        for _ in clip.packets:
            self.feed.follow(ModeChoice(mode, "a test", decoding_share=share))
            clock.advance(1 / clip.frames_per_s)
            segments += [segment for segment, _ in self.feed.take_ended_segments()]
        truth = [(begins + began_s, ends + began_s) for begins, ends in clip.truth]
        self.delays_s = find_delays(truth, segments)
        self.report, self.gates = self.feed.report, self.feed.gates
        self.feed.close()

    def _spend(self) -> float:
        self._cpu_s += self._cost_s / 2  # it is asked before and after
        return self._cpu_s

    @property
    def missed(self) -> int:
        return self.delays_s.count(None)


@cache
def play(scene: Scene, mode: CameraMode = PROBE) -> Played:
    """With energy for all of it; the result is only read."""
    return Played(scene, mode)


@pytest.mark.parametrize(
    ("scene", "mode"), [(FAR, PROBE), (FAR, WATCH), (REFRESH, PROBE)], ids=lambda one: str(one)[:20]
)
def test_somebody_who_is_there_for_two_seconds_is_noticed(scene: Scene, mode: CameraMode) -> None:
    played = play(scene, mode)
    assert all(delay_s is not None and delay_s < STAYS_S for delay_s in played.delays_s)
    assert played.gates.endswith("; pictures between key frames too")
    assert played.report.faults == ()


def test_the_distance_of_key_frames_is_measured_and_advised_on() -> None:
    report = play(FAR).report
    assert report.key_frame_s == pytest.approx(10.0)
    (sentence,) = report.advice
    assert sentence == (
        "a key frame comes only every 10 s: set a key frame every 2 s (I-frame interval, GOP) in "
        "the camera, so that pictures are there at once"
    )


def test_a_stream_with_intra_refresh_is_called_one_without_key_frames() -> None:
    report = play(REFRESH).report
    assert report.key_frame_s is None
    (sentence,) = report.advice
    assert sentence.startswith("this stream has no key frames (intra refresh): ")


@pytest.mark.parametrize("scene", [FAR, REFRESH], ids=["10 s", "intra refresh"])
def test_where_energy_does_not_cover_it_somebody_may_be_missed_and_a_fault_says_so(
    scene: Scene,
) -> None:
    played = Played(scene, share=0.01, cost_s=0.5)
    assert played.missed > 0
    (fault,) = played.report.faults
    assert "its packets do not show movement, and the energy budget covers " in fault
    assert "set a key frame every 2 s" in fault
