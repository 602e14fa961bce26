"""What was learned of a part, forgotten because another one stands in its place.

    forget_battery(settings, clock)             # the power service is stopped meanwhile
    forget_charger(settings, clock, "main")

Reads: the last BatteryState. Writes: BatteryState, BatteryAge, rows of the devices; on the disk
when it returns. What only the power service's memory held goes with its restart: wires between
controller and battery, evidence of the current's sign, the drift, the balance of the charge.
Never: deletes what was measured, learned of the panels, or counted in Wh: these go on.
"""

from contextlib import closing
from dataclasses import replace

from appliance.clock import Clock
from appliance.model import BatteryState
from appliance.settings import Settings
from appliance.store.device_rows import forget_devices
from appliance.store.store import Store
from power.battery.ageing import begin_age
from power.battery.estimator import report_unknown

WRITER = "power"


def forget_battery(settings: Settings, clock: Clock) -> None:
    """Charge, capacity, resistance, what has flowed, and what its BMSs said of themselves. Nothing
    where there is no database yet. Raises `StoreError`.
    """
    if not settings.database.exists():
        return
    now = clock.stamp()
    with closing(Store(settings.database, clock, writer=WRITER)) as store:
        store.add(report_unknown(settings.battery, now), begin_age(now))
        forget_devices(store, [f"bms {name}" for name in settings.bms])


def forget_charger(settings: Settings, clock: Clock, name: str) -> None:
    """The resistance up to where it measured, what it was set to and how it answered. The charge
    stays, as of the moment of which it is known. Raises `StoreError`.
    """
    if not settings.database.exists():
        return
    with closing(Store(settings.database, clock, writer=WRITER)) as store:
        last = store.last(BatteryState)
        if last is not None and last.resistance_ohm is not None:
            store.add(replace(last, resistance_ohm=None))
        forget_devices(store, [f"charger {name}"])
