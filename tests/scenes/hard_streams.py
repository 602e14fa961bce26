"""Films that cameras and recorders make and that are hard to read, made again by this script.

`FAR` has a key frame each 10 s, `REFRESH` none but the first (x264's intra refresh); in both the
noise is such that packet sizes show nothing. `make_cinepak` is a film whose packets do not say its
size; `make_foreign_jpegs` are JPEGs without the Huffman tables that they were coded with.
"""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from tests.scenes.clips import Scene, Walk

STAYS_S = 2.1
WALKS = tuple(Walk(at_s, at_s + STAYS_S, who) for who, at_s in enumerate((13.0, 23.5, 33.0)))
FAR = Scene("far keys", 40, WALKS, key_every=100, noise=10)
REFRESH = Scene(
    "intra refresh",
    40,
    WALKS,
    noise=10,
    options=(("crf", "25"), ("tune", "zerolatency"), ("x264-params", "intra-refresh=1")),
)
WIDTH, HEIGHT, RATE = 160, 120, 10
TABLES, SCAN = 0xC4, 0xDA  # markers DHT and SOS, ITU-T T.81 table B.1


def make_pictures(count: int) -> list[np.ndarray]:
    """A bar that wanders over noise, as rows of BGR."""
    still = np.random.default_rng(7).integers(60, 180, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    pictures = []
    for number in range(count):
        picture = still.copy()
        picture[:, number * 3 % WIDTH :][:, :8] = 255
        pictures.append(picture)
    return pictures


def make_cinepak(path: Path, frames: int = 12) -> Path:
    """A film of an old recorder: AVI with Cinepak."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("cinepak", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "rgb24"
        for picture in make_pictures(frames):
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def make_foreign_jpegs(path: Path, frames: int = 30, *, damaged_from: int = 0) -> Path:
    """A Motion JPEG film whose pictures lack their own tables from the one numbered so on."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("mjpeg", rate=RATE, width=WIDTH, height=HEIGHT)
        stream.time_base = Fraction(1, RATE)
        for number, picture in enumerate(make_pictures(frames)):
            optimised = [*quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
            data = cv2.imencode(".jpg", picture, optimised)[1].tobytes()
            packet = av.Packet(strip_tables(data) if number >= damaged_from else data)
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
    return path


def strip_tables(jpeg: bytes) -> bytes:
    """The JPEG without its Huffman tables: a decoder then takes the usual ones, which are wrong."""
    kept, at = jpeg[:2], 2
    while jpeg[at + 1] != SCAN:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4])
        kept += jpeg[at:end] if jpeg[at + 1] != TABLES else b""
        at = end
    return kept + jpeg[at:]
