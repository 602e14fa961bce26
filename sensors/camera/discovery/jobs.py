"""The jobs of the process that asks: each ends in a result, or in the kind of trouble.

Reads: the camera, through conversation.py. Writes: nothing but what the job orders at the camera.
Never: lets anything pass that a camera can cause: each failure has its kind.
"""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from ipaddress import IPv4Address
from typing import Any

from requests.exceptions import ConnectionError as NoConnectionError
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError, ReadTimeoutError
from zeep.exceptions import (
    DTDForbidden,
    EntitiesForbidden,
    ExternalReferenceForbidden,
    Fault,
)
from zeep.exceptions import Error as ZeepError

from sensors.camera.discovery.answers import Service
from sensors.camera.discovery.bounded import OtherHostError, Reply, TooLargeError, TooLongError
from sensors.camera.discovery.conversation import Conversation, RefusedError
from sensors.camera.discovery.troubles import Trouble

JPEG_BEGIN = b"\xff\xd8\xff"
LONGEST_WORDS = 200  # characters of a camera's own words
Result = dict[str, Any]
# The first that fits; what is left is what libraries raise where a reply has another shape.
KINDS: tuple[tuple[tuple[type[BaseException], ...], Trouble], ...] = (
    ((TooLargeError,), Trouble.TOO_LARGE),
    ((TooLongError,), Trouble.TOO_LONG),
    ((MemoryError,), Trouble.DIED),
    (
        (OtherHostError, DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden),
        Trouble.HOSTILE,
    ),
    ((Timeout, TimeoutError, ReadTimeoutError), Trouble.SILENT),
    ((Fault,), Trouble.REFUSED),
)
OTHERS = (ZeepError, RequestException, HTTPError, OSError, LookupError, TypeError, ValueError)
FAILURES = (*(one for kinds, _ in KINDS for one in kinds), *OTHERS, AttributeError)


def do_job(job: Mapping[str, Any]) -> Result:
    """The result of one job, or its trouble."""
    service = Service(IPv4Address(job["address"]), int(job["port"]), str(job["path"]))
    login = (str(job["user"]), str(job["password"]))
    camera = Conversation(service, login, time.monotonic() + float(job["seconds"]))
    work: dict[str, Callable[[], Result]] = {
        "describe": lambda: {"facts": camera.describe().to_json()},
        "set_gop": lambda: {"encoder": asdict(camera.set_gop(job["token"], int(job["frames"])))},
        "snapshot": lambda: take_picture(camera.fetch_snapshot(str(job["at"]))),
    }
    try:
        return work[job["do"]]()
    except RefusedError as error:
        kind = Trouble.WRONG_LOGIN if login[0] else Trouble.NEEDS_LOGIN
        return {"trouble": kind, "clock_offset_s": error.offset_s}
    except FAILURES as error:
        return {"trouble": find_kind(error), "what": find_words(error)}


def take_picture(reply: Reply) -> Result:
    """The picture, where it is one."""
    if reply.status_code != 200 or not reply.content.startswith(JPEG_BEGIN):
        return {"trouble": Trouble.NO_PICTURE}
    return {"jpeg": base64.b64encode(reply.content).decode()}


def find_kind(error: BaseException) -> Trouble:
    """The kind of a failure."""
    if isinstance(error, NoConnectionError) and not isinstance(error, Timeout):
        return Trouble.CLOSED if "refused" in str(error).lower() else Trouble.SILENT
    found = (kind for kinds, kind in KINDS if isinstance(error, kinds))
    return next(found, Trouble.NOT_ONVIF)


def find_words(error: BaseException) -> str:
    """What the camera itself says is wrong."""
    return str(error.message)[:LONGEST_WORDS] if isinstance(error, Fault) else ""
