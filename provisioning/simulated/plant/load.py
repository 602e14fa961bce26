"""The load on the simulated battery: the loads that the unit itself reports.

Reads: the unit database (it may not exist yet, or be replaced under us). Writes: nothing.
Never: draws nothing. Where no service reports, the unit hibernates and draws its hibernation power.
"""

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.settings import Settings
from appliance.status.loads import read_loads
from appliance.store.store import Store


class ReportedLoad:
    """The unit's draw as a simulated plant sees it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._store: Store | None = None

    def power_w(self) -> float:
        """The sum of the reported loads, at least the hibernation power."""
        floor_w = self._settings.energy.hibernate_power_w
        try:
            loads = read_loads(self._open(), tuple(self._settings.camera))
        except StoreError:
            self.close()
            return floor_w
        return max(floor_w, sum(load.power_w for load in loads))

    def close(self) -> None:
        if self._store:
            self._store.close()
            self._store = None

    def _open(self) -> Store:
        if self._store and self._store.is_replaced():
            self.close()
        if self._store is None:
            self._store = Store(self._settings.database, self._clock)
        return self._store
