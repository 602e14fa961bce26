"""The settings of a DDI server -> the face.

Reads: the token's file, when something is asked. Writes: nothing.
Never: holds a rule, or keeps the token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.log import SentenceLog
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.wording.sentence import say
from ota.ddi.action_file import NAME, DdiFile
from ota.ddi.asking import Asking
from ota.ddi.connection import Connection
from ota.ddi.face import DdiFace
from ota.ddi.memory import DdiMemory
from ota.ddi.talk import Talk
from ota.ddi.telling import Telling
from ota.files import Files

MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Around:
    """What the face needs of the unit. `machine`: "x86-64". `on_bytes` hears what came.
    `find_own_hold`: who at the unit holds updates, "" for nobody.
    """

    files: Files
    now: Callable[[], datetime]
    machine: str
    log: SentenceLog
    on_bytes: Callable[[int], None]
    find_own_hold: Callable[[], str]


def open_face(settings: Settings, around: Around) -> DdiFace:
    """For a unit whose settings name a server."""
    own = settings.ddi
    connection = Connection(
        own.url,
        own.tenant,
        own.controller or settings.unit.name,
        make_reader(own.target_token_file, own.gateway_token_file),
        own.ca_file,
        around.on_bytes,
    )
    board = own.board or f"unit-{around.machine}"
    attributes = {"hw_boardname": board, "hw_revision": "default", "group": settings.update.group}
    memory = DdiMemory(DdiFile(around.files, settings.update.dir / NAME), around.log)
    talk = Talk(connection, around.now, around.log)
    telling = Telling(memory, talk, attributes, own.distribution, around.find_own_hold)
    return DdiFace(memory, Asking(memory, talk, telling), telling)


def make_reader(target: Path | None, gateway: Path | None) -> Callable[[], str]:
    """Reads the token anew for each question: a technician may have changed it."""

    def read() -> str:
        if target is not None:
            return f"TargetToken {read_token(target)}"
        return f"GatewayToken {read_token(gateway)}" if gateway is not None else ""

    return read


def read_token(path: Path) -> str:
    """The one line of the file; raises `OSError`, `ValueError` without its content."""
    try:
        token = read_small_file(path, MOST_BYTES).decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable():
        raise ValueError(say("{path} holds no token in one line", path=path))
    return token
