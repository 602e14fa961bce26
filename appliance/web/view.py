"""The camera's picture for the page: the last one that inference analysed, with its detections.

Reads: the inference process's view socket. Writes: nothing.
Never: causes decoding or inference for a viewer, and never stores a picture.
"""

import json
from collections.abc import Iterable

from appliance.errors import CameraError
from appliance.media.frame_socket import FrameClient
from appliance.media.frames import JPEG, Picture, PictureRequest, Refusal
from appliance.model_cameras import Detection
from appliance.settings import Settings
from appliance.wording.sentence import say


def pull_picture(settings: Settings, camera: str | None = None) -> Picture:
    """The last analysed picture as JPEG, of that camera or (None) of any.

    Raises `CameraError` with the reason why not.
    """
    client = FrameClient(settings.view_socket)
    try:
        answer = client.pull(PictureRequest(JPEG, camera=camera or ""))
    except CameraError as error:
        raise CameraError(say("inference is not running, so no picture is analysed")) from error
    finally:
        client.close()
    if isinstance(answer, Refusal):
        raise CameraError(answer.reason)
    if camera is not None and answer.camera != camera:
        raise CameraError(
            say("the last picture that inference analysed is from {camera}", camera=answer.camera)
        )
    return answer


def format_detections(detections: Iterable[Detection]) -> str:
    """Detections as one line of JSON: [[label, confidence, left, top, right, bottom], ...]."""
    seen = [
        [d.label, round(d.confidence, 3), d.box.left, d.box.top, d.box.right, d.box.bottom]
        for d in detections
    ]
    return json.dumps(seen, separators=(",", ":"))
