"""A unit that has worked for months: what it has learned, and the rows that a power service writes.

unit = make_worked_unit(tmp_path)
measure(unit, volts=13.2)
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from appliance.clock import SystemClock
from appliance.model import BatteryAge, BatteryState, EnergyTotal, PowerReading, SolarDay
from appliance.model_set_points import DeviceState, SetPoints
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit

SETTINGS = """
[battery]
chemistry = "lfp"
nominal_voltage_v = 12.8
capacity_wh = 2560

[charger.main]
model = "epever-tracer"
port = "/dev/appliance/charger"

[bms.main]
model = "jbd"
port = "/dev/appliance/bms"
"""
LEARNED_AH, LEARNED_OHM = 171.0, 0.031


def make_worked_unit(tmp_path: Path) -> Unit:
    """With a battery of which the capacity and the resistance are learned."""
    unit = make_unit(tmp_path, text=SETTINGS)
    database = unit.settings().database
    if not database.exists():
        database.parent.mkdir(exist_ok=True)
        prepare_database(database)
        now = SystemClock().stamp()
        age = BatteryAge(now, now.utc, 900.0, 880.0, 3600.0, capacity_ah=LEARNED_AH)
        state = BatteryState(
            now, 71.0, 2.0, 1800.0, 2560.0, None, charge_blocked=False, method="counted"
        )
        add(
            unit,
            replace(age, capacity_sigma_ah=4.0, capacity_at=now.utc),
            replace(state, full_at=now.utc, resistance_ohm=LEARNED_OHM),
            EnergyTotal(now, "pv", 123_456.0),
            *(SetPoints(now, device=one, model=one) for one in ("charger main", "bms main")),
        )
        plan(unit, SolarDay(now, now.utc, 500.0, 700.0, {"12": 0.9}, None, None))
        answer(unit, "charger main")
        measure(unit)
    return unit


def add(unit: Unit, *rows: Any, writer: str = "power") -> None:
    with closing(Store(unit.settings().database, SystemClock(), writer=writer)) as store:
        store.add(*rows)


def plan(unit: Unit, *rows: Any) -> None:
    add(unit, *rows, writer="plan")


def measure(unit: Unit, volts: float | None = 13.2) -> None:
    """A poll of now."""
    now = SystemClock().stamp()
    add(unit, PowerReading(now, "charger main", 80.0, 18.0, volts, 2.0, None, 20.0, None, 300.0))


@contextmanager
def measuring(unit: Unit) -> Iterator[None]:
    """A power service that measures all the time."""
    ended = Event()

    def go_on() -> None:
        while not ended.wait(0.2):
            measure(unit)

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def answer(unit: Unit, title: str, model: str = "epever-tracer", **words: str) -> None:
    """How a device answers now."""
    now = SystemClock().stamp()
    figures = {"battery_voltage_v": 13.2}
    add(
        unit,
        DeviceState(now, title, model, 9, 0, measured_at=now.utc, figures=figures, words=words),
    )


def read(unit: Unit, kind: type[Any]) -> Any:
    """The newest row."""
    with closing(Store(unit.settings().database, SystemClock())) as store:
        return store.last(kind)


def list_rows(unit: Unit, kind: type[Any]) -> list[Any]:
    with closing(Store(unit.settings().database, SystemClock())) as store:
        return store.rows(kind)
