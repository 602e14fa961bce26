"""Asks one camera over ONVIF, in a process of its own that ends with the answer.

    facts = describe(service, Login("viewer", "1234"))
    encoder = set_gop(service, login, token="encoder-1", frames=50)

Reads: the camera, through process.py. Writes: to the camera in `set_gop` only.
Never: has the password in a command line or an environment, where other users see it; and never
waits longer than `LONGEST_S`.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import CameraError
from appliance.sections.cameras import Polygon
from appliance.strict_json import InputError, parse_object
from appliance.wording.sentence import say
from appliance.wording.sentence_data import decode_sentence
from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.facts import (
    MOST_PX,
    CameraFacts,
    Encoder,
    Look,
    read_count,
    read_encoder,
    read_facts,
    read_number,
    read_text,
)
from sensors.camera.discovery.matches import clean
from sensors.camera.discovery.troubles import Trouble, make_error

MODULE = "sensors.camera.discovery.process"
WATCH_S = 10.0  # for a second key frame: cameras have them up to 10 s apart
ASK_S = 25.0  # for all questions to a camera
LONGEST_S = 40.0  # with the start of the process
MOST_ANSWER_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Login:
    """User and password at a camera; without a user none is sent."""

    user: str = ""
    password: str = field(default="", repr=False)


NOBODY = Login()


def describe(service: Service, login: Login = NOBODY, ask_s: float = ASK_S) -> CameraFacts:
    """What the camera is and offers; raises `AskingError`."""
    found = ask(service, login, ask_s, do="describe").get("facts")
    return read_facts(found if isinstance(found, Mapping) else {})


def set_gop(
    service: Service, login: Login, *, token: str, frames: int, ask_s: float = ASK_S
) -> Encoder:
    """Set the pictures between key frames of one encoder; what it says afterwards."""
    found = ask(service, login, ask_s, do="set_gop", token=token, frames=frames).get("encoder")
    return read_encoder(found if isinstance(found, Mapping) else {})


def fetch_snapshot(service: Service, login: Login, at: str, ask_s: float = ASK_S) -> bytes:
    """The JPEG at an address of the camera; raises `AskingError` where there is none."""
    found = ask(service, login, ask_s, do="snapshot", at=at).get("jpeg")
    return base64.b64decode(read_text(found))


def look(
    url: str,
    login: Login,
    *,
    watch_s: float = WATCH_S,
    allow_local: bool = False,
    masks: Sequence[Polygon] = (),
) -> Look:
    """One picture of the stream at `url`, and how far its key frames are apart; raises
    `CameraError`.
    """
    job = {
        "do": "look",
        "url": url,
        "user": login.user,
        "password": login.password,
        "seconds": watch_s,
        "allow_local": allow_local,
        "masks": masks,
    }
    found = run(job)
    if "jpeg" not in found:
        said = decode_sentence(read_text(found.get("said")))
        raise CameraError(said or say("the camera's stream cannot be read: restart the camera"))
    return Look(
        base64.b64decode(read_text(found["jpeg"])),
        read_count(found.get("width_px"), MOST_PX) or 0,
        read_count(found.get("height_px"), MOST_PX) or 0,
        clean(read_text(found.get("stream")), 100),
        read_number(found.get("key_frame_s"), 0.001, 3600),
    )


def ask(service: Service, login: Login, ask_s: float, **job: Any) -> dict[str, Any]:
    """The answer of the process."""
    job |= {
        "address": str(service.address),
        "port": service.port,
        "path": service.path,
        "user": login.user,
        "password": login.password,
        "seconds": ask_s,
    }
    answer = run(job)
    trouble = answer.get("trouble")
    if trouble is None:
        return answer
    kind = Trouble(trouble) if trouble in list(Trouble) else Trouble.DIED
    offset_s = read_number(answer.get("clock_offset_s"), -1e10, 1e10)
    what = clean(read_text(answer.get("what")), 200)
    raise make_error(f"{service.address}:{service.port}", kind, what=what, offset_s=offset_s)


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """The last line of the process; one that died is an answer too."""
    # -P: a file `zeep.py` in the caller's directory must not be imported.
    words = [sys.executable, "-P", "-m", MODULE]
    try:
        done = subprocess.run(
            words,
            input=json.dumps(job).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"trouble": Trouble.TOO_LONG}
    except OSError as error:
        raise CameraError(
            say("no process can be started to ask a camera: {why}", why=error.strerror or "?")
        ) from None
    try:
        last = (done.stdout.splitlines() or [b""])[-1]
        return parse_object(last, most_bytes=MOST_ANSWER_BYTES)
    except InputError:
        return {"trouble": Trouble.DIED}
