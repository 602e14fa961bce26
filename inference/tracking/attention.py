"""Attention: which tracks need another frame, when, and why. Pure.

Inputs: the tracks of one camera, where something moves, the time. Output: when to look, where, why.
Never: spends a frame on what stands still while nothing moves at it, but once a minute.
"""

import math
from enum import Enum

from appliance.model_cameras import Box
from appliance.wording.sentence import say
from inference.tracking.boxes import touches
from inference.tracking.state import Tracks


class Cause(Enum):
    """Why a frame was analysed."""

    MOVEMENT = say("something moves")
    FOLLOWED = say("what was seen moving is followed")
    STANDING = say("what stands still is looked at once in a while")


def find_next_look_s(tracks: Tracks) -> float:
    """From when on a frame is needed although nothing moves; infinite where nothing is there."""
    return min((track.next_look_s for track in tracks.live), default=math.inf)


def rests(tracks: Tracks) -> bool:
    """Whether something is there, and all of it stands still."""
    return bool(tracks.live) and all(track.stands for track in tracks.live)


def find_cause(tracks: Tracks, *, woken_by: str) -> Cause:
    """Why a frame is analysed that `woken_by` woke ("" for nothing), with the tracks before it."""
    if woken_by:
        return Cause.MOVEMENT
    return Cause.STANDING if rests(tracks) else Cause.FOLLOWED


def select_watched(tracks: Tracks, moving: Box, media_s: float) -> list[Box]:
    """The boxes to look at beside what moves; what stands is left out until its time has come."""
    return [
        track.box
        for track in tracks.live
        if not track.stands or track.next_look_s <= media_s or touches(moving, track.box)
    ]
