"""Small clips made on the spot: flat grey pictures, each a little lighter than the one before.

So a decoded picture says which frame of the clip it is (`frame_number`), and a test can see whether
the right one came. 50 x 34 pixels: a row is no multiple of 32 bytes, so padding shows.
"""

from dataclasses import dataclass
from pathlib import Path

import av

from sensors.camera.pictures.encoding import encode
from sensors.camera.pictures.gop import GroupOfPictures
from sensors.camera.sources.source import EncodedPacket
from sensors.camera.sources.video_file import VideoFile

WIDTH, HEIGHT, RATE = 50, 34, 10
STEP = 4  # of luma from frame to frame


def make_video_file(
    path: Path, frames: int = 40, key_every: int = 20, *, b_frames: int = 2, **options: str
) -> Path:
    """Write an H.264 clip with B-frames, 10 frames/s, at most 50 frames."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {
            "g": str(key_every),
            "bf": str(b_frames),
            "sc_threshold": "0",
            "crf": "12",
        }
        for number in range(frames):
            container.mux(stream.encode(make_grey(16 + STEP * number)))
        container.mux(stream.encode(None))
    return path


def make_grey(luma: int) -> av.VideoFrame:
    """One flat picture."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


@dataclass(frozen=True)
class Shot:
    """One picture that was decoded."""

    media_s: float
    width: int
    height: int
    data: bytes


class Viewer:
    """A video file and a decoder, as a feed has them. `sequence` counts packets from 0."""

    def __init__(self, path: Path) -> None:
        self.sequence = -1
        self.group = GroupOfPictures(f"the camera {path.name}")
        self.file = VideoFile(path, self.take_packet)
        self.advance = self.file.advance
        self.close = self.file.close

    def take_packet(self, packet: EncodedPacket) -> None:
        self.sequence += 1
        self.group.add(packet)

    def take_shot(self, encoding: str = "bgr") -> Shot | None:
        found = self.group.decode_newest()
        if found is None:
            return None
        data = bytes(encode(found.frame, encoding))
        return Shot(found.media_s, found.frame.width, found.frame.height, data)


def read_frame_number(bgr: bytes) -> int:
    """Which frame of the video file this picture is."""
    mean = sum(bgr) / len(bgr)
    return round(mean * 219 / 255 / STEP)


def count_open(path: Path) -> int:
    """How many descriptors of this process stand on `path`."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += descriptor.readlink() == path
        except FileNotFoundError:  # the listing's own descriptor, or another thread's
            continue
    return found
