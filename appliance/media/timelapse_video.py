"""A video of a time-lapse: its pictures one after another. Imported with the first one (av).

Reads: JPEG files. Writes: one video file.
Never: leaves a file behind that is not whole, or takes a picture that cannot be read for the end.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from appliance.errors import StoreError
from appliance.wording.sentence import say

CODEC, QUALITY = "libx264", {"crf": "23", "preset": "veryfast"}
LARGEST_PX = 1920  # of the width


def write_video(pictures: Sequence[Path], to: Path, frames_per_s: int) -> int:
    """Write them as an MP4 file; returns how many could be read. Raises `StoreError`."""
    part = to.with_name(f"{to.name}.part")
    try:
        count = encode(pictures, part, frames_per_s)
        if count:
            part.replace(to)
    except (FFmpegError, OSError) as error:
        raise StoreError(
            say(
                "{to} cannot be written: {error}; check the place and its space", to=to, error=error
            )
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def encode(pictures: Sequence[Path], to: Path, frames_per_s: int) -> int:
    """All have the size of the first one, even and not too large."""
    count, width, height = 0, 0, 0
    with av.open(str(to), "w", format="mp4") as container:
        stream = container.add_stream(CODEC, rate=frames_per_s, options=QUALITY)
        stream.time_base = Fraction(1, frames_per_s)
        stream.pix_fmt = "yuv420p"
        for path in pictures:
            frame = read_picture(path)
            if frame is None:
                continue
            if not count:
                width, height = choose_size(frame.width, frame.height)
                stream.width, stream.height = width, height
            shown = frame.reformat(
                width, height, "yuv420p", src_color_range="JPEG", dst_color_range="MPEG"
            )
            shown.pts, shown.time_base = count, Fraction(1, frames_per_s)
            container.mux(stream.encode(shown))
            count += 1
        if count:
            container.mux(stream.encode(None))
    return count


def choose_size(width: int, height: int) -> tuple[int, int]:
    """Even sides, the width at most `LARGEST_PX`."""
    share = min(1.0, LARGEST_PX / width)
    return max(2, round(width * share) // 2 * 2), max(2, round(height * share) // 2 * 2)


def read_picture(path: Path) -> VideoFrame | None:
    """The picture in a JPEG file; None where it cannot be read."""
    try:
        with av.open(str(path), format="image2", options={"pattern_type": "none"}) as container:
            return next(container.decode(video=0), None)
    except (FFmpegError, OSError, ValueError):
        return None
