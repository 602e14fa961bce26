"""What each camera and its part of inference have used in all, so that it only rises.

    counter.follow()                   # once a cycle; counts each five minutes
    counter.energy_wh                  # {"gate": 812.4}

Reads: the rows that appliance/status/camera_costs.py reads, CameraEnergy rows. Writes: CameraEnergy
rows.
Never: counts a time without rows: what a camera used in a gap is not known. Never counts a time
twice: a row says up to when it is counted, and is written with its energy.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from appliance.model import Stamp
from appliance.model_cameras import CameraEnergy
from appliance.settings import Settings
from appliance.status.camera_costs import CameraEnergy as UsedEnergy
from appliance.status.camera_costs import sum_up
from appliance.store.store import Store

EVERY = timedelta(minutes=5)
LATE = timedelta(minutes=3)  # by then the rows of a time are there
LONGEST = timedelta(hours=2)  # counted at once, lest a cycle takes long; rows are kept two days
KEPT = timedelta(days=2)


class CameraEnergyCounter:
    """Of all cameras of the settings. `follow` raises `StoreError`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._totals: dict[str, CameraEnergy] | None = None

    @property
    def energy_wh(self) -> dict[str, float]:
        """What was counted, by camera."""
        return {name: row.energy_wh for name, row in (self._totals or {}).items()}

    def follow(self) -> None:
        """Count what has become known since."""
        if self._totals is None:
            self._totals = {row.camera: row for row in self._store.rows(CameraEnergy)}
        until = self._store.clock.stamp().utc - LATE
        begins = {name: self._find_begin(name, until) for name in self._settings.camera}
        for since in sorted(set(begins.values())):
            if until - since >= EVERY:
                cameras = [name for name, begin in begins.items() if begin == since]
                self._count(cameras, since, min(until, since + LONGEST))

    def _find_begin(self, name: str, until: datetime) -> datetime:
        """Up to when it is counted; a long absence begins anew. So does a clock that was ahead by
        more than rows are kept; one that was ahead by less is waited for: what was written with it
        would count twice.
        """
        row = (self._totals or {}).get(name)
        if row is None or row.stamp.utc > until + KEPT:
            return until - EVERY
        return max(row.stamp.utc, until - KEPT)

    def _count(self, cameras: Sequence[str], since: datetime, until: datetime) -> None:
        used, before = sum_up(self._store, since, until), self.energy_wh
        now = self._store.clock.stamp()
        stamp = Stamp(until, now.boot_id, now.uptime_s)
        rows = [
            CameraEnergy(stamp, name, before.get(name, 0.0) + (find_wh(used, name) or 0.0))
            for name in cameras
        ]
        self._store.add(*rows)
        self._totals = (self._totals or {}) | {row.camera: row for row in rows}


def find_wh(used: Mapping[str, UsedEnergy], camera: str) -> float | None:
    """What is known of a camera's use: without inference's part where only that is unknown."""
    own = used.get(camera)
    if own is None or own.camera.wh is None:
        return None
    return own.camera.wh + (own.inference.wh or 0.0)
