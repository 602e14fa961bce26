"""`unitctl cameras timelapse`: the pictures of time-lapses, and a video of them.

Reads: the settings and the pictures. Writes: standard output; with `--to` a video file.
Never: deletes a picture; `unitctl events erase` does.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from appliance.commands.opening import find_moment_utc, format_local, load_unit_settings
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import SettingsError, StoreError
from appliance.media import files
from appliance.media.files import PICTURE, MediaFile
from appliance.parsing.arguments import NAME, PATH, TIME, make_type
from appliance.parsing.nearest import advise
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.wording.counts import format_count

HELP = "list the pictures of time-lapses by day, or make a video of them"
FRAMES_PER_S = 12


def add_action(actions: Any) -> None:
    """The action timelapse."""
    action: argparse.ArgumentParser = actions.add_parser("timelapse", help=HELP, description=HELP)
    action.set_defaults(order=run)
    action.add_argument("camera", nargs="?", type=NAME, metavar="NAME", help="one camera")
    action.add_argument("--since", type=TIME, metavar="TIME", help="only later ones, such as 7d")
    action.add_argument("--to", type=PATH, metavar="FILE", help="write a video (MP4) of one camera")
    action.add_argument(
        "--rate",
        type=make_type(parse_count, 1, 60),
        default=FRAMES_PER_S,
        metavar="N",
        help=f"pictures a second in the video (default {FRAMES_PER_S})",
    )
    action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    action.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    found = find_pictures(arguments, settings)
    if arguments.to is not None:
        return export(arguments, found)
    if arguments.json:
        show_json([describe_picture(one) for one in found])
    elif found:
        show([build_section(found, settings)])
    else:
        print(f"no picture of a time-lapse; {explain_none(settings)}")
    return 0


def find_pictures(arguments: argparse.Namespace, settings: Settings) -> list[MediaFile]:
    """Those that the command line asks for, the oldest first. Raises `StoreError`."""
    camera = arguments.camera
    if camera is not None and camera not in settings.camera:
        raise SettingsError(
            f"there is no camera {camera!r}; {advise(camera, list(settings.camera))}"
        )
    since = find_moment_utc(arguments.since, settings.make_clock().stamp().utc, settings)
    since_s = since.timestamp() if since else 0.0
    try:
        stored = list(files.list_files(settings.timelapse_dir))
    except OSError as error:
        raise StoreError(f"{settings.timelapse_dir} cannot be read: {error.strerror}") from error
    found = [
        one
        for one in stored
        if one.kind == PICTURE and one.camera == (camera or one.camera) and one.taken_s >= since_s
    ]
    return sorted(found, key=lambda one: one.event_id)


def export(arguments: argparse.Namespace, found: Sequence[MediaFile]) -> int:
    """Write the video. Raises `StoreError`."""
    from appliance.media.timelapse_video import write_video  # noqa: PLC0415  (av: 20 MB)

    if arguments.camera is None:
        raise SettingsError("--to needs the NAME of one camera: a video shows one place")
    count = write_video([one.path for one in found], arguments.to, arguments.rate)
    if not count:
        print(f"there is no picture of {arguments.camera} that can be read: no video was written")
        return 1
    seconds = count / arguments.rate
    print(f"{arguments.to}: {format_count(count, 'picture')}, {seconds:.1f} s")
    return 0


def describe_picture(one: MediaFile) -> dict[str, Any]:
    """One picture as programs get it."""
    at = encode_time(datetime.fromtimestamp(one.taken_s, UTC))
    return {"camera": one.camera, "at": at, "file": str(one.path), "bytes": one.size_bytes}


def build_section(found: Sequence[MediaFile], settings: Settings) -> Section:
    """How many there are of each camera and day."""
    days: dict[tuple[str, str], list[MediaFile]] = {}
    for one in found:
        at = encode_time(datetime.fromtimestamp(one.taken_s, UTC))
        days.setdefault((one.camera, format_local(at, settings, "%a %d %b")), []).append(one)
    lines = [
        Line(camera, f"{day}: {format_count(len(own), 'picture')}, {count_mb(own):.1f} MB")
        for (camera, day), own in days.items()
    ]
    return Section(f"Time-lapse, {count_mb(found):.1f} MB in {settings.timelapse_dir}", lines)


def count_mb(found: Sequence[MediaFile]) -> float:
    return sum(one.size_bytes for one in found) / 1e6


def explain_none(settings: Settings) -> str:
    """Whether one is wanted at all."""
    if any(camera.timelapse_min for camera in settings.camera.values()):
        return "they are taken while surplus is available and inference runs"
    return "none is wanted: set `timelapse_min` of a camera"
