"""Pictures of cameras for a report: looked at, made small, encoded anew.

    photograph = make_photograph("gate", data, note)    # Photograph; without `data` where damaged

Reads and writes: nothing. Imports OpenCV when the first picture comes.
Never: passes on what a camera wrote into its file beside the picture (place, maker, thumbnail).
"""

from appliance.wording.sentence import say
from provisioning.commissioning.report.document import Photograph

LONGEST_SIDE = 1280  # pixels
QUALITY = 80  # of JPEG
MOST_BYTES = 30_000_000  # of one picture as the camera gives it
MOST_CAMERAS = 64
BEGIN, END = b"\xff\xd8", b"\xff\xd9"
DAMAGED = say("its picture is damaged; look at the camera's cable and stream")


def make_photograph(camera: str, data: bytes, note: str) -> Photograph:
    """The picture, at most `LONGEST_SIDE` wide and high; none where it is no whole JPEG."""
    is_whole = data.startswith(BEGIN) and data.rstrip(b"\0").endswith(END)
    if not is_whole or len(data) > MOST_BYTES:
        return Photograph(camera, None, DAMAGED)
    import cv2  # noqa: PLC0415  (60 MB, for a report alone)
    import numpy as np  # noqa: PLC0415

    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            return Photograph(camera, None, DAMAGED)
        height, width = picture.shape[:2]
        share = min(1.0, LONGEST_SIDE / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    except cv2.error:
        return Photograph(camera, None, DAMAGED)
    return Photograph(camera, encoded.tobytes(), note, *size)
