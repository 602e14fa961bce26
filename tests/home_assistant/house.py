"""A house: Home Assistant, a broker and the unit, and what is asked of the three together.

Reads: the journal, history and registries of Home Assistant. Writes: nothing of its own.
Never: takes for ours what Home Assistant says of itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conftest import CLIP, ROOT
from tests.home_assistant.broker import Broker
from tests.home_assistant.home import Home, HomeError
from tests.home_assistant.journal import JournalEntry, is_complaint
from tests.home_assistant.unit import FAST_DAY_S, NOON, Unit
from tests.real_pid1.needs import list_missing
from tests.waiting import wait_until

DEBIAN = ROOT / "build/home-assistant/root"
PROGRAMS = {"mosquitto": "mosquitto", "unshare": "util-linux", "chroot": "coreutils"}
PATIENCE_S = 90.0
UNUSABLE = ("unavailable", "unknown")
Json = Any


@dataclass
class House:
    """The three; each may be killed and started again."""

    home: Home
    broker: Broker
    unit: Unit
    began: datetime

    def list_complaints(self) -> list[JournalEntry]:
        """Warnings and errors of Home Assistant that may be about the unit."""
        return [one for one in self.home.read_journal() if is_complaint(one)]

    def read_states(self) -> dict[str, Json]:
        """The states of the unit's entities by entity id."""
        states = self.home.read_states()
        own = [one["entity_id"] for one in self.home.read_entities() if not one["disabled_by"]]
        return {name: states[name] for name in own if name in states}

    def list_unavailable(self) -> list[str]:
        """The unit's entities that Home Assistant shows as not there."""
        return [name for name, one in self.read_states().items() if one["state"] == "unavailable"]

    def is_available(self) -> bool:
        """Whether there are entities, and all are there."""
        with suppress(OSError, HomeError):
            return bool(self.read_states()) and not self.list_unavailable()
        return False

    def find_event_entity(self, camera: str) -> str:
        """The entity that tells of a camera's events."""
        names = [name for name in self.read_states() if name.startswith("event.")]
        return next(name for name in names if camera in name.split("_"))

    def read_told_ids(self, camera: str) -> list[str]:
        """The events of a camera that Home Assistant has in its history, in order."""
        entity = self.find_event_entity(camera)
        wish = {
            "start_time": self.began.isoformat(),
            "entity_ids": [entity],
            "significant_changes_only": False,
            "include_start_time_state": False,
        }
        rows = self.home.call("history/history_during_period", **wish).get(entity, [])
        found = [row["a"].get("event_id") for row in rows if row["s"] not in UNUSABLE]
        return [str(one) for one in found if one]

    def wait_for(self, true: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> float:
        """As `wait_until`, and asks no more often than a person would."""

        def ask() -> bool:
            with suppress(OSError, HomeError, StopIteration):
                if true():
                    return True
            time.sleep(0.3)
            return False

        return wait_until(ask, what, within_s)


def list_what_lacks() -> list[str]:
    """What a house needs and this computer does not have."""
    made = [] if DEBIAN.is_dir() else ["`make build/home-assistant/installed`"]
    return list_missing(PROGRAMS) + made


@contextmanager
def open_house(
    directory: Path, *, day_s: float = FAST_DAY_S, start: datetime = NOON, clip: Path = CLIP
) -> Iterator[House]:
    """All three, connected; they end with the block."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    broker, home = Broker(directory), Home(DEBIAN, directory)
    broker.start()
    try:
        home.start()
        home.add_broker(broker.port)
        with Unit(directory / "run", broker.port, day_s=day_s, start=start, clip=clip) as unit:
            house = House(home, broker, unit, began)
            house.wait_for(house.is_available, "the unit in Home Assistant")
            yield house
    finally:
        home.close()
        broker.kill()
