"""The job of the asking process that looks at a stream.

Reads: the stream. Writes: nothing.
Never: repeats the address or the password: errors are the sentences of the cameras' own process.
"""

import base64
from collections.abc import Mapping
from typing import Any

from appliance.errors import CameraError
from appliance.wording.sentence_data import encode_sentence
from sensors.camera.discovery.stream_look import look_at
from sensors.camera.sources.address import parse_address


def do_look(job: Mapping[str, Any]) -> dict[str, Any]:
    """The picture and what was measured, or why there is none."""
    try:
        look = look_at(
            parse_address(str(job["url"])),
            (str(job["user"]), str(job["password"])),
            float(job["seconds"]),
            allow_local=job.get("allow_local") is True,
            masks=tuple(tuple((x, y) for x, y in one) for one in job.get("masks", ())),
        )
    except CameraError as error:
        return {"said": encode_sentence(str(error))}
    return {
        "jpeg": base64.b64encode(look.jpeg).decode(),
        "width_px": look.width_px,
        "height_px": look.height_px,
        "stream": look.stream,
        "key_frame_s": look.key_frame_s,
    }
