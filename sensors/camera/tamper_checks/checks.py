"""Notices a camera that is covered, moved, frozen or out of focus, from pictures that are decoded
anyway.

    tamper.take(frame, grey, media_s)     # a key frame
    tamper.trouble                        # Trouble(TamperKind.COVERED, since_s, "...") or None

Reads and writes: nothing. Times are picture time.
Never: decodes, keeps a picture, or takes night, fog, rain, infrared or a lamp for a fault:

    covered        the view is gone within half a minute, and the picture is flat though there is
                   light: fog and dusk take longer, and by night a dark picture says nothing
    moved          the view is there in another place, or something else has clear edges there
    frozen         no noise: picture after picture is the same, though packets come
    out of focus   edges are wide that were narrow: fog makes them weak, and weak ones do not count

Each must last. The usual view is learned anew at each start, one in colour and one without
(infrared), and follows slowly. A view that stays moved for a day is the usual one from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from appliance.wording.sentence import say

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from sensors.camera.tamper_checks.view import View

EVERY_S = 5.0
LEARNED_AFTER = 20  # pictures
FOLLOWS = 0.02  # share of a new picture in the usual view
ALIKE, UNLIKE = 0.5, 0.2  # correlation of edges
SHIFTED_ALIKE, SHIFT_GAIN = 0.45, 0.2
LEAST_SHIFT = 3  # of 160 pixels
LEAST_ENERGY, MOST_ENERGY = 0.4, 3.0  # of the usual edges: less is fog or dark, more a lamp
LEAST_LIGHT = 40.0  # grey levels; below it there may just be no light
FLAT_ENERGY, FLAT_CONTRAST, NO_CONTRAST = 0.15, 6.0, 4.0
SUDDEN_S = 30.0
STILL_PIXELS = 96  # of 19200: a clock that is written into the picture may go on
BLURRED, FOCUSED = 0.6, 0.75  # of the usual sharpness
ACCEPTED_AFTER_S = 86_400.0


class TamperKind(Enum):
    """What is wrong with a view; the value is the fault's code."""

    COVERED = "camera-covered"
    MOVED = "camera-moved"
    FROZEN = "camera-frozen"
    BLURRED = "camera-out-of-focus"


