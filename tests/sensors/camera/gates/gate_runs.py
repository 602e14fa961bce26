"""Plays a made clip to the gates as a camera process would, and compares with the truth.

Reads and writes: nothing but the clips.
Never: looks at a picture that the feed would not decode: key frames that the gates ask for, and,
where somebody pulls, the newest picture while something moves, five a second at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sensors.camera.gates.motion import CHECK_EVERY_S, Motion
from sensors.camera.gates.segments import MotionSegment
from tests.scenes.clips import SceneClip

EARLY_S = 1.0  # before it counts as true, somebody is in the picture in part
LATE_S = 4.0  # the hold


@dataclass
class Run:
    """What became of one clip."""

    segments: list[MotionSegment] = field(default_factory=list)
    pictures: int = 0
    key_pictures: int = 0
    moving_s: list[float] = field(default_factory=list)  # packets at which something moved
    trusted: list[tuple[float, bool]] = field(default_factory=list)
    gates: str = ""


def play(
    clip: SceneClip, motion: Motion, probes: bool = True, requests: bool = False, loops: int = 1
) -> Run:
    """`probes`: key frames are looked at as the gates ask; `pulls`: somebody pulls what moves."""
    run = Run()
    length_s = len(clip.greys) / clip.frames_per_s
    for loop in range(loops):
        pulled_s = -1e9
        for shown_s, size_bytes, is_key in clip.packets:
            media_s = shown_s + loop * length_s
            motion.take_packet(media_s, size_bytes, is_key)
            if probes and is_key and motion.wants_probe(media_s):
                motion.take_picture(clip.grey_at(shown_s), media_s)
                run.pictures += 1
                run.key_pictures += 1
            if requests and motion.find_segment(media_s) and media_s - pulled_s >= CHECK_EVERY_S:
                motion.take_picture(clip.grey_at(shown_s), media_s)
                run.pictures += 1
                pulled_s = media_s
            if motion.find_segment(media_s):
                run.moving_s.append(media_s)
            if is_key:
                run.trusted.append((media_s, motion.packets_trusted))
            run.segments += motion.take_ended()
    run.gates = motion.gates
    last = motion.find_segment(run.moving_s[-1]) if run.moving_s else None
    run.segments += [last] if last else []
    return run


def find_delays(
    truth: Sequence[tuple[float, float]], segments: Sequence[MotionSegment]
) -> list[float | None]:
    """For each true stretch, seconds until a segment was there; None where none came."""
    delays: list[float | None] = []
    for begins, ends in truth:
        there = [b for b in segments if b.began_s <= ends and b.last_s >= begins]
        delays.append(max(0.0, min(b.began_s for b in there) - begins) if there else None)
    return delays


def list_false_segments(
    truth: Sequence[tuple[float, float]], segments: Sequence[MotionSegment]
) -> list[MotionSegment]:
    """Segments that have nothing to do with anybody."""
    return [
        segment
        for segment in segments
        if not any(
            segment.began_s <= ends + LATE_S and segment.last_s >= begins - EARLY_S
            for begins, ends in truth
        )
    ]
