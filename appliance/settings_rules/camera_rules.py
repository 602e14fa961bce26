"""What must hold of cameras: shapes within the picture, labels that are followed, clips.

In: settings. Out: the places that break a rule, and why. Pure.
Never: checks a value by itself (its type and range); appliance/settings_file.py does that.
"""

from collections.abc import Iterable, Iterator

from appliance.parsing.nearest import advise
from appliance.sections.cameras import CameraSettings, Point, Polygon
from appliance.settings import Settings
from appliance.settings_rules.places import Error, Place
from appliance.wording.sentence import say

BLURRED = say(
    "must be 0 while heads are blurred: in clips they are not; set `blur_heads = false` "
    "under [inference] where the law lets you keep clips of people"
)


def check_labels(settings: Settings) -> Iterator[Error]:
    """A label with a section of its own must be one that is followed."""
    known = set(settings.inference.labels)
    for camera in settings.camera.values():
        for zone in camera.zone.values():
            known.update(zone.labels)
        for line in camera.line.values():
            known.update(line.labels)
    names = [label.replace(" ", "-") for label in sorted(known)]
    for name in settings.inference.label:
        if name not in names:
            text = say("is no label that makes events; {advice}", advice=advise(name, names))
            yield ("inference", "label", name), text


def check_shapes(camera: CameraSettings, here: Place) -> Iterator[Error]:
    """Masks, zones and lines lie within the picture and have enough corners."""
    for key in ("privacy_masks", "motion_masks"):
        for polygon in getattr(camera, key):
            yield from check_polygon(polygon, (*here, key))
    for zone, entry in camera.zone.items():
        yield from check_polygon(entry.polygon, (*here, "zone", zone, "polygon"))
    for line, ends in camera.line.items():
        yield from check_points((ends.start, ends.end), (*here, "line", line))
        if ends.start == ends.end:
            yield (*here, "line", line), say("begins where it ends")


def check_polygon(polygon: Polygon, where: Place) -> Iterator[Error]:
    """Three corners or more, in the picture."""
    if len(polygon) < 3:
        yield where, say("needs 3 corners or more, not {count}", count=len(polygon))
    yield from check_points(polygon, where)


def check_points(points: Iterable[Point], where: Place) -> Iterator[Error]:
    """Fractions of the picture."""
    for point in points:
        if not all(0 <= number <= 1 for number in point):
            yield (
                where,
                say("has {point} outside the picture: fractions go from 0 to 1", point=list(point)),
            )


def check_clips(camera: CameraSettings, where: Place, settings: Settings) -> Iterator[Error]:
    """Clips are kept as the camera sends them: nothing in them can be hidden."""
    if camera.clip_s > 0 and camera.privacy_masks:
        yield where, say("must be 0 beside `privacy_masks`: clips cannot be masked, only pictures")
    if camera.clip_s > 0 and settings.inference.blur_heads:
        yield where, BLURRED
