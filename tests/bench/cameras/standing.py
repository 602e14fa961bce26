"""What a parked car costs: looks a minute, while it stands alone and beside somebody who walks.

Reads: a made clip of the demonstration's yard, in which two cars are parked far behind, and people
walk in front. Writes: a database. Time is virtual.
Never: counts a look at who walks as one at the car: each look says why it was made.
"""

from collections.abc import Sequence
from typing import Any

from inference.detection.frame_result import FrameResult
from inference.tracking.attention import Cause
from sensors.camera.gates.motion import Motion
from tests.bench.cameras.recall import UnitRun
from tests.bench.report import OUT
from tests.scenes.clips import Scene, Walk, load_clip

LABELS = ("person", "car", "truck")
CARS = ("car", "truck")
WALK_S = 12.0  # the first walk wakes the camera, and the cars are found
SETTLES_S = 15.0  # after a walk: gates hold, tracks coast, what stands is known to stand
BEFORE_S = 6.0  # the source may run so much ahead


def measure(quick: bool) -> dict[str, Any]:
    """Looks a minute at what stands, alone and beside somebody; events of the cars."""
    seconds = 200.0 if quick else 420.0
    second_s = seconds - 40
    walks = (Walk(5.0, 5.0 + WALK_S), Walk(second_s, seconds - 20, who=1, from_left=False))
    clip = load_clip(Scene("parked", seconds, walks, seed=41))
    run = UnitRun(clip, OUT / "cameras-standing", Motion(), LABELS)
    events, _ = run.live()
    first_s = run.looks[0].picture.media_s - 5.0  # the clip's time of the camera's time 0
    since_s, until_s = 5 + WALK_S + SETTLES_S, second_s - BEFORE_S
    alone = select(run.looks, first_s + since_s, first_s + until_s)
    beside = select(run.looks, first_s + second_s, first_s + seconds - 20)
    cars = [one for one in events if one.label in CARS]
    return {
        "looks_per_min": 60 * len(alone) / (until_s - since_s),
        "found": sum(shows_car(one) for one in alone),
        "because_of_cars_beside": sum(one.cause is Cause.STANDING for one in beside),
        "looks_beside": len(beside),
        "cars_in_view_beside": sum(shows_car(one) for one in beside),
        "events_of_cars": len({find_track(one.event_id) for one in cars}),
    }


def select(looks: Sequence[FrameResult], since_s: float, until_s: float) -> list[FrameResult]:
    return [one for one in looks if since_s <= one.picture.media_s < until_s]


def shows_car(look: FrameResult) -> bool:
    """Whether a car was surely seen."""
    return any(one.label in CARS and one.confidence >= 0.45 for one in look.detections)


def find_track(event_id: str) -> str:
    """The number of the thing that an event, or a part of one, is about."""
    return event_id.rpartition("-")[2].partition(".")[0]


if __name__ == "__main__":
    print(measure(quick=False))