LASTS_S = {
    TamperKind.COVERED: 60.0,
    TamperKind.MOVED: 180.0,
    TamperKind.FROZEN: 120.0,
    TamperKind.BLURRED: 600.0,
}
SLOWLY_COVERED_S = 600.0  # flat by day, however it came


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, since when, and what was seen."""

    kind: TamperKind
    since_s: float
    seen: str


@dataclass(slots=True)
class Usual:
    """The usual view in one kind of light."""

    edges: Any
    energy: float
    sharpness: float | None
    count: int = 1

    @property
    def is_learned(self) -> bool:
        return self.count >= LEARNED_AFTER

    def follow(self, view: "View") -> None:
        """Take in a picture of the usual view."""
        self.count += 1
        share = max(FOLLOWS, 1 / self.count)
        self.edges += (view.edges - self.edges) * share
        self.energy += (view.energy - self.energy) * share
        if view.sharpness is not None:
            before = view.sharpness if self.sharpness is None else self.sharpness
            self.sharpness = before + (view.sharpness - before) * share


class Tamper:
    """The state of one camera's view. `is_day`: whether the sun is up; None: not known."""

    def __init__(self) -> None:
        self.is_day: bool | None = None
        self.trouble: Trouble | None = None
        self._usual: dict[bool, Usual] = {}
        self._taken_s = self._well_s = -1e9
        self._was_light = False
        self._before: bytes | None = None
        self._since: dict[TamperKind, float] = {}
        self._sudden = False
        self._size = (0, 0)

    def interrupt(self) -> None:
        """The source was opened anew: the time between is unknown, the view is the same."""
        self._before = None
        self._since.pop(TamperKind.FROZEN, None)

    def take(self, frame: "VideoFrame", grey: bytes, media_s: float) -> None:
        """One decoded picture and the same small and grey; looked at each five seconds."""
        if 0 <= media_s - self._taken_s < EVERY_S:
            return
        from sensors.camera.tamper_checks import view as views  # noqa: PLC0415  (numpy: 20 MB)

        if (frame.width, frame.height) != self._size:  # another stream: its view is learned anew
            self._size = (frame.width, frame.height)
            self._usual.clear()
            self.interrupt()
        view = views.measure_view(frame, grey)
        found = self._judge(view, grey, media_s, views)
        self._taken_s, self._before = media_s, grey
        self._note(found, media_s)

    def _judge(
        self, view: "View", grey: bytes, media_s: float, views: Any
    ) -> tuple[TamperKind, str] | None:
        """What this picture alone looks like; learns where it looks as usual."""
        if view.contrast >= NO_CONTRAST and self._is_same(grey, views.count_changed):
            return TamperKind.FROZEN, say(
                "the same picture comes again and again, without any noise"
            )
        usual = self._usual.get(view.is_grey)
        known = usual or next(iter(self._usual.values()), None)
        alike = views.correlate(view.edges, known.edges) if known else 0.0
        if self._is_flat(view, known, alike):
            return self._judge_flat(view, media_s)
        if usual is None:
            self._usual[view.is_grey] = Usual(view.edges.copy(), view.energy, view.sharpness)
        elif alike >= UNLIKE and (share := self._find_lost_focus(view, usual)):
            return TamperKind.BLURRED, say(
                "edges are {share_pct:.0f} % as sharp as usual", share_pct=100 * share
            )
        elif not usual.is_learned or alike >= ALIKE:
            self._learn(view, usual, alike, media_s)
        elif is_comparable(view, usual):
            return judge_move(view, usual, alike, views.find_shift)
        return None

    def _is_same(self, grey: bytes, count_changed: Callable[[bytes, bytes], int]) -> bool:
        return self._before is not None and count_changed(grey, self._before) <= STILL_PIXELS

    def _is_flat(self, view: "View", known: Usual | None, alike: float) -> bool:
        if view.contrast < NO_CONTRAST:
            return True
        weak = known is not None and known.is_learned and view.energy < FLAT_ENERGY * known.energy
        return weak and view.contrast < FLAT_CONTRAST and alike < ALIKE

    def _judge_flat(self, view: "View", media_s: float) -> tuple[TamperKind, str] | None:
        if TamperKind.COVERED not in self._since:
            self._sudden = media_s - self._well_s <= SUDDEN_S
        if view.mean < LEAST_LIGHT and not self.is_day:
            return None  # by night a dark picture says nothing
        if not self._sudden and not (self.is_day and view.contrast < NO_CONTRAST):
            return None
        return TamperKind.COVERED, say("its picture is flat, and there is light")

    def _find_lost_focus(self, view: "View", usual: Usual) -> float | None:
        """How sharp the picture is beside the usual one, where it is out of focus."""
        if not usual.is_learned or usual.sharpness is None or view.sharpness is None:
            return None
        share = view.sharpness / usual.sharpness
        return (
            share if share < (FOCUSED if TamperKind.BLURRED in self._since else BLURRED) else None
        )

    def _learn(self, view: "View", usual: Usual, alike: float, media_s: float) -> None:
        if not usual.is_learned and alike < ALIKE:
            usual.count = 0  # it is not at rest yet: begin again
        usual.follow(view)
        self._well_s = media_s

    def _note(self, found: tuple[TamperKind, str] | None, media_s: float) -> None:
        """A trouble begins when it has lasted, and ends with the first picture without it."""
        kind = found[0] if found else None
        self._since = {one: at for one, at in self._since.items() if one is kind}
        if found is None or kind is None:
            self.trouble = None
            return
        since_s = self._since.setdefault(kind, media_s)
        if media_s < since_s:  # the source's clock went back
            self._since[kind] = since_s = media_s
        slow = kind is TamperKind.COVERED and not self._sudden
        if media_s - since_s < (SLOWLY_COVERED_S if slow else LASTS_S[kind]):
            self.trouble = None
        elif kind is TamperKind.MOVED and media_s - since_s >= ACCEPTED_AFTER_S:
            self._usual.clear()
            self.trouble = None
        elif self.trouble is None or self.trouble.kind is not kind:
            self.trouble = Trouble(kind, since_s, found[1])


def is_comparable(view: "View", usual: Usual) -> bool:
    """Whether there is enough light and clear sight for saying that the view is another one."""
    return (
        view.mean >= LEAST_LIGHT
        and LEAST_ENERGY * usual.energy <= view.energy <= MOST_ENERGY * usual.energy
    )


def judge_move(
    view: "View",
    usual: Usual,
    alike: float,
    find_shift: Callable[[Any, Any], tuple[float, int, int]],
) -> tuple[TamperKind, str] | None:
    """Whether the usual view is there in another place, or not at all."""
    there, right, down = find_shift(view.edges, usual.edges)
    is_shifted = max(abs(right), abs(down)) >= LEAST_SHIFT and there >= SHIFTED_ALIKE
    if is_shifted and there - alike >= SHIFT_GAIN:
        return TamperKind.MOVED, say(
            "its view is shifted by {shift}", shift=describe_shift(right, down)
        )
    if max(alike, there) < UNLIKE:
        return TamperKind.MOVED, say("its view is another one than before")
    return None


def describe_shift(right: int, down: int) -> str:
    """How far, in parts of the picture."""
    across_pct, along_pct = abs(right) / 1.6, abs(down) / 1.2
    across = say("{pct:.0f} % to the left", pct=across_pct)
    if right > 0:
        across = say("{pct:.0f} % to the right", pct=across_pct)
    along = say("{pct:.0f} % up", pct=along_pct)
    if down > 0:
        along = say("{pct:.0f} % down", pct=along_pct)
    if abs(right) >= LEAST_SHIFT and abs(down) >= LEAST_SHIFT:
        return say("{across} and {along}", across=across, along=along)
    return across if abs(right) >= LEAST_SHIFT else along
