"""Which unit runs at which level, and the actuator that orders it from PID 1.

Reads and writes: orders to PID 1 (appliance/process/host.py), nothing else.
Never: orders twice what is already ordered, waits for PID 1, or lets one refused order hold up
another.

The shed order: the first is stopped first and started last.

    what                                     unit                            runs from
    GPU hosts, the last named first          appliance-switch@NAME           its own level, if the
                                                                             power pays (hosts)
    analytics                                appliance-inference             ECO
    cameras' own alarms, if any              appliance-hints                 as their cameras
    cameras, extra ones first                appliance-camera@NAME, or       its own level
                                             appliance-cameras@LEVEL
    frame rate                               (inside inference and cameras, by the budget)
    supplies, link, display, the last        appliance-switch@NAME           its own level
    named first
    the computer                             (sleep and power-off)

Switches of second sources (a generator) and heaters stand among the others, but more than the level
decides about them: power/act/sources.py, power/act/heaters.py.

Switched supplies stand below the cameras: what feeds a camera goes off after it and on before it.

Beside these, power modes and limits are set for a level, not started and stopped. They go down
before anything else does, and up after everything else has. At HIBERNATE and OFF they are left:
nothing runs that they could limit, and a mode may take a restart, for which there is no energy.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from appliance.errors import ApplianceError, HostError
from appliance.model import EnergyLevel, Stamp
from appliance.process.host import Order
from appliance.process.units import list_camera_units
from appliance.settings import Settings
from power.act.gpu_hosts import Hosts, choose
from power.act.load_check import LoadCheck

INFERENCE = "appliance-inference"
HINTS = "appliance-hints"
POWER_OFF = "poweroff"  # beside units, among what PID 1 did not take
NEVER = Stamp(datetime(1970, 1, 1, tzinfo=UTC), "", 0.0)
PLAIN = re.compile(r"[A-Za-z0-9:_.]")  # what systemd leaves in an escaped name


class HostOrders(Protocol):
    """What the actuator needs of appliance.process.host.Host; each call returns at once."""

    def start(self, *units: str) -> Order:
        """Order PID 1 to start the units, in this order."""

    def restart(self, *units: str) -> Order:
        """Order PID 1 to run the units once more."""

    def stop(self, *units: str) -> Order:
        """Order PID 1 to stop the units, in this order."""

    def power_off(self) -> Order:
        """Order a clean shutdown."""

    def show(self, properties: str, *units: str) -> Order:
        """Ask for properties of units."""


@dataclass(frozen=True, slots=True)
class Load:
    """One unit and the least level that it needs; `host` names the GPU host that it switches,
    `decided` a switch of which more than the level decides: of a second source, or a heater.
    """

    unit: str
    lowest: EnergyLevel
    host: str | None = None
    decided: str | None = None


def list_loads(settings: Settings) -> tuple[Load, ...]:
    """All loads of this site in shed order (see the top of this file)."""
    switches = [
        Load(
            f"appliance-switch@{name}",
            switch.runs_from,
            host=name if switch.is_host else None,
            decided=name if name in settings.decided_switches else None,
        )
        for name, switch in reversed(list(settings.switch.items()))
    ]
    cameras = [Load(unit, lowest) for unit, lowest in list_camera_units(settings.camera).items()]
    return (
        *(load for load in switches if load.host is not None),
        Load(INFERENCE, EnergyLevel.ECO),
        *list_hints(settings),
        *sorted(cameras, key=lambda load: -load.lowest),
        *(load for load in switches if load.host is None),
    )


def list_hints(settings: Settings) -> tuple[Load, ...]:
    """The service that receives the cameras' own alarms, where a camera has any."""
    levels = [camera.runs_from for camera in settings.camera.values() if camera.onvif]
    return (Load(HINTS, min(levels)),) if levels else ()


def list_modes(settings: Settings, level: EnergyLevel) -> tuple[str, ...]:
    """The units that set power mode and limit for `level`; none where the settings name none."""
    if level < EnergyLevel.SENTINEL:
        return ()
    full = level == EnergyLevel.FULL
    limit_w = settings.gpu.full_limit_w if full else settings.gpu.eco_limit_w
    mode = settings.jetson.full_mode if full else settings.jetson.eco_mode
    found = []
    if limit_w:
        found.append(f"appliance-gpu-limit@{limit_w:.10g}")
    if mode:
        found.append(f"appliance-jetson-mode@{escape(mode)}")
    return tuple(found)


def escape(text: str) -> str:
    """`text` as an instance name, the way systemd-escape writes it (man systemd.unit)."""
    return "".join(
        "-" if char == "/" else char if is_plain(char, first=not at) else escape_char(char)
        for at, char in enumerate(text)
    )


def is_plain(char: str, *, first: bool) -> bool:
    """Whether systemd leaves `char` in a name as it is."""
    return PLAIN.fullmatch(char) is not None and not (first and char == ".")


def escape_char(char: str) -> str:
    """`char` as the bytes of its UTF-8 form, in hexadecimal."""
    return "".join(f"\\x{byte:02x}" for byte in char.encode())


@dataclass(frozen=True, slots=True)
class GivenOrder:
    """An order on its way, and the units that it starts (`run`) or stops."""

    order: Order
    units: tuple[str, ...]
    run: bool


