"""A unit to be tested: PID 1 is a script, rows of the power service follow the load it switches.

The battery has a resistance; the load draws; a reading has noise, comes every 2 s, and may have the
wrong sign.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from appliance.model import (
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    PowerReading,
)
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.store.tables import POWER
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.scene import Scene, World
from provisioning.commissioning.findings import Finding, Verdict
from provisioning.commissioning.unit import Unit
from tests.stand_ins.fakes import FakeClock

NOON = datetime(2026, 6, 21, 10, 0, tzinfo=UTC)
NIGHT = datetime(2026, 6, 21, 22, 0, tzinfo=UTC)
SETTINGS = """
[unit]
name = "box"
data_dir = "{at}/data"
run_dir = "{at}/run"
[host]
systemctl = "{at}/systemctl"
[update]
dir = "{at}/update"
[charger.sun]
[switch.lamp]
path = "{at}/lamp"
idle_w = 24
"""
PID1 = """#!/bin/sh
echo "$@" >> {at}/orders
case "$1 $2 $3" in
"show --property ActiveState") cat {at}/state ;;
"show --property RuntimeWatchdogUSec") echo RuntimeWatchdogUSec=30s ;;
"--no-block start appliance-switch@lamp") echo ActiveState=active > {at}/state ;;
"--no-block stop appliance-switch@lamp") echo ActiveState=inactive > {at}/state ;;
esac
"""
POLL_S, OHM, LOAD_A, IDLE_A, OPEN_V = 2.0, 0.05, 2.0, 0.5, 13.3
NOISE = (0.0, 0.01, -0.01, 0.005, -0.005)


@dataclass
class TestedUnit(FakeClock):
    """`at`: its directory. `sign` -1: its current is measured the wrong way round. `reading`: what
    differs from a usual one. It is the unit's clock too: as time passes, the battery is polled.
    """

    __test__ = False
    at: Path
    utc: datetime = NOON
    sign: float = 1.0
    load_a: float = LOAD_A
    reading: dict[str, Any] = field(default_factory=dict)
    more: str = ""
    uptime_s: float = 1000.0
    boot: int = 1
    synchronized: bool = True

    def __post_init__(self) -> None:
        (self.at / "unit.toml").write_text(SETTINGS.format(at=self.at) + self.more)
        (self.at / "systemctl").write_text(PID1.format(at=self.at))
        (self.at / "systemctl").chmod(0o755)
        self.switch(on=True)
        self.unit = Unit(self.at / "unit.toml", self, "Ada")
        self.database = self.unit.settings().database
        prepare_database(self.database)
        self._next_s = 0.0
        self.poll()

    def switch(self, *, on: bool) -> None:
        """As a person does at the relay."""
        (self.at / "state").write_text(f"ActiveState={'active' if on else 'inactive'}\n")

    def is_on(self) -> bool:
        return "=active" in (self.at / "state").read_text()

    def orders(self) -> list[str]:
        """What PID 1 was ordered."""
        return [
            line.removeprefix("--no-block ")
            for line in (self.at / "orders").read_text().splitlines()
            if line.startswith("--no-block")
        ]

    def wait(self, seconds: float, stop: Event) -> bool:
        self.advance(seconds)
        if self.uptime_s >= self._next_s:
            self.poll()
        return stop.is_set()

    def poll(self) -> None:
        """The rows of one poll."""
        self._next_s = self.uptime_s + POLL_S
        noise = NOISE[int(self.uptime_s / POLL_S) % len(NOISE)]
        draws_a = IDLE_A + (self.load_a if self.is_on() else 0.0) + noise
        volts = OPEN_V - OHM * draws_a
        row = PowerReading(
            self.stamp(),
            "sun",
            pv_power_w=120.0,
            pv_voltage_v=34.0,
            battery_voltage_v=volts,
            battery_current_a=-self.sign * draws_a,
            battery_temperature_c=20.0,
            load_power_w=draws_a * volts,
            charge_stage=ChargeStage.BULK,
            yield_today_wh=100.0,
        )
        state = BatteryState(
            self.stamp(), 70.0, 5.0, 1700.0, 2560.0, None, charge_blocked=False, method="counted"
        )
        self.add(replace(row, **self.reading), state)

    def add(self, *rows: Any, writer: str = POWER) -> None:
        """Rows as a service writes them."""
        store = Store(self.database, self, writer)
        store.add(*rows)
        store.close()

    def look(self, world: World | None = None, **wishes: Any) -> Scene:
        """What checks look at."""
        store = Store(self.database, self)
        settings = self.unit.settings()
        return Scene(self.unit, settings, store, world or World(self.at / "system"), wishes)


def make_budget(unit: TestedUnit, level: EnergyLevel) -> EnergyBudget:
    """Of now, for an hour."""
    until = unit.utc + timedelta(hours=1)
    return EnergyBudget(unit.stamp(), level, 10.0, until, 100.0, say("enough"))


def see(finding: Finding, verdict: Verdict, words: str) -> None:
    """That a check ended so, with these words in its reason."""
    assert finding.verdict is verdict, finding
    assert words in finding.reason
