"""Pictures between processes: what is requested, and what is answered.

Reads and writes: nothing; pure. The bytes: frame_messages.py. The socket: frame_socket.py.
Never: stored.
"""

from dataclasses import dataclass

from appliance.model import Stamp
from appliance.model_cameras import Box, Detection

LONGEST_WAIT_S = 2.0  # an answer comes after this at the latest, a picture or a reason
I420, BGR, JPEG, MP4 = ENCODINGS = "i420", "bgr", "jpeg", "mp4"
RAW = (I420, BGR)  # large: these may come through shared memory
MAIN, SUB = "main", "sub"  # streams of one camera
Buffer = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in memory; `data` by `encoding`:

    I420: height x width bytes of luma, then two chroma planes of half the height and width, rounded
    up, rows without padding. BGR: height x width x 3 bytes. JPEG: a file. MP4: a clip.

    `media_s` is the camera's own time; `sequence` counts the camera's frames; `skipped` of them
    were never requested. `woken_by` is what detected motion ("" where nothing did) and `region`
    where, if that is known. `detections` is what inference found, if it analysed the picture.
    `stream` is MAIN or SUB, "" where the camera has only one.
    """

    camera: str
    stamp: Stamp
    sequence: int
    skipped: int
    media_s: float
    width: int
    height: int
    encoding: str
    data: Buffer
    detections: tuple[Detection, ...] = ()
    woken_by: str = ""
    region: Box | None = None
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no picture, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """What a consumer requests: the newest picture after `after`, in `encoding`.

    `moved`: only one that shows motion. `wait_s`: how long the answer may be held back
    until there is one, at most `LONGEST_WAIT_S`. MP4 alone: a clip from `since_s` to `until_s`, in
    the camera's own time. `shared`: a raw picture may come through shared memory. `camera`: of the
    view of inference, which has the last picture of each; "" for the last of all.
    """

    encoding: str = BGR
    after: int = -1
    moved: bool = False
    wait_s: float = 0.0
    since_s: float = 0.0
    until_s: float = 0.0
    shared: bool = False
    camera: str = ""


Answer = Picture | Refusal
