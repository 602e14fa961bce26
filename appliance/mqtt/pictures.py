"""The snapshot of each camera's last event, for the broker: as it is stored, masked and with heads
hidden.

Reads: Event and CameraHold rows, the files of snapshots. Writes: nothing.
Never: shows an event of a camera that is muted, or one that was erased: its message is taken back.
"""

from base64 import b64encode
from pathlib import Path

from appliance.model_cameras import Event, HoldKind
from appliance.mqtt.topics import Messages, Topics
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.store.camera_holds import HoldReader
from appliance.store.store import Store

MOST_BYTES = 1_000_000


class Pictures:
    """Of all cameras of one unit."""

    def __init__(self, store: Store, settings: Settings, topics: Topics) -> None:
        self._store, self._settings, self._topics = store, settings, topics
        self._holds = HoldReader(store)
        self._read: dict[str, tuple[str, str]] = {}  # a camera's event and picture

    def build(self) -> Messages:
        """The retained messages; a camera without a picture has none. Raises `StoreError`."""
        found = {name: self._find(name) for name in self._settings.camera}
        return {self._topics.picture(name): text for name, text in found.items() if text}

    def _find(self, camera: str) -> str:
        event = self._store.last(Event, camera=camera)
        if event is None or event.snapshot is None:
            self._read.pop(camera, None)
            return ""
        if HoldKind.MUTE in self._holds.find(camera):
            return self._read.get(camera, ("", ""))[1]
        if self._read.get(camera, ("", ""))[0] != event.event_id:
            path = self._settings.unit.data_dir / event.snapshot
            picture = read_picture(path, self._settings.snapshots_dir)
            self._read[camera] = (event.event_id, picture)
        return self._read[camera][1]


def read_picture(path: Path, directory: Path) -> str:
    """A JPEG in base64; "" where there is none in that directory."""
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            return ""
        return b64encode(read_small_file(path, MOST_BYTES)).decode()
    except (OSError, ValueError):
        return ""