class Actuator:
    """Turns a level into start and stop orders, and remembers what it has ordered.

    actuator = Actuator(host, settings)
    faults = actuator.apply(EnergyLevel.ECO)

    All stops of a call are one order, all starts another, and none is waited for: whether PID 1
    took them is seen in later calls. What it did not take is ordered again, unit by unit where it
    refused, so that one unit that it does not know holds up no other.
    """

    def __init__(
        self, host: HostOrders, settings: Settings, check: LoadCheck | None = None
    ) -> None:
        self._host = host
        self._settings = settings
        self._loads = list_loads(settings)
        self._check = check or LoadCheck(host, settings)
        self._hosts: Hosts | None = None
        self._ordered: dict[str, bool] = {}
        self._given: list[GivenOrder] = []
        self._failures: dict[str, HostError] = {}
        self._alone: set[str] = set()
        self._modes: set[str] = set()
        self._off_order: Order | None = None

    def apply(
        self,
        level: EnergyLevel,
        *,
        may_power_off: Callable[[], bool] = lambda: False,
        power_w: float | None = None,
        now: Stamp | None = None,
        decided: Mapping[str, bool] | None = None,
        off: Collection[str] = (),
    ) -> list[ApplianceError]:
        """Order what changed; returns what was refused, and the loads that are not as ordered. Both
        are tried again in the next calls.

        `may_power_off`: asked once the loads have their orders, since it may take seconds.
        `power_w`: what the loads may draw together; it is for GPU hosts alone. `decided`: what the
        switches of second sources, heaters and events are ordered to; those left out are off.
        `off`: switches that are off for a moment, whatever their level.
        """
        now = now or NEVER
        self._hosts = choose(self._hosts, self._settings, level, power_w, now.uptime_s)
        self._review()
        wanted = {load.unit: self._may_run(load, level, decided or {}) for load in self._loads}
        wanted |= {f"appliance-switch@{name}": False for name in off}
        if level != EnergyLevel.FULL:
            self._set_modes(level)
        self._order([unit for unit, runs in wanted.items() if not runs], run=False)
        self._order([unit for unit, runs in reversed(wanted.items()) if runs], run=True)
        if level == EnergyLevel.FULL:
            self._set_modes(level)
        self._power_off(wanted=may_power_off())
        self._review()
        for unit in self._check.check(wanted, now):
            self._ordered.pop(unit, None)
        return self._list_faults()

    def list_ordered(self) -> dict[str, bool]:
        """Which units were ordered to run, and which not; an order that was refused is missing."""
        return dict(self._ordered)

    def stop_switches(self, names: Sequence[str]) -> None:
        """Order these switches off and wait for that, at the end of the service. Raises
        `HostError`.
        """
        if names:
            self._host.stop(*(f"appliance-switch@{name}" for name in names)).wait()

    def forget_orders(self) -> None:
        """Order everything anew: loads leave on their own when no budget reaches them."""
        self._ordered.clear()
        self._modes.clear()

    def _may_run(self, load: Load, level: EnergyLevel, decided: Mapping[str, bool]) -> bool:
        if load.decided is not None:
            return decided.get(load.decided, False)
        if load.host is not None and self._hosts is not None:
            return self._hosts[load.host].on
        return level >= load.lowest

    def _set_modes(self, level: EnergyLevel) -> None:
        """Order the modes of this level that were not the last ones ordered."""
        for unit in list_modes(self._settings, level):
            if unit not in self._modes:
                kind = unit.partition("@")[0]
                self._modes = {one for one in self._modes if one.partition("@")[0] != kind}
                self._modes.add(unit)
                self._give((unit,), run=True)

    def _order(self, units: Sequence[str], *, run: bool) -> None:
        """Give one order for all units that do not have it, and one for each that was refused."""
        new = [unit for unit in units if self._ordered.get(unit) is not run]
        together = tuple(unit for unit in new if unit not in self._alone)
        if together:
            self._give(together, run=run)
        for unit in new:
            if unit in self._alone:
                self._give((unit,), run=run)
        self._ordered |= dict.fromkeys(new, run)

    def _give(self, units: tuple[str, ...], *, run: bool) -> None:
        self._cancel_opposite(set(units), run=run)
        order = (self._host.start if run else self._host.stop)(*units)
        self._given.append(GivenOrder(order, units, run))
        self._check.ask_soon()

    def _cancel_opposite(self, units: set[str], *, run: bool) -> None:
        """An order that hangs must not come true after its opposite; other units get it anew."""
        for given in self._given:
            if given.run is not run and units & set(given.units) and not given.order.is_over():
                given.order.cancel()
                for unit in set(given.units) - units:
                    self._ordered.pop(unit, None)

    def _review(self) -> None:
        """See what became of the orders; what was not taken is forgotten, and so given again."""
        over = [given for given in self._given if given.order.is_over()]
        self._given = [given for given in self._given if given not in over]
        for given in over:
            for unit in given.units:
                self._failures.pop(unit, None)
                self._alone.discard(unit)
                if given.order.error is not None:
                    self._note_failure(unit, given, given.order.error)

    def _note_failure(self, unit: str, given: GivenOrder, error: HostError) -> None:
        self._failures[unit] = error
        self._modes.discard(unit)
        if given.order.refused:
            self._alone.add(unit)
        if self._ordered.get(unit) is given.run:
            del self._ordered[unit]

    def _power_off(self, *, wanted: bool) -> None:
        if not wanted or not self._settings.host.may_power_off:
            self._off_order = None
            self._failures.pop(POWER_OFF, None)
            return
        self._review_power_off()
        if self._off_order is None:
            self._off_order = self._host.power_off()
            self._review_power_off()

    def _review_power_off(self) -> None:
        """An order that was not taken is given again in the next call."""
        order = self._off_order
        if order is None or not order.is_over():
            return
        self._failures.pop(POWER_OFF, None)
        if order.error is not None:
            self._failures[POWER_OFF], self._off_order = order.error, None

    def _list_faults(self) -> list[ApplianceError]:
        refusals = list(dict.fromkeys(self._failures.values()))
        unknown = [self._check.failure] if self._check.failure and not refusals else []
        return [*refusals, *unknown, *self._check.wrong]
